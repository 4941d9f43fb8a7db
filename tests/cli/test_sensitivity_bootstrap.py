# SPDX-License-Identifier: MIT
"""merit sensitivity with a result file: bootstraps of every fit are those of merit bootstrap,
posteriors those of merit sample; nothing is lost, and nothing is different, however the job is run."""

import csv
import io
import json
import random

import h5py
import numpy as np
import pytest
from interrupted_job import STOPPED, same
from program import USAGE, check_refusal, contents, merit, merit_json, two_level, write_group

STUDY = """
title = "A small study"
snapshot = "data.h5"
formula = "y ~ x + w + (1 | g)"
terms = ["x"]
[waves]
column = "wave"
analyses = "each"
[left_out]
named = ["3"]
[multiverse]
formula = "event ~ {what} + (1 | g)"
what = ["x", "x + w"]
family = ["binomial"]
method = ["agq", "pql"]
[bootstrap]
replicates = 60
seed = 7
"""
NUM_FITS = 1 + 2 + 1 + 4
KEYS = ("effect", "term", "estimate", "std.error", "p.value", "conf.low", "conf.high")


@pytest.fixture(name="place", scope="module")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("sensitivity")
    columns = two_level(10, 30)
    rng = np.random.default_rng(4)
    columns["wave"] = rng.choice((2017, 2019), columns["y"].size)
    columns["event"] = (columns["y"] + rng.logistic(size=columns["y"].size) > 0).astype(float)
    write_group(place / "data.h5", columns)
    (place / "study.toml").write_text(STUDY, encoding="utf-8")
    merit("sensitivity", "study.toml", "--output", "whole.h5", cwd=place)
    return place


def run(place, output, *options, **how):
    return merit("sensitivity", "study.toml", "--output", output, "--progress", "none", *options,
                 cwd=place, **how)


def test_every_bootstrap_is_that_of_merit_bootstrap(place):
    result = merit_json("summarize", place / "whole.h5")
    assert len(result["analyses"]) == NUM_FITS
    for number, analysis in enumerate(result["analyses"]):
        gaussian = number < 4
        where = ["--where", analysis["where"]] if analysis["where"] else []
        method = ["--method", analysis["method"]] if analysis["method"] else []
        family = ["--family", "gaussian" if gaussian else "binomial"]
        alone = merit_json("bootstrap", place / "data.h5", analysis["formula"], *where, *method,
                           *family, "--replicates", 60, "--seed", 7, "--output",
                           place / f"alone{number}.h5", code=None)
        rows = [row for row in analysis["tidy"] if row["conf.type"] == "perc"]
        expected = [row for row in alone["tidy"] if row["conf.type"] == "perc"]
        for found, one in zip(rows, expected, strict=True):
            assert [found[key] for key in KEYS[:2]] == [one[key] for key in KEYS[:2]]
            assert [found[key] for key in KEYS[2:]] == pytest.approx(
                [one[key] for key in KEYS[2:]], rel=1e-13)
            decision = ("positive" if one["conf.low"] > 0 else
                        "negative" if one["conf.high"] < 0 else "none")
            assert found["decision"] == ("" if one["effect"] != "fixed" else decision) or (
                found["decision"] is None)
        with h5py.File(place / f"alone{number}.h5") as one, h5py.File(place / "whole.h5") as all_of:
            first = all_of["study/analyses/first_replicate"][number]
            names = list(all_of["replicates/estimate"].attrs["columns"])
            here = [names.index(name) for name in one["replicates/estimate"].attrs["columns"]]
            stored = all_of["replicates/estimate"][first:first + 60]
            assert np.array_equal(stored[:, here], one["replicates/estimate"][:], equal_nan=True)
            others = [k for k in range(len(names)) if k not in here]
            assert np.isnan(stored[:, others]).all()


def test_conclusions_rest_on_the_replicates(place):
    result = merit_json("summarize", place / "whole.h5")
    conclusion, = result["conclusions"]
    rows = [next(row for row in analysis["tidy"]
                 if row["term"] == "x" and row["conf.type"] == "perc")
            for analysis in result["analyses"]]
    assert conclusion["base"] == rows[0]["decision"]
    differ = [number for number, row in enumerate(rows, 1)
              if row["decision"] != rows[0]["decision"]]
    assert conclusion["differ"] == differ


