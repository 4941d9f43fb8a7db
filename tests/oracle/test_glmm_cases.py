# SPDX-License-Identifier: MIT
"""merit fit against every binary, count and ordinal reference case in cases/ (README.md).

    MERIT=build/dev/merit python3 -m pytest tests/oracle/test_glmm_cases.py

Quadrature is checked against optima of a 101-point likelihood, 7 points and Laplace against
optima of those rules: merit maximises the rule itself, so each is matched as it stands.
"""

import functools
import json
import pathlib
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "cli"))
from program import DATA, make_snapshot, merit, merit_json  # noqa: E402

CASES = {path.stem: json.loads(path.read_text(encoding="utf-8"))
         for path in sorted((HERE / "cases").glob("*.json"))}
CASES = {name: case for name, case in CASES.items() if case["family"] != "gaussian"}
FITTED = [name for name, case in CASES.items() if "outcome" not in case["expect"]]
SEPARATED = [name for name, case in CASES.items()
             if case["expect"].get("outcome") == "report"]


@pytest.fixture(scope="module", name="snapshot_of")
def fixture_snapshot_of():
    with tempfile.TemporaryDirectory() as directory:
        @functools.lru_cache(maxsize=None)
        def snapshot(data, factors):
            target = pathlib.Path(directory) / f"{pathlib.Path(data).stem}{len(factors)}.h5"
            return make_snapshot(DATA / data, target,
                                 *(word for factor in factors for word in ("--factor", factor)))

        yield lambda case: snapshot(case["data"], tuple(case["factors"]))


def command(case, snapshot):
    """The case as arguments of merit fit."""
    words = ["fit", snapshot, case["formula"], "--family", case["family"],
             "--link", case["link"], "--method", case["method"]]
    for key, option in (("nagq", "--nagq"), ("weights", "--trials"), ("offset", "--offset")):
        if case[key]:
            words += [option, case[key]]
    return words


@pytest.fixture(scope="module", name="fit")
def fixture_fit(snapshot_of):
    @functools.lru_cache(maxsize=None)
    def fit(name):
        return merit_json(*command(CASES[name], snapshot_of(CASES[name])), "--ranef")
    return fit


def close(value, reference, allowed, what):
    assert abs(value - reference) <= allowed, f"{what}: {value} instead of {reference}"


def test_all_cases_are_here():
    assert (len(FITTED), len(SEPARATED)) == (12, 2)


@pytest.mark.parametrize("name", FITTED)
def test_within_the_tolerances(name, fit):
    expect, tolerance, result = CASES[name]["expect"], CASES[name]["tolerance"], fit(name)
    glance = result["glance"]
    assert (glance["nobs"], glance["ngroups"]) == (expect["nobs"], expect["ngroups"])
    assert glance["converged"] is True and glance["boundary"] is False
    rows = {row["term"]: row for row in result["tidy"] if row["effect"] == "fixed"}
    fixed = {**expect["fixed"], **expect.get("thresholds", {})}
    std_error = {**expect["std.error"], **expect.get("thresholds_se", {})}
    assert rows.keys() == fixed.keys()
    relative = tolerance["estimate_rel"]
    for term, reference in fixed.items():
        se = std_error[term]
        close(rows[term]["estimate"], reference, relative * max(abs(reference), se), term)
        close(rows[term]["std.error"], se, tolerance["se_rel"] * se, f"se of {term}")
    sd = next(row for row in result["tidy"] if row["term"] == "sd__(Intercept)")
    close(sd["estimate"], expect["sd_group"], relative * expect["sd_group"], "sd")
    if "sd_group_se" in expect:
        close(sd["std.error"], expect["sd_group_se"],
              tolerance["se_rel"] * expect["sd_group_se"], "se of sd")
    if expect["logLik"] is not None:
        close(glance["logLik"], expect["logLik"], tolerance["logLik_abs"], "logLik")
    if "icc" in expect:
        close(glance["icc"], expect["icc"], 2 * relative, "icc")
    modes = {row["level"]: row for row in result["tidy"] if row["effect"] == "ran_vals"}
    for level, (mode, mode_sd) in expect.get("ranef", {}).items():
        close(modes[level]["estimate"], mode, 10 * relative * max(abs(mode), mode_sd), level)
        close(modes[level]["std.error"], mode_sd, 10 * relative * mode_sd, f"sd of {level}")


VARIANTS = {"inner_ml_free_scale": ["--pql-inner", "ml"],
            "inner_reml_scale_1": ["--pql-scale", "1"],
            "inner_ml_scale_1": ["--pql-inner", "ml", "--pql-scale", "1"]}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", [name for name in FITTED if name.endswith("_pql")])
def test_variants_of_pql(name, variant, snapshot_of):
    case = CASES[name]
    expect, tolerance = case["alternatives"][variant], case["tolerance"]
    result = merit_json(*command(case, snapshot_of(case)), *VARIANTS[variant])
    rows = {row["term"]: row for row in result["tidy"]}
    for term, reference in expect["fixed"].items():
        se = expect["std.error"][term]
        close(rows[term]["estimate"], reference,
              tolerance["estimate_rel"] * max(abs(reference), se), term)
        close(rows[term]["std.error"], se, tolerance["se_rel"] * se, f"se of {term}")
    close(rows["sd__(Intercept)"]["estimate"], expect["sd_group"],
          tolerance["estimate_rel"] * expect["sd_group"], "sd")
    if "free" in variant:
        close(rows["sd__Observation"]["estimate"], expect["working_scale"],
              tolerance["estimate_rel"] * expect["working_scale"], "scale")
    else:
        assert "sd__Observation" not in rows


@pytest.mark.parametrize("name", SEPARATED)
def test_separation_is_named_and_marked(name, snapshot_of):
    """By construction of the data: y = 1 exactly when x > 0; no event at level c of f."""
    column, infinity = {"separable_logit": ("x", "Inf"),
                        "quasi_separable_logit": ("fc", "-Inf")}[name]
    words = command(CASES[name], snapshot_of(CASES[name]))
    result = merit_json(*words, code=1)
    assert result["glance"]["converged"] is False
    assert "separation" in result["glance"]["message"]
    assert column in result["glance"]["message"]
    estimates = {row["term"]: row["estimate"] for row in result["tidy"]}
    assert estimates[column] == infinity
    assert all(isinstance(value, float) for term, value in estimates.items() if term != column
               and not term.startswith("sd__"))
    assert infinity in merit(*words, code=1).stdout
