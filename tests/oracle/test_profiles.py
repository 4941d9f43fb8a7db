# SPDX-License-Identifier: MIT
"""merit fit --ci profile and --tau-test against the reference cases and closed forms.

    MERIT=build/dev/merit python3 -m pytest tests/oracle/test_profiles.py

The references are solved in 60-digit arithmetic (Gaussian) or on a 101-point likelihood (README.md);
lme4's own profiles differ from them by up to 1e-6, the error of its splines.
"""

import json
import math
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "cli"))
from program import DATA, USAGE, check_refusal, make_snapshot, merit, merit_json  # noqa: E402

CASES = {path.stem: json.loads(path.read_text(encoding="utf-8"))
         for path in sorted((HERE / "cases").glob("*.json"))}
PROFILED = [name for name, case in CASES.items() if "profile_ci" in case["expect"]]
NAMES = {"sd_group": "sd__(Intercept)", "sigma": "sd__Observation"}


@pytest.fixture(scope="module", name="snapshot")
def fixture_snapshot(tmp_path_factory):
    directory = tmp_path_factory.mktemp("profiles")

    def snapshot(data, *factors):
        target = directory / f"{pathlib.Path(data).stem}{'-'.join(factors)}.h5"
        if not target.exists():
            make_snapshot(DATA / data, target,
                          *(word for factor in factors for word in ("--factor", factor)))
        return target
    return snapshot


def run(case, snapshot, *options):
    words = ["fit", snapshot(case["data"], *case["factors"]), case["formula"], "--family",
             case["family"], "--method", case["method"], *options]
    if case["weights"]:
        words += ["--trials", case["weights"]]
    return merit_json(*words)


def test_all_cases_are_here():
    assert PROFILED == ["cbpp_logit_gold", "dyestuff_ml", "jsp728_ml", "sleepstudy_ml"]


@pytest.mark.parametrize("name", PROFILED)
def test_profile_intervals(name, snapshot):
    case = CASES[name]
    gaussian = case["family"] == "gaussian"
    result = run(case, snapshot, "--ci", "profile", *(() if gaussian else ("--nagq", "25")))
    rows = {row["term"]: row for row in result["tidy"]}
    for key, (low, high) in case["expect"]["profile_ci"].items():
        row = rows[NAMES.get(key, key)]
        assert row["conf.type"] == "profile"
        # As many digits as are printed: 11 (Gaussian) or 9.
        within = 1e-10 if gaussian else 1e-8
        assert row["conf.low"] == pytest.approx(low, rel=within), key
        assert row["conf.high"] == pytest.approx(high, rel=within), key
    assert [curve["term"] for curve in result["profile"]] == list(rows)
    for curve in result["profile"]:
        assert curve["value"] == sorted(curve["value"])
        assert curve["zeta"] == sorted(curve["zeta"]) and 0.0 in curve["zeta"]


@pytest.mark.parametrize("words", [
    ("contraception.csv", ["district"], "use ~ age + urban + (1 | district)", "binomial", []),
    ("epil.csv", ["subject"], "y ~ lbase4 + lage + V4 + (1 | subject)", "negbinomial", []),
    ("epil.csv", ["subject"], "y ~ lbase4 + lage + V4 + (1 | subject)", "poisson",
     ["--method", "laplace"]),
    ("wine.csv", ["judge"], "rating ~ temp + contact + (1 | judge)", "ordinal",
     ["--nagq", "15"]),
])
def test_near_the_estimate_the_curve_is_the_standard_error(words, snapshot):
    """ζ passes through the estimate with slope 1/SE, SE from differences of the gradient: at a
    level of 0.1% the interval is estimate ± 0.00125 SE."""
    data, factors, formula, family, options = words
    result = merit_json("fit", snapshot(data, *factors), formula, "--family", family, *options,
                        "--ci", "profile", "--level", "0.001")
    z = 0.0012533144654  # qnorm(.5005)
    for row in result["tidy"]:
        for end, sign in (("conf.low", -1), ("conf.high", 1)):
            assert (row[end] - row["estimate"]) / (sign * z * row["std.error"]) == pytest.approx(
                1, abs=5e-3), row["term"]


def test_reml_profiles_the_full_likelihood(snapshot):
    formula = CASES["sleepstudy_ml"]["formula"]
    data = snapshot("sleepstudy.csv", "Subject")
    ml = merit_json("fit", data, formula, "--method", "ml", "--ci", "profile")
    reml = merit_json("fit", data, formula, "--ci", "profile")
    assert ml["profile"] == reml["profile"] and not ml["notes"]
    assert any("full likelihood" in note for note in reml["notes"])


# Balanced one-way layout: RLRT is a function of F, which is F(5, 24) if τ = 0; R 4.2.2:
# pf(11271.5 / 2451.25, 5, 24, lower.tail = FALSE).
def test_exact_tau_test(snapshot):
    data = snapshot("dyestuff.csv", "Batch")
    result = merit_json("fit", data, "Yield ~ 1 + (1 | Batch)", "--tau-test", "exact")
    [test] = result["tests"]
    exact = 0.004397531268306173
    assert test["p.value"] == pytest.approx(exact, abs=4 * math.sqrt(exact / 1e6))
    assert (test["kind"], test["statistic.name"]) == ("tau", "RLRT")
    again = merit_json("fit", data, "Yield ~ 1 + (1 | Batch)", "--tau-test", "exact",
                       "--threads", "2", ranks=2)
    assert again["tests"] == result["tests"]


# R 4.2.2: logLik(glm(use ~ age + urban, binomial)).
def test_lrt_of_a_binary_model(snapshot):
    result = merit_json("fit", snapshot("contraception.csv", "district"),
                        "use ~ age + urban + (1 | district)", "--family", "binomial",
                        "--tau-test", "lrt")
    [test] = result["tests"]
    assert result["glance"]["logLik"] - test["statistic"] / 2 == pytest.approx(
        -1269.423778097824, abs=1e-9)


def test_boundary(snapshot):
    result = merit_json("fit", snapshot("dyestuff2.csv", "Batch"), "Yield ~ 1 + (1 | Batch)",
                        "--tau-test", "exact", "--ci", "profile")
    [test] = result["tests"]
    assert (test["statistic"], test["p.value"]) == (0, 1)
    [tau] = [row for row in result["tidy"] if row["term"] == "sd__(Intercept)"]
    assert tau["conf.low"] == 0 and tau["conf.high"] > 0


@pytest.mark.parametrize("options, mentions", [
    (["--tau-test", "exact", "--family", "binomial"], ["--tau-test exact", "binomial", "lrt"]),
    (["--ci", "profile", "--family", "binomial", "--method", "pql"], ["--ci profile", "pql"]),
    (["--tau-test", "lrt", "--family", "binomial", "--method", "mql"], ["--tau-test", "mql"]),
    (["--ci", "bayes"], ["--ci bayes", "profile"]),
    (["--tau-test", "wald"], ["--tau-test wald", "lrt"]),
])
def test_what_is_refused(options, mentions, snapshot):
    done = merit("fit", snapshot("contraception.csv", "district"), "use ~ age + (1 | district)",
                 *options, code=USAGE)
    check_refusal(done, *mentions)
