# SPDX-License-Identifier: MIT
"""plot_results.py: reads what io/FORMAT.md says, draws the numbers that merit prints."""

import csv
import io
import os
import subprocess

import h5py
import matplotlib.figure  # noqa: F401, loaded for the forks of run()
import numpy as np
import pytest
from scripting import DATA, SCRIPTS, run

TERMS = ["(Intercept)", "age", "sexfemale"]
COLUMNS = TERMS + ["sd__(Intercept)", "sd__Observation"]
STATUS = ["ok", "boundary", "not_converged", "collinear", "degenerate"]
FORMULA = "y ~ age + sex + (1 | school)"


@pytest.fixture(autouse=True)
def modules(monkeypatch):
    """The script's modules can be imported."""
    monkeypatch.syspath_prepend(str(SCRIPTS))


def write_result(path, replicates=400, num_groups=7, status=None, uncommitted=(), job=(),
                 root=(), snapshot="/nowhere/study.h5"):
    """A result file by io/FORMAT.md, in blocks of 100; replicates None: of merit fit."""
    rng = np.random.default_rng(1)
    text = h5py.string_dtype("utf-8")
    estimate = np.array([2.0, 0.5, -0.25])
    with h5py.File(path, "w") as file:
        file.attrs.update({"format": "merit-result", "format_version": 1, "complete": 1,
                           "command": "bootstrap", **dict(root)})
        file.create_group("job").attrs.update(
            {"formula": FORMULA, "where": "", "method": "reml", "type": "parametric",
             "family": "gaussian", "digest": "00ff", "seed": "7", **dict(job)})
        file.create_group("provenance").attrs.update({"version": "0.1.0", "snapshot": snapshot})
        fit = file.create_group("fit")
        fit.attrs.update({"tau": 0.3, "sigma": 1.0, "group": "school", "nobs": 70})
        fit.create_dataset("term", data=TERMS, dtype=text)
        fit["estimate"], fit["std_error"] = estimate, np.array([0.2, 0.1, 0.3])
        groups = fit.create_group("groups")
        groups.create_dataset("level", data=[f"s{j}" for j in range(num_groups)], dtype=text)
        groups["size"] = np.full(num_groups, 10)
        groups["mode"] = rng.normal(size=num_groups)
        groups["conditional_sd"] = np.full(num_groups, 0.1)
        if replicates is None:
            return path
        rows = rng.normal(np.append(estimate, [0.3, 1.0]), 0.05, size=(replicates, 5))
        status = np.zeros(replicates, np.uint8) if status is None else np.asarray(status, np.uint8)
        rows[status == 1, 3] = 0.0
        rows[status > 1] = np.nan
        committed = np.ones(-(-replicates // 100), np.uint8)
        for block in uncommitted:
            committed[block] = 0
            rows[100 * block:100 * (block + 1)] = 1e300  # undefined
        group = file.create_group("replicates")
        group.attrs["block_rows"] = 100
        group["estimate"], group["status"], group["committed"] = rows, status, committed
        group["estimate"].attrs.create("columns", COLUMNS, dtype=text)
        group["status"].attrs.create("codes", STATUS, dtype=text)
    return path


# --- What is read and computed -------------------------------------------------------------

def test_failed_and_unfinished_replicates_are_left_out_and_counted(tmp_path):
    from result_reader import read_result
    status = [0] * 390 + [1] * 4 + [2] * 1 + [3] * 5
    found = read_result(write_result(tmp_path / "r.h5", status=status, uncommitted=[1])).replicates
    assert found.column == COLUMNS
    assert found.num_planned == 400 and found.num_done == 300 and found.num_boundary == 4
    assert found.failed == {"not_converged": 1, "collinear": 5}
    assert found.estimate.shape == (294, 5) and np.abs(found.estimate).max() < 10
    assert (found.estimate[:, 3] == 0).sum() == 4


def test_the_last_block_may_be_short(tmp_path):
    from result_reader import read_result
    found = read_result(write_result(tmp_path / "r.h5", replicates=250)).replicates
    assert found.num_done == 250 and len(found.estimate) == 250


def test_percentile_interval_where_no_interpolation_is_needed():
    # (R+1) q = 999 + 1 times 0.025 and 0.975: the 25th and the 975th of 1 … 999.
    from plot_panels import percentile_interval
    values = np.random.default_rng(1).permutation(np.arange(1.0, 1000.0))
    assert percentile_interval(values, 0.95) == pytest.approx((25.0, 975.0), rel=1e-14)


def test_percentile_interval_of_boot_ci():
    # R 4.2.2, boot 1.3-28.1: boot:::perc.ci((1:100)^2, 0.95), columns 4 and 5.
    from plot_panels import percentile_interval
    assert percentile_interval(np.arange(1.0, 101.0) ** 2, 0.95) == pytest.approx(
        (6.8345086965309605, 9689.3203573566807), rel=1e-12)


def test_density_keeps_the_share_of_what_is_not_drawn():
    from plot_panels import histograms
    edges, (density,) = histograms([np.array([1.0, 1.5, 1.9, 5.0])], 1.0, 2.0)
    assert (density * np.diff(edges)).sum() == pytest.approx(0.75)


@pytest.mark.parametrize("column, formula, unit", [
    ("age", FORMULA, "y per unit of age"),
    ("sexfemale", FORMULA, "y, female against reference"),
    ("factor(wave)2019", "y ~ factor(wave) + (1 | g)", "y, 2019 against reference"),
    ("agegroupold", "y ~ age + agegroup + (1 | g)", "y, old against reference"),
    ("age:sexfemale", "y ~ age * sex + (1 | g)", "y per unit of the term"),
    ("I(x - gmean(x))", "log(y) ~ I(x - gmean(x)) + (1 | g)", "log(y) per unit of I(x - gmean(x))"),
    ("(Intercept)", FORMULA, "y where all covariates are 0"),
    ("sd__(Intercept)", FORMULA, "y, SD between groups"),
    ("sd__Observation", FORMULA, "y, SD within groups"),
    ("age", "a_response_with_a_long_name ~ age + (1 | g)", "response per unit of age")])
def test_units(column, formula, unit):
    from plot_labels import unit_of
    assert unit_of(column, formula) == unit


# --- The picture ---------------------------------------------------------------------------

def texts(path):
    """The words of an .svg: matplotlib writes each as a comment beside its glyphs."""
    return [line.strip()[5:-4] for line in path.read_text(encoding="utf-8").splitlines()
            if line.strip().startswith("<!-- ")]


def test_words_in_the_picture(tmp_path):
    status = [0] * 380 + [1] * 15 + [3] * 5
    with h5py.File(tmp_path / "study.h5", "w") as file:
        file.attrs["title"] = "Synthetic study"
    one = write_result(tmp_path / "one.h5", status=status, job={"where": "wave == 2019"},
                       snapshot="/elsewhere/study.h5")  # moved: found beside the result
    run("plot_results.py", one, "--output", tmp_path / "f.svg")
    words = texts(tmp_path / "f.svg")
    for panel in COLUMNS + ["school"]:
        assert panel in words
    said = "\n".join(words).replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
    for text in (FORMULA, "400 replicates, seed 7", "5 failed: collinear",
                 "15 on the boundary", "n = 70 in J = 7 groups of school", "wave == 2019",
                 "by REML with merit 0.1.0", "3.8% at 0", "parametric bootstrap"):
        assert text in said, text
    assert "Synthetic data" in words
    assert {f"s{j}" for j in range(7)} <= set(words)


def test_data_that_nobody_calls_synthetic_are_not_called_so(tmp_path):
    run("plot_results.py", write_result(tmp_path / "one.h5"), "--output", tmp_path / "f.svg")
    assert "Synthetic data" not in texts(tmp_path / "f.svg")


def test_two_bootstraps_in_one_picture(tmp_path):
    one = write_result(tmp_path / "one.h5")
    two = write_result(tmp_path / "two.h5", replicates=150,
                       job={"type": "cases", "resample": "groups"})
    run("plot_results.py", one, two, "--output", tmp_path / "f.svg")
    words = texts(tmp_path / "f.svg")
    assert "parametric bootstrap" in words and "cases bootstrap of groups" in words


@pytest.mark.parametrize("kind, begins", [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_formats_without_a_screen_and_the_same_bytes_again(tmp_path, kind, begins):
    headless = {name: value for name, value in os.environ.items()
                if name not in ("DISPLAY", "MPLBACKEND")}
    path = tmp_path / f"one.{kind}"
    one = write_result(tmp_path / "one.h5")
    assert run("plot_results.py", one, "--output", path, env=headless).stdout == f"{path}\n"
    first = path.read_bytes()
    run("plot_results.py", one, "--output", path, "--overwrite", env=headless)
    assert first.startswith(begins) and path.read_bytes() == first


def test_default_output_is_beside_the_result(tmp_path):
    run("plot_results.py", write_result(tmp_path / "one.h5"))
    assert (tmp_path / "one.png").exists()


@pytest.mark.parametrize("case", [
    {"replicates": None}, {"replicates": 1}, {"num_groups": 2}, {"num_groups": 2000},
    {"status": [1] * 400}, {"uncommitted": [0, 1, 2]},
    {"job": {"where": r"price == '$5\x' | price == '$6'"}}])
def test_odd_results_can_be_drawn(tmp_path, case):
    run("plot_results.py", write_result(tmp_path / "one.h5", **case))


# --- Errors --------------------------------------------------------------------------------

def test_missing_file(tmp_path):
    run("plot_results.py", tmp_path / "none.h5", code=66, says="none.h5: no such file")
    run("plot_results.py", tmp_path, code=66, says="is a folder")


def test_not_a_result_file(tmp_path):
    run("plot_results.py", DATA / "rail.csv", "--output", tmp_path / "f.png", code=65,
        says="rail.csv: is not an HDF5 file")
    path = write_result(tmp_path / "snapshot.h5", root={"format": "merit-snapshot"})
    run("plot_results.py", path, code=65, says="its attribute format is 'merit-snapshot'")
    path = write_result(tmp_path / "later.h5", root={"format_version": 3})
    run("plot_results.py", path, code=65, says="format version 3")
    assert not list(tmp_path.glob("*.png"))


def test_damaged_result_file(tmp_path):
    path = write_result(tmp_path / "cut.h5")
    os.truncate(path, path.stat().st_size // 2)
    run("plot_results.py", path, code=65, says="cut.h5: is damaged or truncated")
    path = write_result(tmp_path / "lacking.h5")
    with h5py.File(path, "a") as file:
        del file["fit/groups/mode"]
    run("plot_results.py", path, code=65, says="lacking.h5: lacks what a result file holds")
    with h5py.File(write_result(path), "a") as file:
        del file["replicates/committed"]
        file["replicates/committed"] = [1, 1]
    run("plot_results.py", path, code=65, says="a mark in replicates/committed for every block")


def test_nothing_to_draw(tmp_path):
    path = write_result(tmp_path / "failed.h5", status=[3] * 400)
    run("plot_results.py", path, code=65, says="all of them failed (collinear 400)")
    path = write_result(tmp_path / "begun.h5", replicates=100, uncommitted=[0])
    run("plot_results.py", path, code=65, says="0 of 100 are done")


def test_different_models_are_not_drawn_over_each_other(tmp_path):
    one = write_result(tmp_path / "one.h5")
    other = write_result(tmp_path / "other.h5", job={"where": "wave == 2017"})
    run("plot_results.py", one, other, code=65, says="where is 'wave == 2017', not ''")
    fit = write_result(tmp_path / "fit.h5", replicates=None)
    run("plot_results.py", one, fit, code=65, says="fit.h5: has no replicates")


def test_usage(tmp_path):
    one = write_result(tmp_path / "one.h5")
    for options, says in ((["--output", "f.jpg"], "must end in .png, .pdf or .svg"),
                          (["--output", "figure"], "must end in"),
                          (["--level", "95"], "must be between 0 and 1"),
                          (["--dpi", "1"], "must be from 30 to 1200"),
                          ([one] * 4, "at most 4")):
        run("plot_results.py", one, *options, code=64, says=says)
    run("plot_results.py", one)
    run("plot_results.py", one, code=64, says="one.png: exists; --overwrite replaces it")
    run("plot_results.py", one, "--output", tmp_path / "no" / "f.png", code=74, says="no folder")


# --- With merit itself ---------------------------------------------------------------------

@pytest.mark.skipif("MERIT" not in os.environ, reason="MERIT=path of the program is not set")
def test_intervals_are_those_that_merit_prints(tmp_path):
    from plot_panels import percentile_interval, wald_interval
    from result_reader import read_result
    snapshot, result = tmp_path / "dyestuff.h5", tmp_path / "result.h5"
    run("make_snapshot.py", DATA / "dyestuff.csv", snapshot)

    def merit(*arguments):
        out = subprocess.run([os.environ["MERIT"], *map(str, arguments), "--format", "csv"],
                             check=True, capture_output=True, text=True).stdout
        return {row["term"]: row for row in csv.DictReader(io.StringIO(out))}

    formula = "Yield ~ 1 + (1 | Batch)"
    fitted = merit("fit", snapshot, formula)["(Intercept)"]
    printed = merit("bootstrap", snapshot, formula, "--replicates", 2000, "--output", result)
    found = read_result(str(result))
    for column, values in zip(found.replicates.column, found.replicates.estimate.T):
        row = printed[column]
        assert found.fit.of(column)[0] == float(row["estimate"])
        assert percentile_interval(values, 0.95) == pytest.approx(
            (float(row["conf.low"]), float(row["conf.high"])), rel=1e-13, abs=1e-13)
    assert wald_interval(*found.fit.of("(Intercept)"), 0.95) == pytest.approx(
        (float(fitted["conf.low"]), float(fitted["conf.high"])), rel=1e-13)
    assert found.replicates.num_boundary > 0
    run("plot_results.py", result)
