# SPDX-License-Identifier: MIT
"""merit bootstrap --null: the parametric-bootstrap likelihood-ratio test."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group

from h5same import differences
from scripting import run

MODELS = {"gaussian": ("y ~ x * w + (1 | g)", "y ~ I(x - w) + (1 | g)"),
          "binomial": ("event ~ x + w + (1 | g)", "event ~ x + (1 | g)")}
STOPPED = 75


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(12, 8)
    columns["event"] = (columns["y"] > 1).astype(int)
    rng = np.random.default_rng(2)
    columns["apart"] = columns["y"] + 6 * rng.standard_normal(12)[columns["g"]]
    return write_group(tmp_path_factory.mktemp("null") / "study.h5", columns)


def command(study, family, replicates, output, *options):
    model, null = MODELS[family]
    return ("bootstrap", study, model, "--family", family, "--null", null, "--replicates",
            replicates, "--output", output, "--progress", "none", *options)


def same(one, two):
    with h5py.File(one) as a, h5py.File(two) as b:
        assert not list(differences(a, b, {"/provenance"}))


@pytest.mark.parametrize("family", MODELS)
def test_ranks_threads_shards_and_stops_change_no_bit(family, study, tmp_path):
    count = {"gaussian": 20_000, "binomial": 400}[family]
    merit(*command(study, family, count, tmp_path / "one.h5", "--threads", 1))
    merit(*command(study, family, count, tmp_path / "two.h5", "--threads", 2), ranks=2)
    same(tmp_path / "one.h5", tmp_path / "two.h5")
    for shard in (1, 2):
        merit(*command(study, family, count, tmp_path / f"{shard}.h5", "--shard", f"{shard}/2"))
    merit("merge", tmp_path / "merged.h5", tmp_path / "2.h5", tmp_path / "1.h5")
    same(tmp_path / "one.h5", tmp_path / "merged.h5")
    stopped = merit(*command(study, family, count, tmp_path / "three.h5", "--time-limit",
                             "0.001"), code=None)
    assert stopped.returncode in (0, STOPPED)
    merit(*command(study, family, count, tmp_path / "three.h5", "--resume"))
    same(tmp_path / "one.h5", tmp_path / "three.h5")


@pytest.mark.parametrize("family", MODELS)
def test_what_is_shown_is_in_the_file(family, study, tmp_path):
    output = tmp_path / "out.h5"
    shown = merit_json(*command(study, family, 500, output))
    again = merit_json("summarize", output)
    for part in ("tidy", "tests", "vcov", "glance", "options", "notes"):
        assert again[part] == shown[part], part
    fit = merit_json("fit", study, MODELS[family][0], "--family", family, "--null",
                     MODELS[family][1])
    ratio, bootstrap, bartlett, gamma = shown["tests"]
    assert ratio == fit["tests"][0]
    with h5py.File(output) as file:
        assert list(file["replicates/estimate"].attrs["columns"]) == ["LRT"]
        assert "std_error" not in file["replicates"]
        draws = file["replicates/estimate"][:, 0]
        status = file["replicates/status"][:]
    assert shown["glance"]["replicates"] == 500
    draws = draws[status < 2]
    assert draws.min() >= 0
    more = np.sum(draws >= ratio["statistic"])
    assert bootstrap["p.value"] == (1 + more) / (1 + len(draws))
    assert bootstrap["method"].startswith("parametric bootstrap, p ± ")
    q = ratio["num.df"]
    assert bartlett["statistic"] == pytest.approx(ratio["statistic"] * q / draws.mean(), rel=1e-12)
    assert gamma["method"] == "gamma"
    assert 0 < gamma["p.value"] < 1 and 0 < bartlett["p.value"] < 1
    # Estimates are the fit's, and none of replicates is shown.
    for row, own in zip(shown["tidy"], fit["tidy"], strict=True):
        assert row["estimate"] == own["estimate"] and row["bias"] is None
    assert "Kenward" not in str(shown["tests"])


def test_agrees_with_an_exact_test(study, tmp_path):
    """Balanced groups far apart, a covariate of groups: F on (1, J − 2) is exact, as Kenward and
    Roger find, and the likelihood ratio rises with it. 40,000 draws, 4.5 standard errors."""
    model = ("apart ~ w + (1 | g)", "--null", "apart ~ 1 + (1 | g)")
    exact = merit_json("fit", study, *model)["tests"][1]
    assert exact["den.df"] == pytest.approx(10)
    tests = merit_json("bootstrap", study, *model, "--replicates", 40_000, "--output",
                       tmp_path / "out.h5")["tests"]
    p = exact["p.value"]
    assert 0.05 < p < 0.95
    error = 4.5 * np.sqrt(p * (1 - p) / 40_000)
    assert abs(tests[1]["p.value"] - p) < error
    # With 12 groups chi-squared is not good enough to agree with it.
    assert abs(tests[0]["p.value"] - p) > error


def test_dry_run_and_failures(study, tmp_path):
    done = merit(*command(study, "gaussian", 1000, tmp_path / "no.h5", "--dry-run"))
    assert "1,000 replicates" in done.stdout and not (tmp_path / "no.h5").exists()
    merit(*command(study, "binomial", 40, tmp_path / "a.h5"))
    done = merit(*command(study, "binomial", 41, tmp_path / "a.h5", "--resume"), code=USAGE)
    check_refusal(done, "replicates")


@pytest.mark.parametrize("options, mentions", [
    (["--type", "cases"], ["--null", "--type parametric", "--type cases"]),
    (["--intervals", "bca"], ["--null makes likelihood ratios", "--intervals"]),
    (["--quantity", "icc"], ["--null makes likelihood ratios", "--quantity"]),
])
def test_refusals(options, mentions, study, tmp_path):
    check_refusal(merit(*command(study, "gaussian", 100, tmp_path / "no.h5", *options),
                        code=USAGE), *mentions)


def test_no_intervals_from_such_a_file(study, tmp_path):
    merit(*command(study, "gaussian", 100, tmp_path / "out.h5"))
    for options in (["--intervals", "norm"], ["--quantity", "icc"]):
        check_refusal(merit("summarize", tmp_path / "out.h5", *options, code=USAGE),
                      "out.h5", "likelihood ratios", options[0])
    assert merit_json("inspect", tmp_path / "out.h5")
    run("plot_results.py", tmp_path / "out.h5", code=65, says="likelihood ratios of --null")