def test_tables_of_the_file(place):
    """What R and Python read: the fits' rows, and their covariance matrices."""
    shown = merit_json("summarize", place / "whole.h5")
    with h5py.File(place / "whole.h5") as file:
        analyses, estimates = file["study/analyses"], file["study/estimates"]
        covariances = file["study/covariances"]
        assert [label.decode() for label in analyses["label"]] == [
            analysis["label"] for analysis in shown["analyses"]]
        assert [json.loads(changes) for changes in analyses["changes"]] == [
            analysis["changes"] for analysis in shown["analyses"]]
        for number, analysis in enumerate(shown["analyses"], 1):
            rows = [row for row in analysis["tidy"] if row["conf.type"] != "perc"]
            of = estimates["analysis"][:] == number
            assert [term.decode() for term in estimates["term"][of]] == [
                row["term"] for row in rows]
            assert np.array_equal(estimates["estimate"][of], [row["estimate"] for row in rows])
            of = covariances["analysis"][:] == number
            assert np.array_equal(covariances["covariance"][of], np.ravel(analysis["vcov"]))


@pytest.mark.parametrize("ranks, threads", [(None, 1), (2, 1), (3, 2)])
def test_same_on_any_layout(ranks, threads, place, tmp_path):
    done = run(place, tmp_path / "out.h5", "--threads", threads, "--format", "csv", ranks=ranks)
    same(tmp_path / "out.h5", place / "whole.h5")
    assert done.stdout == merit("summarize", place / "whole.h5", "--format", "csv").stdout


def test_stopped_and_resumed(place, tmp_path):
    """A job that is stopped again and again, on other ranks each time."""
    output, draw = tmp_path / "out.h5", random.Random(5)
    text = STUDY.replace("replicates = 60", "replicates = 20000")
    (place / "long.toml").write_text(text, encoding="utf-8")
    done = merit("sensitivity", "long.toml", "--output", output, "--time-limit", "1",
                 cwd=place, code=STOPPED)
    assert "--resume" in done.stderr
    partial = merit("summarize", output)
    assert "of 160,000 replicates are there" in partial.stdout
    refused = run(place, output, "--resume", code=USAGE)
    check_refusal(refused, "replicates", "20000", "60")
    for name in ("stop.h5",):
        for _ in range(3):
            run(place, tmp_path / name, "--resume", "--time-limit", str(draw.uniform(0.02, 0.2)),
                ranks=draw.choice([None, 2]), code=None)
        run(place, tmp_path / name, "--resume")
        same(tmp_path / name, place / "whole.h5")
    before = contents(tmp_path)
    done = run(place, tmp_path / "stop.h5", "--resume", "--format", "csv")  # is done
    assert done.stdout == merit("summarize", place / "whole.h5", "--format", "csv").stdout
    assert contents(tmp_path) == before


def test_shards_joined_are_the_whole(place, tmp_path):
    for shard in (2, 1, 3):
        run(place, tmp_path / f"{shard}.h5", "--shard", f"{shard}/3")
    assert "replicates are there" in merit("summarize", tmp_path / "1.h5").stdout
    merit("merge", tmp_path / "out.h5", *(tmp_path / f"{shard}.h5" for shard in (1, 2, 3)))
    same(tmp_path / "out.h5", place / "whole.h5")
    assert (merit("summarize", tmp_path / "out.h5").stdout.replace(str(tmp_path / "out.h5"), "")
            == merit("summarize", place / "whole.h5").stdout.replace(str(place / "whole.h5"), ""))


def test_persons_in_several_waves_are_counted(place, tmp_path):
    with h5py.File(place / "data.h5") as file:
        data = file["data"]
        columns = {name: data[name][:] for name in data}
    columns["id"] = np.arange(columns["y"].size) // 2
    waves = columns["wave"].reshape(-1, 2)
    several = int(np.sum(waves[:, 0] != waves[:, 1]))
    write_group(tmp_path / "data.h5", columns)
    text = STUDY[:STUDY.index("[left_out]")].replace('analyses =', 'person = "id"\nanalyses =')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    shown = merit_json("sensitivity", tmp_path / "study.toml", "--output", tmp_path / "out.h5",
                       ranks=2)
    assert shown["notes"][0].startswith(f"{several} persons (id) are in more than one wave")
    assert merit_json("summarize", tmp_path / "out.h5")["notes"] == shown["notes"]


