# SPDX-License-Identifier: MIT
"""How the tests run merit, alone and under mpirun, and what they expect of its errors."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
# The data scripts' tests know how to run make_snapshot.py fast; the tools compare files.
sys.path += [str(ROOT / "tests" / "scripts"), str(ROOT / "tests" / "tools")]

if "MERIT" not in os.environ:
    pytest.exit("set MERIT to the program to test, e.g. MERIT=build/dev/merit", returncode=2)
MERIT = str(pathlib.Path(os.environ["MERIT"]).resolve())
MPIEXEC = os.environ.get("MERIT_MPIEXEC") or shutil.which("mpirun")
RSCRIPT = os.environ.get("MERIT_RSCRIPT", shutil.which("Rscript") or "")

# Root in a container, and more ranks than cores, are fine in tests.
for setting in ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                "OMPI_MCA_rmaps_base_oversubscribe"):
    os.environ.setdefault(setting, "1")
os.environ.setdefault("OMPI_MCA_hwloc_base_binding_policy", "none")

USAGE, BAD_DATA, NO_INPUT, IO = 64, 65, 66, 74  # the exit codes of engine/error.hpp

from h5same import differences  # noqa: E402

needs_r = pytest.mark.skipif(not RSCRIPT, reason="no Rscript with rhdf5 (MERIT_RSCRIPT)")


def merit(*arguments, ranks=None, code=0, timeout=60, prefix=(), **popen):
    """Runs merit, under mpirun if `ranks` is given; checks its exit code (None: any).

    prefix  a program that starts merit, with its arguments
    A run that hangs fails after `timeout` seconds.
    """
    command = [*prefix, MERIT, *map(str, arguments)]
    if ranks is not None:
        command = [MPIEXEC, "-n", str(ranks), *command]
        if code in (USAGE, BAD_DATA, NO_INPUT):  # nothing has begun: no need to end it gently
            popen["env"] = {"OMPI_MCA_odls_base_sigkill_timeout": "0",
                            **popen.get("env", os.environ)}
    popen = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen}
    done = subprocess.run(command, text=True, errors="backslashreplace", timeout=timeout,
                          stdin=subprocess.DEVNULL, **popen)
    assert code in (None, done.returncode), f"exit code {done.returncode}: {done.stderr}"
    return done


def merit_json(*arguments, **options):
    """What a command prints with --format json."""
    return json.loads(merit(*arguments, "--format", "json", **options).stdout)


def own_lines(stderr):
    """The lines of stderr less the remark in dashes that Open MPI's mpirun makes itself when
    a program ends with another code than 0."""
    lines, remark = [], False
    for line in stderr.splitlines():
        if line.startswith("-----"):
            remark = not remark
        elif not remark:
            lines.append(line)
    return lines


def check_refusal(done, *mentions):
    """One sentence that says what is wrong (below it perhaps the formula and a caret, both
    indented), no results, no traces of a crash."""
    lines = [line for line in own_lines(done.stderr) if line.strip()]
    assert lines and lines[0].startswith("merit: "), done.stderr
    assert all(line.startswith("  ") for line in lines[1:]), done.stderr
    for mention in mentions:
        assert mention in done.stderr, f"no {mention!r} in: {done.stderr}"
    for noise in ("MPI_ABORT", "MPI_Abort", "PMIX", "Signal", "HDF5-DIAG", "terminate called",
                  "Assertion", "please report"):
        assert noise not in done.stderr
    assert not done.stdout


def contents(directory):
    """{path: bytes} of every file below a directory, and of the directories None."""
    return {path.relative_to(directory): path.read_bytes() if path.is_file() else None
            for path in sorted(pathlib.Path(directory).rglob("*"))}


def two_level(num_groups, rows_per_group, seed=1):
    """Columns of made-up two-level data: y, x, w (varies between groups only), g."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(num_groups), rows_per_group)
    x = rng.standard_normal(g.size)
    w = rng.standard_normal(num_groups)[g]
    y = 1.0 + 0.5 * x - 0.3 * w + 0.7 * rng.standard_normal(num_groups)[g]
    return {"y": y + rng.standard_normal(g.size), "x": x, "w": w, "g": g}


def write_group(path, columns, table="data"):
    """A snapshot that is a plain group of datasets."""
    with h5py.File(path, "a") as file:
        for name, values in columns.items():
            file[f"{table}/{name}"] = values
    return path


def write_compound(path, columns):
    """A snapshot that is a compound dataset, as h5py stores a record array."""
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    rows = np.zeros(len(next(iter(arrays.values()))),
                    dtype=[(name, array.dtype) for name, array in arrays.items()])
    for name, array in arrays.items():
        rows[name] = array
    with h5py.File(path, "w") as file:
        file["data"] = rows
    return path


def make_snapshot(source, path, *options):
    """scripts/make_snapshot.py."""
    from scripting import run
    run("make_snapshot.py", source, path, *options)
    return path


def check_same_bits(run, place):
    """One job's file has the same bits of any ranks and threads, joined from shards, and stopped and resumed.

    run    run(path, *options, **how) makes the job's file at `path`
    """
    def same(name):
        with h5py.File(place / "one.h5") as one, h5py.File(place / name) as other:
            assert not list(differences(one, other, {"/provenance"})), name

    run(place / "one.h5", "--threads", 1)
    run(place / "two.h5", "--threads", 2, ranks=2)
    same("two.h5")
    for shard in (1, 2):
        run(place / f"{shard}.h5", "--shard", f"{shard}/2")
    merit("merge", place / "merged.h5", place / "2.h5", place / "1.h5")
    same("merged.h5")
    run(place / "stopped.h5", "--time-limit", "0.001", code=None)
    run(place / "stopped.h5", "--resume")
    same("stopped.h5")
