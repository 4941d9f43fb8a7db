# SPDX-License-Identifier: MIT
"""merit simulate: tables, the same bits everywhere, files that are wrong."""

import csv
import io
import json
import math

import pytest
from program import NO_INPUT, USAGE, check_refusal, merit, merit_json

STUDY = """
title = "A small study"
repetitions = 40
seed = 5
[data]
formula = "y ~ x + w + (1 | school)"
groups = [6, 12]
group_size = { mean = 8, sd = 2, min = 2 }
icc = 0.2
[data.covariates]
x = { kind = "normal" }
w = { kind = "halves" }
[data.coefficients]
"(Intercept)" = 1
x = [0, 0.5]
w = 0.3
[[estimator]]
name = "REML"
df = ["normal", "between-within"]
[[estimator]]
name = "ML"
method = "ml"
"""
BINARY = (STUDY.replace("icc = 0.2", 'icc = 0.2\nfamily = "binomial"')
          .replace('df = ["normal", "between-within"]', 'method = "agq"')
          .replace('method = "ml"', 'method = "pql"'))


@pytest.fixture(name="study")
def fixture_study(tmp_path):
    """Writes a study file; its path."""
    def write(text=STUDY, name="study.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path
    return write


def results(*arguments, **options):
    """What is printed as JSON, without what may differ between runs."""
    printed = merit_json("simulate", *arguments, "--progress", "none", **options)
    return {key: value for key, value in printed.items() if key != "provenance"}


def test_rows(study):
    printed = results(study())
    assert printed["study"]["cells"] == 4 and printed["study"]["seed"] == "5"
    rows = printed["performance"]
    # Three terms (REML with two intervals), two standard deviations.
    assert len(rows) == 4 * ((6 + 2) + (3 + 2))
    for row in rows:
        assert row["nsim"] == 40 and row["failed"] == 0
        assert set(row["factors"]) == {"groups", "x"}
        assert row["empse"] > 0 and abs(row["bias"]) < 6 * row["bias_mcse"] + 0.15
        if row["df"] is None:
            assert row["coverage"] is None
        else:
            assert math.isclose(row["coverage_mcse"] ** 2 * 40,
                                row["coverage"] * (1 - row["coverage"]), abs_tol=1e-12)
    # t intervals are wider, on the same estimates.
    by_df = {row["df"]: row for row in rows
             if (row["cell"], row["estimator"], row["term"]) == (1, "REML", "w")}
    assert by_df["normal"]["bias"] == by_df["between-within"]["bias"]
    assert by_df["normal"]["width"] < by_df["between-within"]["width"]


def test_csv_and_table_say_the_same(study):
    path = study()
    rows = results(path)["performance"]
    table = list(csv.DictReader(io.StringIO(
        merit("simulate", path, "--format", "csv", "--progress", "none").stdout)))
    assert len(table) == len(rows)
    for one, other in zip(table, rows):
        assert float(one["bias"]) == other["bias"] and one["term"] == other["term"]
        assert float(one["x"]) == other["factors"]["x"]
        assert one["df"] == (other["df"] or "")
    text = merit("simulate", path, "--progress", "none").stdout
    assert text.startswith("A small study\n") and text.count("between-within") == 12


@pytest.mark.parametrize("text", [STUDY, BINARY])
@pytest.mark.parametrize("ranks, threads", [(None, 2), (2, 1), (3, 2)])
def test_layout(text, ranks, threads, study):
    path = study(text)
    assert (results(path, "--threads", 1)
            == results(path, "--threads", threads, ranks=ranks))


@pytest.mark.parametrize("level", ["x86-64-v2", "x86-64-v4"])
def test_simd_level(level, study):
    path = study(BINARY)
    assert results(path) == results(path, "--simd", level)


def test_seed(study):
    path = study()
    assert results(path, "--seed", 5) == results(path) != results(path, "--seed", 6)


def test_type_one_error_and_power(study):
    """x is 0 in half of the cells; 1,000 repetitions, bounds of five standard errors."""
    path = study(STUDY.replace("= 40", "= 1000").replace("[6, 12]", "12"))
    for row in results(path)["performance"]:
        if row["term"] == "x" and row["truth"] == 0:
            assert abs(row["rej_rate"] - 0.05) < 5 * math.sqrt(0.05 * 0.95 / 1000)
            assert math.isclose(row["rej_rate"], 1 - row["coverage"])
        if row["term"] == "x" and row["truth"] == 0.5:
            assert row["rej_rate"] > 0.9


def test_dry_run(study):
    done = merit("simulate", study(), "--dry-run")
    assert "4 cells × 40 repetitions × 2 estimators: 160 data sets" in done.stdout


@pytest.mark.parametrize("ranks", [None, 2])
def test_every_problem_at_once(ranks, study):
    text = STUDY.replace("groups = [", "grups = [").replace("icc = 0.2", "icc = 1")
    done = merit("simulate", study(text), code=USAGE, ranks=ranks)
    check_refusal(done, "3 problems", "line 7: [data] has no key 'grups'", "icc = 1", "lacks groups")


def test_max_tasks(study):
    path = study()
    check_refusal(merit("simulate", path, "--max-tasks", 159, code=USAGE), "160 data sets", "159")
    merit("simulate", path, "--max-tasks", 160, "--dry-run")


@pytest.mark.parametrize("ranks", [None, 2])
def test_no_file(ranks, tmp_path):
    done = merit("simulate", tmp_path / "none.toml", code=NO_INPUT, ranks=ranks)
    check_refusal(done, "none.toml", "No such file")
    check_refusal(merit("simulate", tmp_path, code=NO_INPUT), "cannot be read")


def test_json_is_one_object(study):
    assert json.loads(merit("simulate", study(), "--format", "json").stdout)["command"] == "simulate"