def test_a_file_without_a_bootstrap(place, tmp_path):
    (place / "fits.toml").write_text(STUDY[:STUDY.index("[bootstrap]")], encoding="utf-8")
    shown = merit_json("sensitivity", "fits.toml", cwd=place)
    merit("sensitivity", "fits.toml", "--output", tmp_path / "out.h5", cwd=place)
    stored = merit_json("summarize", tmp_path / "out.h5")
    for key in ("conclusions", "analyses", "groups_in_some_waves", "conf.level"):
        assert stored[key] == shown[key]
    rows = merit("summarize", tmp_path / "out.h5", "--format", "csv").stdout
    assert rows == merit("sensitivity", "fits.toml", "--format", "csv", cwd=place).stdout
    assert all(row["conf.type"] in ("wald", "") for row in csv.DictReader(io.StringIO(rows)))


PRIORS = """
[priors]
brms = "brms"
narrow = ["brms", "sd ~ exponential(5)"]
draws = 500
seed = 3
"""


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_posteriors_are_those_of_merit_sample(family, place, tmp_path):
    """The base under each prior; means, sds and intervals to the bit."""
    response = "y" if family == "gaussian" else "event"
    text = (f'snapshot = "data.h5"\nformula = "{response} ~ x + w + (1 | g)"\n'
            f'family = "{family}"\n' + PRIORS)
    (place / "priors.toml").write_text(text, encoding="utf-8")
    result = merit_json("sensitivity", "priors.toml", cwd=place, ranks=2, code=None)
    assert [analysis["label"] for analysis in result["analyses"]] == [
        "base", "prior brms", "prior narrow"]
    for analysis in result["analyses"][1:]:
        output = tmp_path / f"{analysis['changes']['prior']}.h5"
        priors = [word for prior in analysis["priors"] for word in ("--prior", prior)]
        alone = merit_json("sample", place / "data.h5", f"{response} ~ x + w + (1 | g)", "--family",
                           family, *priors, "--draws", 500, "--seed", 3, "--output", output,
                           code=None)
        for found, one in zip(analysis["tidy"], alone["tidy"], strict=True):
            assert found["conf.type"] == one["conf.type"] == "eti"
            assert [found[key] for key in KEYS] == [one.get(key) for key in KEYS]
            if one["effect"] == "fixed":
                assert found["decision"] == ("positive" if one["conf.low"] > 0 else
                                             "negative" if one["conf.high"] < 0 else "none")


WRONG = {
    "no priors": ("[bootstrap]", "[priors]\ndraws = 100\n[bootstrap]", ["[priors]", "a name"]),
    "no count": ("replicates = 60", "", ["[bootstrap]", "replicates"]),
    "one replicate": ("replicates = 60", "replicates = 1", ["line 17", "replicates"]),
    "an interval of more": ("seed = 7", 'interval = "bca"', ["line 18", "'bca'"]),
    "residuals of a logit model": ("seed = 7", 'type = "reb"', ["reb", "residuals", "binomial"]),
    "rows of none": ("seed = 7", 'resample = "rows"', ["line 18", "cases"]),
    "imputed": ("[bootstrap]", '[imputations]\ncolumn = "wave"\n[bootstrap]', ["not pooled"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_that_are_wrong(name, place, tmp_path):
    old, new, mentions = WRONG[name]
    (place / "wrong.toml").write_text(STUDY.replace(old, new), encoding="utf-8")
    done = merit("sensitivity", "wrong.toml", "--output", tmp_path / "out.h5", cwd=place,
                 code=USAGE)
    check_refusal(done, "wrong.toml", *mentions)


def test_options_that_are_wrong(place, tmp_path):
    check_refusal(merit("sensitivity", "study.toml", cwd=place, code=USAGE), "--output")
    check_refusal(merit("sensitivity", "study.toml", "--shard", "1/2", cwd=place, code=USAGE),
                  "--shard", "--output")
    check_refusal(run(place, place / "whole.h5", code=USAGE), "whole.h5", "--overwrite")
    check_refusal(run(place, tmp_path / "out.h5", "--shard", "1/1000", code=USAGE), "blocks")
    check_refusal(merit("summarize", place / "whole.h5", "--level", 0.9, code=USAGE), "0.95")
    done = merit("sensitivity", "study.toml", "--dry-run", cwd=place)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{NUM_FITS} fits, each bootstrapped 60 times;")
    assert lines[1].startswith("480 replicates: about ") and lines[4] == "  base"
