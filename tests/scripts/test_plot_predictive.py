# SPDX-License-Identifier: MIT
"""plot_predictive.py draws what merit sample --ppc stores (tests/cli/test_ppc.py)."""

import os
import subprocess

import h5py
import numpy as np
import pytest
from scripting import SCRIPTS, run
from test_plot_simulation import words_of


@pytest.fixture(scope="module", name="results")
def fixture_results(tmp_path_factory):
    """Counts with many zeros, of which one group has none."""
    place = tmp_path_factory.mktemp("predictive")
    group = np.repeat(np.arange(8), 20)
    count = np.where(np.arange(160) % 10 == 0, 20, 0)
    count[group == 3] = 2
    with h5py.File(place / "study.h5", "w") as file:
        file["data/count"], file["data/school"] = count, group
    subprocess.run([os.environ["MERIT"], "sample", place / "study.h5", "count ~ 1 + (1 | school)",
                    "--family", "poisson", "--draws", "200", "--ppc", "--output", place / "a.h5"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return place / "a.h5"


def test_what_is_drawn(results, tmp_path):
    out = tmp_path / "f.svg"
    assert run("plot_predictive.py", results, "--output", out).stdout == f"{out}\n"
    words = words_of(out)
    for word in ("Posterior predictive checks: count ~ 1 + (1 | school)", "mean", "sd", "largest",
                 "share of zeros", "sd of the group means", "P(rep ≥ obs) = 0.000",
                 "means of school: 0 of 8 outside", "0", "7"):
        assert word in words, word
    for name in ("a.png", "b.png"):
        run("plot_predictive.py", results, "--output", tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_what_is_read_and_outside(results, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    from plot_predictive import is_outside, read
    found = read(str(results))
    checks = {name: (check, values) for name, check, values in found["statistics"]}
    with h5py.File(results) as file:
        assert (checks["sd"][1] == file["ppc/draws/sd"][:]).all()
    assert is_outside(checks["prop_zero"][0]) and not is_outside(checks["min"][0])
    assert [level for level, _ in found["groups"]] == [str(level) for level in range(8)]
    assert found["groups"][3][1]["observed"] == 2
    # Nobody is outside for a value that half of the replicates have.
    assert not is_outside({"p_value": 1.0, "p_equal": 0.5})
    assert is_outside({"p_value": 1.0, "p_equal": 0.01})


def test_what_is_refused(results, tmp_path):
    run("plot_predictive.py", tmp_path / "none.h5", code=66, says="none.h5: no such file")
    (tmp_path / "text.h5").write_text("no")
    run("plot_predictive.py", tmp_path / "text.h5", code=66, says="cannot be opened as HDF5")
    run("plot_predictive.py", results.parent / "study.h5", code=65, says="merit sample --ppc")
    run("plot_predictive.py", results, "--output", tmp_path / "f.txt", code=64, says=".png, .pdf or")
