# SPDX-License-Identifier: MIT
"""Jobs to interrupt: what they are, how they are run and hurt, what must be true of them
afterwards."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

import h5py
import numpy as np
from program import MERIT, MPIEXEC, two_level, write_group

from h5same import differences

FORMULA = "y ~ x + w + (1 | g)"
STOPPED = 75
# What the bits depend on, but the number of rows.
JOBS = {
    # 20 groups: resampling groups and rows takes a core some 60 µs per replicate.
    "bootstrap": ["bootstrap", "study.h5", FORMULA, "--type", "cases", "--resample", "both",
                  "--replicates"],
    # Chains: a draw is the proposal or the draw before it, and needs some 100 µs. Of one chain,
    # so that a stop at any instant is in its middle.
    "sample": ["sample", "study.h5", "event ~ x + w + (1 | g)", "--family", "binomial", "--chains",
               "1", "--draws"],
}


def write_study(place):
    columns = two_level(20, 25)
    columns["event"] = (columns["y"] > 1).astype(int)
    return write_group(place / "study.h5", columns)


def command(rows, output, *options, ranks=None, threads=1, job="bootstrap"):
    """The command line of a job; everything that its bits depend on is here."""
    words = [MERIT, *JOBS[job], str(rows), "--threads", str(threads), "--output", str(output),
             "--progress", "none", *map(str, options)]
    return words if ranks is None else [MPIEXEC, "-n", str(ranks), *words]


def run(place, *arguments, code=0, env=None, **options):
    """Runs the job to its end."""
    done = subprocess.run(command(*arguments, **options), cwd=place, text=True, timeout=120,
                          capture_output=True, stdin=subprocess.DEVNULL, check=False,
                          errors="backslashreplace",
                          env={**os.environ, **(env or {})})
    assert code in (None, done.returncode), f"exit code {done.returncode}: {done.stderr}"
    return done


def descendants(pid):
    """A process and all below it, as they are now."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            parents[int(entry.name)] = int(stat[1])
    found = [pid]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return found


def parent_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def is_merit(pid):
    return os.readlink(f"/proc/{pid}/exe") == MERIT


def processes_of(pid):
    """Those of them that are merit: ranks, and children in which they examine files."""
    found = []
    for process in descendants(pid):
        with contextlib.suppress(OSError):
            if is_merit(process):
                found.append(process)
    return found


def ranks_of(pid):
    """The ranks alone."""
    found = []
    for process in processes_of(pid):
        with contextlib.suppress(OSError):
            if process == pid or not is_merit(parent_of(process)):
                found.append(process)
    return found


def hurt(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def is_alive(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def outcome(job, seconds=10, ask_again=None):
    """(exit code, stderr) of a job that is about to end. Open MPI's mpirun may wait for ever if
    a rank is killed while all are starting; what counts is that no rank is left then. It also
    forgets a signal to hand on that comes before they run: then `ask_again()` is called."""
    try:
        _, stderr = job.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        left = [pid for pid in processes_of(job.pid) if is_alive(pid)]
        if left and ask_again:
            ask_again()
            return outcome(job, seconds)
        assert not left and job.args[0] == MPIEXEC, f"still there: {left}"
        end(job)
        return None, ""
    return job.returncode, stderr


def end(job):
    """Nothing of a job survives a test."""
    hurt(descendants(job.pid), signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        job.communicate(timeout=10)


@contextlib.contextmanager
def started(place, *arguments, env=None, **options):
    with subprocess.Popen(command(*arguments, **options), cwd=place, text=True, env=env,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as job:
        try:
            yield job
        finally:
            end(job)


def wait_until(condition, seconds=30):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.005)


def rows_of(file):
    """The group of a job's rows in its file."""
    return file["draws" if "draws" in file else "replicates"]


def marks(output):
    """The marks of an unfinished job, or nothing if it has no part yet."""
    try:
        with h5py.File(f"{output}.parts/rank0.h5", "r") as file:
            return rows_of(file)["committed"][:]
    except (FileNotFoundError, OSError, KeyError):
        return np.zeros(0, np.uint8)


def num_replicates(output):
    """(made by each session, planned) of a finished file."""
    with h5py.File(output, "r") as file:
        sessions = file["provenance/sessions"]
        made = sessions["replicates"][:][sessions["started"][:] != b""]
        planned = rows_of(file).attrs
        return list(made), int(planned.get("num_replicates", planned.get("num_draws")))


def same(a, b):
    """Asserts that two result files are equal outside /provenance, and all marks are 1."""
    with h5py.File(a, "r") as one, h5py.File(b, "r") as other:
        found = list(differences(one, other, {"/provenance"}))
        assert not found, found
        assert (rows_of(one)["committed"][:] == 1).all()
