# SPDX-License-Identifier: MIT
"""Others read what merit writes, and merit reads what others write: h5py, pandas, R."""

import io
import json
import re
import subprocess

import h5py
import numpy as np
import pandas as pd
import pytest
from program import (BAD_DATA, DATA, ROOT, RSCRIPT, make_snapshot, merit, merit_json, needs_r,
                     two_level, write_group)

FORMULA = "mathAge11 ~ mathAge8 + gender + class + (1 | school)"
TIDY = ["effect", "group", "level", "term", "estimate", "std.error", "statistic", "df", "p.value",
        "conf.low", "conf.high", "conf.type"]
TIDY_BOOTSTRAP = [*TIDY[:5], "bias", *TIDY[5:], "conf.low.mcse", "conf.high.mcse"]


def rscript(*arguments):
    done = subprocess.run([RSCRIPT, "--vanilla", ROOT / "tests/cli/read_and_write.R", *arguments],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def read_csv(text):
    return pd.read_csv(io.StringIO(text), float_precision="round_trip")


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    """jsp.h5, a snapshot, and boot.h5, 999 replicates of a model for it."""
    place = tmp_path_factory.mktemp("readers")
    make_snapshot(DATA / "jsp728.csv", place / "jsp.h5")
    merit("bootstrap", "jsp.h5", FORMULA, "--replicates", "999", "--output", "boot.h5", cwd=place)
    return place


def summary(place, *options):
    return merit("summarize", "boot.h5", *options, "--format", "csv", cwd=place).stdout


def test_replicates_with_h5py_in_one_line(place):
    with h5py.File(place / "boot.h5") as f:
        e = f["replicates/estimate"]
        replicates = pd.DataFrame(e[:], columns=e.attrs["columns"])
        assert e.shape == (999, 6) and e.dtype == np.float64
        assert f["replicates/std_error"].shape == (999, 6)
        assert (f["replicates/status"][:] <= 1).all()
    tidy = read_csv(summary(place)).set_index("term")
    assert list(tidy.index) == list(replicates.columns)
    np.testing.assert_allclose(replicates.std(), tidy["std.error"], rtol=1e-12)
    np.testing.assert_allclose(replicates.mean() - tidy["estimate"], tidy["bias"],
                               atol=1e-12 * tidy["std.error"].min())
    # The percentile interval of 999 replicates: the 25th and the 975th in order.
    ordered = np.sort(replicates.to_numpy(), axis=0)
    np.testing.assert_allclose(ordered[24], tidy["conf.low"], rtol=1e-13)
    np.testing.assert_allclose(ordered[974], tidy["conf.high"], rtol=1e-13)


@needs_r
def test_replicates_with_r_in_one_line(place):
    (place / "summary.csv").write_text(summary(place), encoding="utf-8")
    rscript("read", place / "boot.h5", place / "summary.csv")


@needs_r
def test_snapshots_written_by_r(place):
    """rhdf5's data.frame and vectors, hdf5r's data.frame with a factor: the same numbers as
    through make_snapshot.py, bit for bit."""
    written = [place / name for name in ("rhdf5.h5", "group.h5", "hdf5r.h5")]
    rscript("write", DATA / "jsp728.csv", *written)
    expected = merit_json("fit", "jsp.h5", FORMULA, "--ranef", cwd=place)
    gender = pd.read_csv(DATA / "jsp728.csv")["gender"].value_counts().to_dict()
    for path in written:
        if path.name == "hdf5r.h5" and not path.exists():
            continue  # the package is not installed; rhdf5 is
        found = merit_json("fit", path, FORMULA, "--ranef")
        for part in ("tidy", "glance", "vcov"):
            assert found[part] == expected[part], (path.name, part)
        columns = merit_json("inspect", path)["columns"]
        assert {column["name"] for column in columns} >= {"mathAge11", "mathAge8", "school"}
        counts = {column["name"]: column.get("counts") for column in columns}
        assert counts["gender"] == gender


def test_the_contracts_json_of_fit(place):
    result = merit_json("fit", "jsp.h5", FORMULA, "--ranef", cwd=place)
    assert set(result) >= {"command", "version", "model", "data", "glance", "tidy", "provenance",
                           "vcov"}
    assert result["command"] == "fit"
    assert result["model"] == {"formula": FORMULA, "family": "gaussian", "link": "identity",
                               "method": "reml", "nagq": None}
    assert set(result["data"]) >= {"file", "digest", "rows_read", "rows_used", "rows_dropped",
                                   "group"}
    sizes = pd.read_csv(DATA / "jsp728.csv")["school"].value_counts()
    assert result["data"]["group"] == {"name": "school", "count": 48, "min": sizes.min(),
                                       "median": sizes.median(), "max": sizes.max()}
    assert set(result["glance"]) == {
        "nobs", "ngroups", "logLik", "deviance", "AIC", "BIC", "sigma", "icc", "df.residual",
        "converged", "boundary", "iterations", "message"}
    assert set(result["provenance"]) >= {"seed", "ranks", "threads", "commit", "started", "seconds"}
    for row in result["tidy"]:
        assert list(row) == TIDY
    names = [(row["effect"], row["group"], row["term"]) for row in result["tidy"]]
    assert names[:6] == [
        ("fixed", None, "(Intercept)"), ("fixed", None, "mathAge8"), ("fixed", None, "genderM"),
        ("fixed", None, "classnonmanual"), ("ran_pars", "school", "sd__(Intercept)"),
        ("ran_pars", "Residual", "sd__Observation")]
    assert names[6:] == [("ran_vals", "school", "(Intercept)")] * 48
    assert len({row["level"] for row in result["tidy"][6:]}) == 48
    vcov = np.array(result["vcov"]["matrix"])
    assert result["vcov"]["names"] == [row["term"] for row in result["tidy"][:4]]
    np.testing.assert_array_equal(vcov, vcov.T)
    np.testing.assert_allclose(np.sqrt(np.diag(vcov)),
                               [row["std.error"] for row in result["tidy"][:4]], rtol=1e-14)
    with_file = merit_json("fit", "jsp.h5", FORMULA, "--output", "fit.h5", cwd=place)
    with h5py.File(place / "fit.h5") as file:
        np.testing.assert_array_equal(file["fit/vcov"][:], with_file["vcov"]["matrix"])


def test_the_contracts_json_of_bootstrap(place):
    result = merit_json("summarize", "boot.h5", "--intervals", "norm,basic,perc", cwd=place)
    assert result["command"] == "bootstrap"
    glance = result["glance"]
    assert (glance["replicates"], glance["failed"]) == (999, 0)
    assert isinstance(glance["boundary"], int)
    assert sum(glance["by_status"].values()) == 999
    assert [list(row) for row in result["tidy"]] == [TIDY_BOOTSTRAP] * 18  # 6 terms, 3 types
    assert {row["conf.type"] for row in result["tidy"]} == {"norm", "basic", "perc"}


def test_bootstrap_prints_what_summarize_prints(place):
    command = ["bootstrap", "jsp.h5", FORMULA, "--replicates", "999", "--overwrite", "--output"]
    printed = merit(*command, "again.h5", "--format", "csv", "--ranef", cwd=place).stdout
    assert printed == summary(place, "--ranef")


@pytest.mark.parametrize("command", [["fit", "jsp.h5", FORMULA, "--ranef"],
                                     ["summarize", "boot.h5", "--intervals", "norm,perc"]])
def test_csv_is_the_tidy_array(command, place):
    table = read_csv(merit(*command, "--format", "csv", cwd=place).stdout)
    rows = merit_json(*command, cwd=place)["tidy"]
    assert list(table.columns) == (TIDY if command[0] == "fit" else TIDY_BOOTSTRAP)
    assert len(table) == len(rows)
    for name in table.columns:
        for cell, value in zip(table[name], (row[name] for row in rows)):
            if value is None:
                assert pd.isna(cell)
            elif isinstance(value, str):
                assert str(cell) == value or float(cell) == float(value)  # "1", a level
            else:
                assert cell == value  # the shortest text that reads back the same


def test_names_with_commas_quotes_and_accents(tmp_path):
    columns = two_level(3, 20)
    levels = np.array(['Huis "de Berg", Arnhem', "Zürich, Süd", "плюс"], dtype=object)
    columns["house"] = levels[columns["g"]]
    write_group(tmp_path / "names.h5", columns)
    command = ["fit", tmp_path / "names.h5", "y ~ x + (1 | house)", "--ranef"]
    table = read_csv(merit(*command, "--format", "csv").stdout)
    assert set(table["level"].dropna()) == set(levels)
    assert {row["level"] for row in merit_json(*command)["tidy"]} == {*levels, None}


def test_more_failed_replicates_than_allowed(tmp_path):
    """`only` is 1 in one of 5 groups: a group bootstrap misses it in (4/5)⁵ = 33% of the
    replicates, and draws it alone, 5 times, in 5⁻⁵: collinear with the intercept."""
    columns = two_level(5, 10)
    columns["only"] = (columns["g"] == 2).astype(float)
    write_group(tmp_path / "study.h5", columns)
    command = ["bootstrap", tmp_path / "study.h5", "y ~ x + only + (1 | g)", "--type", "cases",
               "--replicates", "2000", "--overwrite", "--output", tmp_path / "out.h5"]
    result = merit_json(*command, code=1)
    failed = result["glance"]["by_status"]["collinear"]
    # 2000 draws of a binomial with p = 0.328: within 5 sd, false alarm 6e-7; the seed is fixed.
    assert abs(failed - 2000 * (0.8**5 + 0.2**5)) < 5 * (2000 * 0.328 * 0.672) ** 0.5
    assert result["glance"]["failed"] == failed
    with h5py.File(tmp_path / "out.h5") as file:
        codes = list(file["replicates/status"].attrs["codes"])
        lost = file["replicates/status"][:] == codes.index("collinear")
        assert lost.sum() == failed
        assert np.isnan(file["replicates/estimate"][:][lost]).all()
        assert not np.isnan(file["replicates/estimate"][:][~lost]).any()
    assert merit_json(*command, "--max-failed", "0.5")["tidy"] == result["tidy"]
    merit(*command, "--max-failed", "0.3", code=1, ranks=2)


def test_json_is_strict(place):
    """No NaN or Infinity, which JSON has not."""
    text = merit("summarize", "boot.h5", "--format", "json", cwd=place).stdout
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))


