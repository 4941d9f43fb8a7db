# SPDX-License-Identifier: MIT
"""make_snapshot.py with Stata and SPSS files: value labels, gaps, dates, damage."""

import os
import subprocess

import numpy as np
import pandas as pd
import pytest
from scripting import levels, needs_sav, no_programs, read, run, write

REGIME = {1: "HvB", 2: "prison", 5: "EZV"}


def stata(path, frame, labels=None):
    """Writes a .dta file; returns its path."""
    frame.to_stata(path, write_index=False, version=118, value_labels=labels or {})
    return path


def spss(path, code):
    """Writes an .sav file from R code that makes a data frame; returns its path."""
    subprocess.run(["Rscript", "--vanilla", "-e", f'haven::write_sav({code}, "{path}")'],
                   check=True, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return path


def test_stata(tmp_path):
    frame = pd.DataFrame({
        "regime": [5.0, 1.0, np.nan, 5.0],
        "x": [0.1, 1 / 3, np.nan, -0.0],
        "n": np.array([1, -2, 3, 100], np.int8),
        "gap": [1.0, np.nan, 3.0, 4.0],
        "single": np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        "text": ["b", "", "é", "b"],
        "day": pd.to_datetime(["1970-01-02", None, "2019-09-30", "1960-01-01"])})
    run("make_snapshot.py", stata(tmp_path / "s.dta", frame, {"regime": REGIME}),
        tmp_path / "s.h5")
    found = read(tmp_path / "s.h5")
    assert levels(tmp_path / "s.h5", "regime") == (["HvB", "prison", "EZV"], False)  # by code
    assert found["regime"] == ["EZV", "HvB", None, "EZV"]
    assert found["x"].tobytes() == frame["x"].to_numpy().tobytes()
    assert found["n"].dtype == np.int64 and found["n"].tolist() == [1, -2, 3, 100]
    assert found["gap"].tolist()[2:] == [3, 4] and np.isnan(found["gap"][1])
    assert found["single"].tolist() == frame["single"].astype(float).tolist()
    assert found["text"] == ["b", None, "é", "b"]  # Stata's missing text is ""
    # 2019-09-30 is day 18169 since 1970-01-01 (18262 at 2020-01-01, less 93), 1960 −3653.
    assert found["day"][[0, 2, 3]].tolist() == [1, 18169, -3653] and np.isnan(found["day"][1])


def test_options_change_what_labels_do(tmp_path):
    path = stata(tmp_path / "s.dta", pd.DataFrame({"r": [5, 1, 2], "n": [10, 9, 10]}),
                 {"r": REGIME})
    run("make_snapshot.py", path, tmp_path / "s.h5", "--numeric", "r", "--factor", "n")
    assert read(tmp_path / "s.h5")["r"].tolist() == [5, 1, 2]
    assert levels(tmp_path / "s.h5", "n") == (["10", "9"], False)
    run("make_snapshot.py", path, tmp_path / "s.h5", "--overwrite", "--ordered",
        "r=EZV,prison,HvB")
    assert levels(tmp_path / "s.h5", "r") == (["EZV", "prison", "HvB"], True)
    assert read(tmp_path / "s.h5")["r"] == ["EZV", "HvB", "prison"]
    run("make_snapshot.py", path, tmp_path / "s.h5", "--overwrite", "--numeric", "q", code=65,
        says="no column 'q'")


def test_a_scale_labelled_at_its_ends_keeps_its_numbers(tmp_path):
    path = stata(tmp_path / "s.dta", pd.DataFrame({"sat": [1, 3, 5]}), {"sat": {1: "lo", 5: "hi"}})
    run("make_snapshot.py", path, tmp_path / "s.h5",
        says="s.dta: column 'sat' keeps its numbers: 3 without a value label")
    assert read(tmp_path / "s.h5")["sat"].tolist() == [1, 3, 5]


def test_one_label_for_two_codes_is_an_error(tmp_path):
    path = stata(tmp_path / "s.dta", pd.DataFrame({"r": [1, 2, 9]}),
                 {"r": {1: "a", 2: "b", 9: "a"}})
    run("make_snapshot.py", path, tmp_path / "s.h5", code=65,
        says="column 'r' has the value label 'a' for the codes 1, 9")


def test_damaged_stata_files(tmp_path):
    whole = stata(tmp_path / "s.dta", pd.DataFrame({"x": np.arange(1000.0)})).read_bytes()
    for size in (0, 3, 50, 300, 4000, len(whole) - 200):
        (tmp_path / "s.dta").write_bytes(whole[:size])
        run("make_snapshot.py", tmp_path / "s.dta", tmp_path / "s.h5", code=65,
            says="s.dta: is ")


SPSS = """data.frame(
  regime = haven::labelled(c(5, 1, NA, 5), c(EZV = 5, HvB = 1, "gevangenis, \\"é\\"" = 2)),
  half = haven::labelled(c(0.5, 1.5, 0.5, NA), c(low = 0.5, high = 1.5)),
  sex = haven::labelled(c("m", "f", "", "f"), c(male = "m", female = "f")),
  a.rather.long.name.with.dots.and.more.than.thirty.two.letters = c(0.1, 1/3, NA, 1e300),
  text = c("b", "", "\\u00e9", "b"),
  day = as.Date(c("1970-01-02", NA, "2019-09-30", "1960-01-01")))"""


@needs_sav
def test_spss(tmp_path):
    run("make_snapshot.py", spss(tmp_path / "s.sav", SPSS), tmp_path / "s.h5")
    found = read(tmp_path / "s.h5")
    assert levels(tmp_path / "s.h5", "regime")[0] == ["HvB", 'gevangenis, "é"', "EZV"]
    assert found["regime"] == ["EZV", "HvB", None, "EZV"]
    assert found["half"] == ["low", "high", "low", None]
    assert found["sex"] == ["male", "female", None, "female"]
    assert levels(tmp_path / "s.h5", "sex")[0] == ["female", "male"]  # "f" < "m"
    x = found["a.rather.long.name.with.dots.and.more.than.thirty.two.letters"]
    assert x.tobytes() == np.array([0.1, 1 / 3, np.nan, 1e300]).tobytes()
    assert found["text"] == ["b", None, "é", "b"]
    assert found["day"][[0, 2, 3]].tolist() == [1, 18169, -3653]


@needs_sav
def test_damaged_spss_file(tmp_path):
    for text in ("", "$FL2 and no more"):
        run("make_snapshot.py", write(tmp_path / "s.sav", text), tmp_path / "s.h5", code=65,
            says="s.sav: is not an SPSS file that can be read")


def test_spss_without_a_reader_says_what_to_install(tmp_path):
    try:
        import pyreadstat  # noqa: F401
        pytest.skip("pyreadstat is installed")
    except ImportError:
        run("make_snapshot.py", write(tmp_path / "s.sav", "$FL2"), tmp_path / "s.h5", code=66,
            says="apt-get install r-cran-haven", env=no_programs)
