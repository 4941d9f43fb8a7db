# SPDX-License-Identifier: MIT
"""How the tests of the data scripts run them, and read snapshots without their code."""

import io
import os
import pathlib
import runpy
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pandas  # noqa: F401, loaded for the forks of run()
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
DATA = ROOT / "tests" / "data"


def run(script, *arguments, code=0, says="", env=None, before=None):
    """Runs scripts/`script`; checks its exit code and that stderr contains `says`.

    An error must be one line and no traceback. `before` is called in the new process. That is
    a fork of this one, in which pandas is loaded already: a tenth of a second instead of one.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            _run_here(SCRIPTS / script, arguments, env, before, out.fileno(), err.fileno())
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        done = subprocess.CompletedProcess(script, status, out.read(), err.read())
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    if code:
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done


def _run_here(script, arguments, env, before, out, err):
    """The child's part of run(); never returns."""
    status = 70
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(fd, "w", closefd=False),
                                                   encoding="utf-8") for fd in (1, 2))
        sys.argv = [str(script), *map(str, arguments)]
        sys.path.insert(0, str(SCRIPTS))
        if env is not None:
            os.environ.clear()
            os.environ.update(env)
        if before:
            before()
        runpy.run_path(str(script), run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def read(path, table="/data"):
    """{name: values}; categories as a list of text (None: missing)."""
    found = {}
    with h5py.File(path, "r") as file:
        group = file[table]
        assert group.attrs["encoding-type"] == "dataframe"
        assert group.attrs["encoding-version"] == "0.2.0"
        assert len(group[group.attrs["_index"]]) >= 1
        for name in group.attrs["column-order"]:
            item = group[name]
            kind = item.attrs["encoding-type"]
            if kind == "categorical":
                levels = item["categories"].asstr()[:].tolist() + [None]
                found[name] = [levels[code] for code in item["codes"][:]]
            elif kind == "array":
                found[name] = item[:]
            else:
                assert kind in ("nullable-boolean", "nullable-integer")
                found[name] = np.ma.masked_array(item["values"][:], item["mask"][:])
        assert len({len(values) for values in found.values()}) == 1
    return found


def levels(path, name):
    """Levels of a categorical column and whether they are ordered."""
    with h5py.File(path, "r") as file:
        item = file["data"][name]
        return item["categories"].asstr()[:].tolist(), bool(item.attrs["ordered"])


def write(path, text):
    """A text file; returns its path."""
    path.write_text(text, encoding="utf-8")
    return path


def has_sav():
    """Whether SPSS files can be read and written here: R with haven."""
    rscript = shutil.which("Rscript")
    ask = "quit(status = !requireNamespace('haven', quietly = TRUE))"
    return bool(rscript) and not subprocess.run([rscript, "--vanilla", "-e", ask],
                                                capture_output=True).returncode


needs_sav = pytest.mark.skipif(not has_sav(), reason="R's haven (r-cran-haven) is not installed")
no_programs = {**os.environ, "PATH": "/nonexistent"}