@pytest.mark.parametrize("ranks", [None, 2])
def test_stdout_carries_results_alone(ranks, tmp_path):
    study = write_group(tmp_path / "study.h5", two_level(5, 10))
    command = ["bootstrap", study, "y ~ x + (1 | g)", "--replicates", "100", "--overwrite",
               "--output", tmp_path / "out.h5", "--format", "json", "--progress"]
    quiet = merit(*command, "none", ranks=ranks)
    assert "replicates" not in quiet.stderr  # there may be a warning: few cores for many ranks
    plain = merit(*command, "plain", ranks=ranks)
    assert json.loads(plain.stdout)["tidy"] == json.loads(quiet.stdout)["tidy"]
    assert plain.stderr.count("replicates: 100/100 (100.0%)") == 1


def test_csv_has_its_notes_on_stderr(tmp_path):
    columns = two_level(5, 10)
    study = write_group(tmp_path / "study.h5", {**columns, "twice": 2 * columns["x"]})
    done = merit("fit", study, "y ~ x + twice + (1 | g)", "--drop-collinear", "--format", "csv")
    assert list(read_csv(done.stdout)["term"][:2]) == ["(Intercept)", "x"]
    assert done.stderr == "merit: collinear columns dropped: twice is a combination of x\n"


def test_dry_run_reads_and_checks_and_writes_nothing(tmp_path):
    study = write_group(tmp_path / "study.h5", two_level(5, 10))
    command = ["bootstrap", study, "y ~ x + (1 | g)", "--replicates", "5000", "--dry-run"]
    text = merit(*command, "--output", tmp_path / "out.h5").stdout
    assert "5,000 replicates" in text and "replicates/s" in text and "MB" in text
    shard = merit(*command, "--shard", "2/3").stdout
    part = re.match(r"([\d,]+) replicates of 5,000 \(shard 2/3\): about", shard)
    assert abs(int(part[1].replace(",", "")) - 5000 / 3) <= 256, shard  # whole blocks of 256
    assert "50 rows" in merit("fit", study, "y ~ x + (1 | g)", "--dry-run").stdout
    merit("fit", study, "y ~ xx + (1 | g)", "--dry-run", code=BAD_DATA)
    assert list(tmp_path.iterdir()) == [study]
