# SPDX-License-Identifier: MIT
"""--fweights: every number is that of the table with its rows written out."""

import h5py
import numpy as np
import pytest
from program import BAD_DATA, check_refusal, merit, merit_json, two_level, write_group


def study_columns(num_groups, rows_per_group, largest):
    columns = two_level(num_groups, rows_per_group)
    rng = np.random.default_rng(8)
    n = columns["y"].size
    eta = columns["y"] / 2
    columns |= {
        "event": (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float),
        "count": rng.poisson(np.exp(eta)).astype(float),
        "size": rng.poisson(rng.gamma(2.0, np.exp(eta) / 2.0)).astype(float),
        "rating": np.clip(np.round(eta + 2), 1, 4),
        "trials": rng.integers(1, 5, n).astype(float),
        "kind": np.arange(n) % 3,
        "gap": np.where(np.arange(n) % 11 == 3, np.nan, columns["x"]),
        "times": rng.integers(0, largest + 1, n).astype(float)}
    columns["share"] = rng.binomial(columns["trials"].astype(int), 0.4) / columns["trials"]
    return columns


def write_pair(place, columns):
    """The table with weights, and with its rows written out."""
    times = columns["times"].astype(int)
    out = {name: np.repeat(values, times) for name, values in columns.items()}
    return write_group(place / "weighted.h5", columns), write_group(place / "rows.h5", out)


@pytest.fixture(scope="module", name="pair")
def fixture_pair(tmp_path_factory):
    return write_pair(tmp_path_factory.mktemp("fweights"), study_columns(12, 15, 4))


