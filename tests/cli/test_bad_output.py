# SPDX-License-Identifier: MIT
"""Outputs that cannot be written: exit code 74, one sentence, nothing half-made left behind."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess

import h5py
import pytest
from program import (IO, MERIT, MPIEXEC, USAGE, check_refusal, contents, merit, merit_json, two_level,
                     write_group)

FIT = ["fit", "study.h5", "y ~ x + (1 | g)"]
# 6 MB of replicates: more than the small disks below hold.
BOOTSTRAP = ["bootstrap", "study.h5", "y ~ x + (1 | g)", "--replicates", "100000",
             "--progress", "none"]
OTHER_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.fixture(name="place")
def fixture_place(tmp_path):
    write_group(tmp_path / "study.h5", two_level(6, 10))
    return tmp_path


def refuse(place, arguments, code, mentions, **options):
    before = contents(place)
    done = merit(*arguments, code=code, cwd=place, **options)
    check_refusal(done, *mentions)
    assert contents(place) == before


def works(*command):
    """Whether a helper program is there and may do what it is asked to."""
    return bool(shutil.which(command[0])) and subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("ranks", [None, 2])
@pytest.mark.parametrize("command", [FIT, BOOTSTRAP], ids=["fit", "bootstrap"])
def test_directory_that_is_not_there(command, ranks, place):
    refuse(place, [*command, "--output", "none/out.h5"], IO, ["none/out.h5", "does not exist"],
           ranks=ranks)


def test_output_that_is_a_directory(place):
    refuse(place, [*FIT, "--output", "."], IO, [".", "is a directory"])


def test_output_below_a_file(place):
    refuse(place, [*FIT, "--output", "study.h5/out.h5"], IO, ["study.h5/out.h5"])


@pytest.mark.parametrize("ranks", [None, 2])
def test_directory_without_write_permission(ranks, place):
    prefix = []
    if os.geteuid() == 0:  # who may write anywhere, unless this right is given up
        if not works(*OTHER_RIGHTS, "true"):
            pytest.skip("root here cannot give up the right to write anywhere (setpriv)")
        prefix = OTHER_RIGHTS
    locked = place / "locked"
    locked.mkdir(mode=0o555)
    try:
        refuse(place, [*BOOTSTRAP, "--output", "locked/out.h5"], IO,
               ["locked", "Permission denied"], prefix=prefix, ranks=ranks)
    finally:
        locked.chmod(0o755)


@pytest.mark.parametrize("ranks", [None, 2])
@pytest.mark.parametrize("command", [BOOTSTRAP, [*BOOTSTRAP, "--type", "cases"]],
                         ids=["parametric", "cases"])
def test_full_disk(command, ranks, place):
    """A file system of 64 kB, mounted for one process and gone with it."""
    if not works(*OWN_MOUNTS, "mount", "-t", "tmpfs", "tmpfs", "/mnt"):
        pytest.skip("no small file system can be mounted here (unshare --user --mount)")
    (place / "disk").mkdir(exist_ok=True)
    script = ('mount -t tmpfs -o size=64k tmpfs disk && "$@"; code=$?; '
              'ls -A disk > left_behind; exit $code')
    launcher = [] if ranks is None else [MPIEXEC, "-n", str(ranks)]
    done = merit(*command, "--output", "disk/out.h5", code=IO, cwd=place,
                 prefix=[*OWN_MOUNTS, "sh", "-c", script, "sh", *launcher])
    check_refusal(done, "disk/out.h5", "No space left on device", "--output")
    assert (place / "left_behind").read_text() == ""


def test_file_size_limit(place):
    """What a quota or a batch system's limit does, everywhere and without any rights."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
    refuse(place, [*BOOTSTRAP, "--output", "out.h5"], IO, ["out.h5", "File too large"],
           preexec_fn=limit, restore_signals=False)


def test_more_replicates_than_any_disk_holds(place):
    refuse(place, [*BOOTSTRAP[:3], "--replicates", "900000000000", "--output", "out.h5"], IO,
           ["out.h5", "no room"])


def test_full_stdout(place):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = merit(*FIT, code=IO, cwd=place, stdout=full)
    assert "merit: cannot write the results to stdout: No space left on device" in done.stderr


def test_full_stdout_keeps_the_replicates(place):
    command = [*BOOTSTRAP, "--output", "out.h5"]
    with open("/dev/full", "w", encoding="ascii") as full:
        merit(*command, code=IO, cwd=place, stdout=full)
    assert sorted(path.name for path in place.iterdir()) == ["out.h5", "study.h5"]
    assert "100,000" in merit("summarize", "out.h5", cwd=place).stdout


def num_committed(path):
    """Blocks of a running job's file that are stored; 0 while it is not there or being made."""
    try:
        with h5py.File(path, "r") as file:
            return int(file["replicates/committed"][:].sum())
    except (OSError, KeyError):
        return 0


@contextlib.contextmanager
def long_job(place):
    """A job of minutes that has stored some replicates; killed, if need be, at the end."""
    command = [MERIT, *BOOTSTRAP[:3], "--replicates", "20000000", "--type", "cases",
               "--resample", "both", "--threads", "1", "--progress", "none", "--output", "out.h5"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as job:
        try:
            while not num_committed(place / "out.h5.parts" / "rank0.h5"):
                assert job.poll() is None
            yield job
            assert job.poll() is None or job.returncode == -signal.SIGKILL
        finally:
            job.kill()


@pytest.mark.parametrize("options", [[], ["--overwrite"]])
def test_output_in_use_by_another_job(options, place):
    """A second job must not touch what a first is writing, whether it may overwrite or not."""
    with long_job(place):
        done = merit(*BOOTSTRAP, "--output", "out.h5", *options, code=IO, cwd=place)
        check_refusal(done, "out.h5", "in use by another job", "process")


def test_what_a_killed_job_leaves(place):
    """Its replicates can be summarised, and are not lost by running it again."""
    with long_job(place) as job:
        job.kill()
        job.wait()
    summary = merit_json("summarize", "out.h5", cwd=place)
    assert 0 < summary["glance"]["replicates"] < 20_000_000
    assert any("partial" in note for note in summary["notes"])
    refuse(place, [*BOOTSTRAP, "--output", "out.h5"], USAGE, ["out.h5.parts", "--overwrite"])
    merit(*BOOTSTRAP, "--output", "out.h5", "--overwrite", cwd=place)
    assert sorted(path.name for path in place.iterdir()) == ["out.h5", "study.h5"]
