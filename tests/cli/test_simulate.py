# SPDX-License-Identifier: MIT
"""merit simulate: tables, the same bits everywhere, files that are wrong."""

import csv
import io
import json
import math
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest
from program import MERIT, NO_INPUT, USAGE, check_refusal, merit, merit_json

from h5same import differences

STOPPED = 75

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
    assert "4 cells × 40 repetitions × 2 estimators: 160 data sets\n" in done.stdout
    shard = merit("simulate", study(), "--dry-run", "--shard", "1/2")
    assert "160 data sets, 80 of them in shard 1/2" in shard.stdout


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


def same(a, b):
    """Asserts that two result files are equal outside /provenance."""
    with h5py.File(a, "r") as one, h5py.File(b, "r") as other:
        assert not list(differences(one, other, {"/provenance"}))


def shown(path):
    printed = merit_json("summarize", path)
    return {key: value for key, value in printed.items() if key not in ("provenance", "study")}


@pytest.mark.parametrize("text", [STUDY, BINARY])
def test_result_file(text, study, tmp_path):
    """The file's rows give the tables that are printed without a file."""
    path = study(text)
    printed = results(path)
    stored = results(path, "--output", tmp_path / "out.h5")
    assert stored["performance"] == printed["performance"]
    assert shown(tmp_path / "out.h5")["performance"] == printed["performance"]
    assert "checksums are right" in merit("inspect", tmp_path / "out.h5").stdout
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["study/file"].asstr()[0] == text
        estimate = file["replicates/estimate"]
        columns = list(estimate.attrs["columns"])
        assert estimate.shape == (4 * 40 * 2, 5) and "fit" not in file
        # By hand: bias of x, first estimator, second cell.
        x = estimate[:].reshape(40, 4, 2, 5)[:, 1, 0, columns.index("x")]
    row = next(row for row in printed["performance"]
               if (row["cell"], row["estimator"], row["term"])
               == (2, printed["study"]["estimators"][0]["name"], "x"))
    assert math.isclose(row["bias"], np.mean(x) - 0.5, abs_tol=1e-12)
    assert math.isclose(row["empse"], np.std(x, ddof=1), rel_tol=1e-12)


@pytest.mark.parametrize("ranks, threads", [(None, 2), (2, 1), (3, 2)])
def test_file_does_not_depend_on_the_layout(ranks, threads, study, tmp_path):
    path = study(BINARY)
    results(path, "--threads", 1, "--output", tmp_path / "alone.h5")
    results(path, "--threads", threads, "--output", tmp_path / "spread.h5", ranks=ranks)
    same(tmp_path / "alone.h5", tmp_path / "spread.h5")


def test_shards(study, tmp_path):
    path = study()
    results(path, "--output", tmp_path / "whole.h5")
    shards = [tmp_path / f"{k}.h5" for k in (1, 2, 3)]
    for k, shard in enumerate(shards, 1):
        merit("simulate", path, "--shard", f"{k}/3", "--output", shard)
    assert "fits are there" in shown(shards[0])["notes"][0]
    merit("merge", tmp_path / "merged.h5", *shards)
    same(tmp_path / "whole.h5", tmp_path / "merged.h5")