def close(one, other, path=""):
    """Equal to 1e-12 of themselves, what is rounded away (gradients, notes) aside."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for key in one:
            if key not in ("provenance", "digest", "file", "options", "iterations"):
                close(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for at, (a, b) in enumerate(zip(one, other, strict=True)):
            close(a, b, f"{path}/{at}")
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-12, abs=1e-12), path
    else:
        assert one == other, path


GAUSSIAN = "y ~ gap + gmean(gap) + scale(x^2) + factor(kind) + (1 | g)"
MODELS = {
    "reml": [GAUSSIAN],
    "kr": [GAUSSIAN, "--df", "kr", "--contrast", "gap = 0, `factor(kind)1` = 0", "--null",
           "y ~ gap + (1 | g)"],
    "between-within": [GAUSSIAN, "--method", "ml", "--df", "between-within", "--ranef"],
    "CR2": [GAUSSIAN, "--vcov", "CR2", "--where", "x > -1.5"],
    "profile": ["y ~ x + w + (1 | g)", "--ci", "profile", "--tau-test", "lrt"],
    "binomial": ["event ~ x + gmean(x) + (1 | g)", "--family", "binomial", "--ranef"],
    "trials": ["share ~ x + w + (1 | g)", "--family", "binomial", "--trials", "trials"],
    "probit": ["event ~ gap + (1 | g)", "--family", "binomial", "--link", "probit"],
    "pql": ["event ~ x + (1 | g)", "--family", "binomial", "--method", "pql"],
    "poisson": ["count ~ x + offset(w) + (1 | g)", "--family", "poisson"],
    "negbinomial": ["size ~ x + (1 | g)", "--family", "negbinomial"],
    "ordinal": ["rating ~ x + w + (1 | g)", "--family", "ordinal"],
}


@pytest.mark.parametrize("model", MODELS)
def test_as_if_rows_were_written_out(model, pair):
    weighted, rows = pair
    one = merit_json("fit", weighted, *MODELS[model], "--fweights", "times")
    other = merit_json("fit", rows, *MODELS[model])
    close(one, other)
    assert one["options"]["fweights"] == "times"
    assert one["glance"]["nobs"] > 180  # rows in the table


def test_many_rows(tmp_path):
    """Several blocks of rows, and rows that count thousands of times."""
    columns = study_columns(30, 3000, 3)
    columns["times"][::9000] = 10_000
    weighted, rows = write_pair(tmp_path, columns)
    one = merit_json("fit", weighted, GAUSSIAN, "--df", "satterthwaite", "--fweights", "times",
                     ranks=2)
    other = merit_json("fit", rows, GAUSSIAN, "--df", "satterthwaite")
    assert one["glance"]["nobs"] == columns["times"][~np.isnan(columns["gap"])].sum()
    close(one, other)


BOOTSTRAPS = {"parametric": [], "groups": ["--type", "cases"],
              "rows": ["--type", "cases", "--resample", "both"], "residual": ["--type", "residual"],
              "wild": ["--type", "wild"]}


@pytest.mark.parametrize("kind", BOOTSTRAPS)
def test_bootstraps_draw_from_the_rows_written_out(kind, pair, tmp_path):
    weighted, rows = pair
    model = ["y ~ x + w + (1 | g)", *BOOTSTRAPS[kind], "--replicates", "200"]
    close(merit_json("bootstrap", weighted, *model, "--fweights", "times", "--output",
                     tmp_path / "a.h5"),
          merit_json("bootstrap", rows, *model, "--output", tmp_path / "b.h5"))
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["job"].attrs["fweights"] == "times"
    check_refusal(merit("bootstrap", weighted, *model, "--output", tmp_path / "a.h5", "--resume",
                        code=64), "fweights")


def test_posterior(pair, tmp_path):
    weighted, rows = pair
    model = ["count ~ x + (1 | g)", "--family", "poisson", "--draws", "1000"]
    close(merit_json("sample", weighted, *model, "--fweights", "times", "--output",
                     tmp_path / "a.h5"),
          merit_json("sample", rows, *model, "--output", tmp_path / "b.h5"))


def test_ranks_and_threads_change_no_bit(pair):
    arguments = ("fit", pair[0], GAUSSIAN, "--fweights", "times", "--format", "csv")
    assert merit(*arguments, "--threads", 1).stdout == \
        merit(*arguments, "--threads", 2, ranks=2).stdout


@pytest.mark.parametrize("row, value, mentions", [
    (7, -1.0, ["--fweights times: -1 in row 8", "whole number"]),
    (20, 1.5, ["--fweights times: 1.5 in row 21", "whole number"]),
    (33, np.nan, ["--fweights times: missing in row 34"]),
    (2, np.inf, ["--fweights times: inf", "in row 3"]),
    (5, 2e6, ["--fweights times: 2000000 in row 6", "1000000"]),
])
def test_bad_weights(row, value, mentions, tmp_path):
    columns = study_columns(12, 15, 4)
    columns["times"][row] = value
    study = write_group(tmp_path / "study.h5", columns)
    done = merit("fit", study, "y ~ x + (1 | g)", "--fweights", "times", code=BAD_DATA)
    check_refusal(done, *mentions)
    # Rows that are not used may have any.
    columns["apart"] = np.arange(180) == row
    study = write_group(tmp_path / "other.h5", columns)
    merit("fit", study, "y ~ x + (1 | g)", "--fweights", "times", "--where", "apart == FALSE")


def test_a_group_without_weight(tmp_path):
    columns = study_columns(12, 15, 4)
    columns["times"][columns["g"] == 3] = 0
    study = write_group(tmp_path / "study.h5", columns)
    check_refusal(merit("fit", study, "y ~ gmean(x) + (1 | g)", "--fweights", "times", code=BAD_DATA),
                  "--fweights times: 0 in all rows of g 3")


def test_no_such_column_and_text(pair, tmp_path):
    check_refusal(merit("fit", pair[0], "y ~ x + (1 | g)", "--fweights", "tims", code=BAD_DATA),
                  "--fweights: ", "'tims'", "times")
    columns = two_level(5, 4)
    columns["word"] = np.array(["a", "b"] * 10, dtype="S")
    study = write_group(tmp_path / "text.h5", columns)
    check_refusal(merit("fit", study, "y ~ x + (1 | g)", "--fweights", "word", code=BAD_DATA),
                  "--fweights word", "numbers")


def test_messages_name_rows_of_the_table(pair, tmp_path):
    """Not of the rows written out."""
    columns = study_columns(12, 15, 4)
    columns["x"][50] = np.inf
    columns["times"][50] = 2
    study = write_group(tmp_path / "study.h5", columns)
    for formula in ("y ~ x + (1 | g)", "y ~ gmean(x) + (1 | g)"):
        check_refusal(merit("fit", study, formula, "--fweights", "times", code=BAD_DATA), "row 51")
