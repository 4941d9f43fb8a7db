# SPDX-License-Identifier: MIT
"""synthesize.py: seeds, sizes, formats, labels of its parameters, errors; and that the sample
commands at the top of every data script work."""

import ast
import filecmp
import json
import os
import shlex

import h5py
import numpy as np
import pandas as pd
import pytest
from scripting import ROOT, SCRIPTS, levels, needs_sav, read, run, write

FILES = ["README.md", "parameters.json", "partners.csv", "registry.csv", "survey.csv"]


def test_a_seed_gives_the_same_files(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("synthesize.py", "--output", tmp_path / name, "--seed", seed, "--detainees", 3000)
    assert sorted(os.listdir(tmp_path / "a")) == FILES
    assert filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", FILES, shallow=False)[0] == FILES
    for name in FILES:
        assert not filecmp.cmp(tmp_path / "a" / name, tmp_path / "c" / name, shallow=False)


def test_sizes_and_parameters(tmp_path):
    # Two blocks of rows per wave; the number of institutions stays.
    run("synthesize.py", "--output", tmp_path, "--detainees", 250_000, "--set",
        "contact_share.care=0.35", "--set", "female=0.5")
    record = json.loads((tmp_path / "parameters.json").read_text())
    survey = pd.read_csv(tmp_path / "survey.csv", usecols=["person", "wave", "institution", "care"])
    assert abs(len(survey) - 250_000) <= 2 and record["rows"]["survey"] == len(survey)
    assert not survey.duplicated(["person", "wave"]).any()
    assert survey.groupby("wave")["institution"].nunique().tolist() == [28, 26, 26]
    # Binomial: se = sqrt(.35 × .65 / 245,000) = 0.001.
    assert survey["care"].mean() == pytest.approx(0.35, abs=6 * 0.001)
    persons = survey.groupby("person")["wave"].nunique()
    assert 1 < persons.max() <= 3 and 0.005 < (persons > 1).mean() < 0.04
    parameters = record["parameters"]
    assert parameters["contact_share"]["value"]["care"] == 0.35
    assert {one["status"] for one in parameters.values()} == {"published", "assumed"}
    assert all(one["note"] for one in parameters.values())
    assert record["synthetic"] is True
    assert "No person or institution in these files exists" in (tmp_path / "README.md").read_text()


def test_returning_persons_keep_their_sex_and_age(tmp_path):
    run("synthesize.py", "--output", tmp_path, "--detainees", 20_000)
    registry = pd.read_csv(tmp_path / "registry.csv")
    first, second = (registry[registry["wave"] == wave] for wave in (2017, 2019))
    both = first.merge(second, on="person")
    assert len(both) > 100
    assert (both["sex_x"] == both["sex_y"]).all() and (both["age_y"] - both["age_x"] == 2).all()


def merged(folder, suffix):
    run("merge_sources.py", "--survey", folder / f"survey.{suffix}", "--registry",
        folder / f"registry.{suffix}", "--partners", folder / "partners.csv", "--output",
        folder / f"{suffix}.h5")
    return folder / f"{suffix}.h5"


@pytest.mark.parametrize("suffix", ["dta", pytest.param("sav", marks=needs_sav)])
def test_formats_hold_the_same(tmp_path, suffix):
    for kind in ("csv", suffix):
        run("synthesize.py", "--output", tmp_path, "--detainees", 1000, "--format", kind,
            "--overwrite")
    csv, other = merged(tmp_path, "csv"), merged(tmp_path, suffix)
    want, found = read(csv), read(other)
    assert list(want) == list(found)
    for name in want:
        if isinstance(want[name], list):
            assert want[name] == found[name], name
        else:
            np.testing.assert_array_equal(want[name], found[name], name)
    for name in ("sex", "regime", "legal", "offence"):
        assert levels(csv, name) == levels(other, name)
    with h5py.File(csv) as file:  # whole numbers without gaps stay whole
        assert file["data/wave"].dtype == np.int64


@pytest.mark.parametrize("options, says", [
    (["--detainees", "10"], "must be from 300"),
    (["--detainees", "many"], "invalid int value"),
    (["--seed", "-1"], "at least 0"),
    (["--set", "icc"], "NAME=VALUE"),
    (["--set", "iccc=0.1"], "did you mean 'icc'?"),
    (["--set", "icc=high"], "'high' is not a number"),
    (["--set", "icc=1.5"], "'icc' must be in [0, 1)"),
    (["--set", "contact_share=0.5"], "contact_share.case_manager=VALUE"),
    (["--set", "contact_share.carer=0.5"], "did you mean 'care'?"),
    (["--set", "legal.remand=0.5"], "add up to 1"),
    (["--set", "contact_none=0.5"], "'contact_none': its value cannot be reached"),
    (["--set", "soon=0.95"], "'soon': its value cannot be reached"),
    (["--format", "xls"], "invalid choice"),
])
def test_usage_errors(tmp_path, options, says):
    run("synthesize.py", "--output", tmp_path / "new", *options, code=64, says=says)


def test_output_that_exists(tmp_path):
    run("synthesize.py", "--output", tmp_path, "--detainees", 300)
    run("synthesize.py", "--output", tmp_path, "--detainees", 300, code=64, says="exists")
    run("synthesize.py", "--output", tmp_path, "--detainees", 300, "--overwrite")
    run("synthesize.py", "--output", write(tmp_path / "file", ""), code=64, says="file")


def test_sample_commands_work(tmp_path, monkeypatch):
    # The lines of each docstring that begin with scripts/, in a folder that has scripts and tests.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    for script in ("make_snapshot.py", "synthesize.py", "merge_sources.py"):
        text = (SCRIPTS / script).read_text(encoding="utf-8")
        assert text.startswith("#!/usr/bin/env python3\n") and os.access(SCRIPTS / script, os.X_OK)
        docstring = ast.get_docstring(ast.parse(text)).replace("\\\n", "")
        samples = [line.strip() for line in docstring.splitlines()
                   if line.startswith("    scripts/")]
        assert len(samples) == 3
        for sample in samples:
            name, *arguments = shlex.split(sample)
            run(name.removeprefix("scripts/"), *arguments)