def test_resume_after_a_kill(study, tmp_path):
    """Killed while it runs, and resumed: the file of a job that was never stopped."""
    path = study(BINARY.replace("= 40", "= 1500"))
    merit("simulate", path, "--output", tmp_path / "whole.h5", "--progress", "none")
    command = ["simulate", path, "--output", tmp_path / "killed.h5", "--resume", "--progress", "none"]
    with subprocess.Popen([MERIT, *map(str, command)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as job:
        part = tmp_path / "killed.h5.parts" / "rank0.h5"
        while not part.exists() and job.poll() is None:
            time.sleep(0.01)
        time.sleep(0.2)
        job.send_signal(signal.SIGKILL)
    merit(*command)
    same(tmp_path / "whole.h5", tmp_path / "killed.h5")
    merit(*command)  # finished: ends at once


def test_time_limit(study, tmp_path):
    path = study(BINARY.replace("= 40", "= 20000"))
    command = ["simulate", path, "--output", tmp_path / "out.h5", "--resume", "--progress", "none"]
    done = merit(*command, "--time-limit", "1s", code=STOPPED)
    assert "stopped by" in done.stderr and "--resume" in done.stderr
    assert shown(tmp_path / "out.h5")["performance"][0]["nsim"] > 0


def test_another_study_is_refused(study, tmp_path):
    merit("simulate", study(), "--output", tmp_path / "out.h5")
    other = study(STUDY.replace("w = 0.3", "w = 0.4"), "other.toml")
    done = merit("simulate", other, "--output", tmp_path / "out.h5", "--resume", code=USAGE)
    check_refusal(done, "study", "the study file has changed", "/study/file in the result")
    assert "--study" not in done.stderr
    done = merit("simulate", study(), "--output", tmp_path / "out.h5", code=USAGE)
    check_refusal(done, "out.h5", "--overwrite")
    # Another title shows the same rows.
    retitled = study(STUDY.replace("A small study", "Renamed"), "retitled.toml")
    merit("simulate", retitled, "--output", tmp_path / "out.h5", "--resume")


@pytest.mark.parametrize("option", [["--resume"], ["--time-limit", "5m"], ["--shard", "1/2"]])
def test_options_that_need_a_file(option, study):
    check_refusal(merit("simulate", study(), *option, code=USAGE), option[0], "--output")


@pytest.mark.parametrize("text, options", [(STUDY, []), (BINARY, ["--family", "binomial"])])
def test_one_repetition_alone(text, options, study, tmp_path):
    """The data of a repetition, fitted by merit fit, give its row of the result file."""
    path = study(text)
    merit("simulate", path, "--output", tmp_path / "out.h5")
    only = merit_json("simulate", path, "--only", "cell=2,rep=17", "--dump-data",
                      tmp_path / "data.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        rows = file["replicates/estimate"]
        row = dict(zip(rows.attrs["columns"], rows[(16 * 4 + 2 - 1) * 2]))
    fit = merit_json("fit", tmp_path / "data.h5", "y ~ x + w + (1 | school)", *options)
    assert only["nobs"] == fit["glance"]["nobs"]
    first = only["fits"][0]["estimator"]
    fits = {line["term"]: line for line in only["fits"] if line["estimator"] == first}
    for line in fit["tidy"]:
        if line["term"] in fits:
            assert fits[line["term"]]["estimate"] == row[line["term"]]
            assert math.isclose(line["estimate"], row[line["term"]], rel_tol=1e-5, abs_tol=1e-6)


def test_only_what_is_there(study, tmp_path):
    path = study()
    for only in ("cell=5,rep=1", "cell=1,rep=41", "cell=0,rep=1"):
        check_refusal(merit("simulate", path, "--only", only, code=USAGE), "cells 1 to 4")
    for only in ("7", "rep=1,cell=2", "cell=a,rep=1"):
        check_refusal(merit("simulate", path, "--only", only, code=USAGE), "--only")
    check_refusal(merit("simulate", path, "--dump-data", tmp_path / "d.h5", code=USAGE), "--only")
    (tmp_path / "there.h5").write_text("", encoding="utf-8")
    check_refusal(merit("simulate", path, "--only", "cell=1,rep=1", "--dump-data",
                        tmp_path / "there.h5", code=USAGE), "there.h5", "exists")


NOISE = STUDY.replace('icc = 0.2', 'icc = 0.2\nintercepts = { kind = "t", df = 3 }\n'
                      'errors = { kind = "contaminated", share = 0.1, by = "x", slope = 0.3 }')


def test_other_distributions_make_other_data(study, tmp_path):
    """And only where they are asked for: covariates, and normal intercepts, stay."""
    snapshots = {}
    for name, text in (("normal", STUDY), ("other", NOISE)):
        merit("simulate", study(text), "--only", "cell=2,rep=3", "--dump-data",
              tmp_path / f"{name}.h5")
        with h5py.File(tmp_path / f"{name}.h5") as file:
            snapshots[name] = {column: file[f"data/{column}"][:] for column in ("x", "w", "y")}
    for column in ("x", "w"):
        assert np.array_equal(snapshots["normal"][column], snapshots["other"][column])
    assert not np.array_equal(snapshots["normal"]["y"], snapshots["other"]["y"])
    assert results(study(NOISE), "--threads", 1) == results(study(NOISE), ranks=3)


def test_spread_by_a_covariate(study, tmp_path):
    """Errors are those without it, times exp(slope · x)."""
    plain = STUDY.replace("icc = 0.2", "tau = 0").replace("x = [0, 0.5]", "x = 0")
    spread = plain.replace("tau = 0", 'tau = 0\nerrors = { by = "x", slope = 0.7 }')
    errors = []
    for number, text in enumerate((plain, spread)):
        merit("simulate", study(text), "--only", "cell=1,rep=1", "--dump-data",
              tmp_path / f"{number}.h5")
        with h5py.File(tmp_path / f"{number}.h5") as file:
            errors.append(file["data/y"][:] - 1 - 0.3 * file["data/w"][:])
            x = file["data/x"][:]
    assert np.allclose(errors[1], errors[0] * np.exp(0.7 * x), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("old, new, mentions", [
    ("df = 3 }", "df = 2 }", ["df = 2", "from 3 to 30"]),
    ('"t", df = 3', '"t"', ["[data.intercepts] lacks df"]),
    ('"t", df = 3', '"cauchy"', ["not one of normal, t"]),
    ('"t", df = 3', '"uniform", share = 0.1', ["share", "goes with kind"]),
    ('by = "x", slope', 'by = "z", slope', ["no such covariate"]),
    (', slope = 0.3', '', ["lacks slope"]),
    ('df = 3 }', 'df = 3, by = "x" }', ["goes with errors"]),
    ('icc = 0.2', 'icc = 0.2\nfamily = "binomial"', ["errors", "gaussian"]),
])
def test_distributions_that_are_none(old, new, mentions, study):
    assert old in NOISE
    check_refusal(merit("simulate", study(NOISE.replace(old, new)), code=USAGE), *mentions)
