# SPDX-License-Identifier: MIT
"""merit fit against every Gaussian reference case in cases/ (README.md says what they hold).

    MERIT=build/dev/merit python3 -m pytest tests/oracle               also prints the digits
    MERIT=build/dev/merit python3 -m pytest tests/oracle -k sleepstudy

The snapshot is made by scripts/make_snapshot.py, so that text, snapshot, design and fit are
tested in one go.
"""

import functools
import json
import math
import pathlib
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "cli"))
from program import BAD_DATA, DATA, check_refusal, make_snapshot, merit, merit_json  # noqa: E402

CASES = {path.stem: json.loads(path.read_text(encoding="utf-8"))
         for path in sorted((HERE / "cases").glob("*.json"))}
CASES = {name: case for name, case in CASES.items() if case["family"] == "gaussian"}
FITTED = [name for name, case in CASES.items() if "outcome" not in case["expect"]]
REFUSED = [name for name, case in CASES.items() if case["expect"].get("outcome") == "refuse"]
ALIASED = [name for name, case in CASES.items()
           if case["expect"].get("outcome") == "drop_or_refuse"]

# Far tighter than the cases' tolerances: what merit reaches (14.2 or more), less one digit.
# References are printed with 15 or 16 digits.
KEPT_DIGITS = 13.0
# A mode is y less x·β, both near 2·10⁶ here, so that 16 digits of those leave 10 of the mode.
KEPT_MODE_DIGITS = {"illcond_x_ml": 10.0, "illcond_x_reml": 10.0}


def write_smls(number, path):
    """NIST's SmLs01 … SmLs09 by NIST's rule: 9 treatments, b tenths on a rising offset."""
    per_treatment = (21, 201, 2001)[(number - 1) % 3]
    offset = (1, 10**6, 10**12)[(number - 1) // 3]

    def tenths(i):
        return 2 if i == 1 else 1 if i % 2 == 0 else 3

    with open(path, "w", encoding="ascii") as file:
        file.write("treatment,y\n")
        for t in range(1, 10):
            for r in range(1, per_treatment + 1):
                s = tenths(t) + tenths(r)
                file.write(f"T{t},{offset + s // 10}.{s % 10}\n")


@pytest.fixture(scope="module", name="snapshot_of")
def fixture_snapshot_of():
    """case -> path of its snapshot; made once for all cases with the same data."""
    with tempfile.TemporaryDirectory() as directory:
        @functools.lru_cache(maxsize=None)
        def snapshot(data, factors):
            source = DATA / data
            if not source.exists():  # SmLs03, 06, 09: 18,009 rows each
                source = pathlib.Path(directory) / data
                write_smls(int(data[4:6]), source)
            target = pathlib.Path(directory) / f"{source.stem}{len(factors)}.h5"
            return make_snapshot(source, target,
                                 *(word for factor in factors for word in ("--factor", factor)))

        def snapshot_of(case):
            factors = tuple(f if isinstance(f, str) else f"{f['name']}={','.join(f['levels'])}"
                            for f in case["factors"])
            return snapshot(case["data"], factors)

        yield snapshot_of


@pytest.fixture(scope="module", name="fit")
def fixture_fit(snapshot_of):
    """case name -> what merit fit finds; each fitted once."""
    @functools.lru_cache(maxsize=None)
    def fit(name):
        case = CASES[name]
        return merit_json("fit", snapshot_of(case), case["formula"], "--ranef",
                          "--family", case["family"], "--link", case["link"],
                          "--method", case["method"])
    return fit


def rows(result, effect):
    return [row for row in result["tidy"] if row["effect"] == effect]


def found(result):
    """merit's numbers under the names that the cases use."""
    fixed = {row["term"]: row for row in rows(result, "fixed")}
    sd = {row["term"]: row["estimate"] for row in rows(result, "ran_pars")}
    return {"fixed": {term: row["estimate"] for term, row in fixed.items()},
            "std.error": {term: row["std.error"] for term, row in fixed.items()},
            "sd_group": sd["sd__(Intercept)"], "sigma": sd["sd__Observation"],
            "logLik": result["glance"]["logLik"], "icc": result["glance"]["icc"],
            "ranef": {row["level"]: [row["estimate"], row["std.error"]]
                      for row in rows(result, "ran_vals")}}


def digits(reference, value):
    """Matching digits, at most 16; a reference of 0 is matched by 0 alone."""
    error = abs(value - reference)
    if error == 0.0:
        return 16.0
    return min(16.0, -math.log10(error / abs(reference))) if reference else 0.0


def check_tolerances(expect, tolerance, result):
    """The rule of README.md, quantity by quantity."""
    relative = tolerance["estimate_rel"]
    got = found(result)
    glance = result["glance"]
    assert (glance["nobs"], glance["ngroups"]) == (expect["nobs"], expect["ngroups"])
    assert glance["boundary"] is expect["boundary"] and glance["converged"] is True
    assert got["fixed"].keys() == expect["fixed"].keys()
    for term, reference in expect["fixed"].items():
        se = expect["std.error"][term]
        allowed = min(relative * max(abs(reference), se), tolerance.get("estimate_per_se", 1) * se)
        assert abs(got["fixed"][term] - reference) <= allowed, term
        assert abs(got["std.error"][term] - se) <= tolerance["se_rel"] * se, term
    for name in ("sd_group", "sigma"):
        reference = expect[name]
        allowed = relative * reference if reference else tolerance["zero_abs"]
        assert abs(got[name] - reference) <= allowed, name
    assert abs(got["logLik"] - expect["logLik"]) <= tolerance["logLik_abs"]
    for level, (mode, sd) in expect.get("ranef", {}).items():
        assert abs(got["ranef"][level][0] - mode) <= 10 * relative * max(abs(mode), sd), level
        assert abs(got["ranef"][level][1] - sd) <= 10 * relative * sd, level


def fewest_digits(expect, result):
    """{kind of quantity: matching digits of the worst}."""
    got = found(result)
    fewest = {kind: min(digits(reference, got[kind][term])
                        for term, reference in expect[kind].items())
              for kind in ("fixed", "std.error")}
    for kind in ("sd_group", "sigma", "icc", "logLik"):
        fewest[kind] = digits(expect[kind], got[kind])
    for at, kind in enumerate(("mode", "conditional sd") if "ranef" in expect else ()):
        fewest[kind] = min(digits(pair[at], got["ranef"][level][at])
                           for level, pair in expect["ranef"].items())
    return fewest


def test_all_cases_are_here():
    assert (len(FITTED), len(REFUSED), len(ALIASED)) == (35, 2, 2)


@pytest.mark.parametrize("name", FITTED)
def test_within_the_tolerances(name, fit):
    check_tolerances(CASES[name]["expect"], CASES[name]["tolerance"], fit(name))


@pytest.mark.parametrize("name", FITTED)
def test_keeps_its_digits(name, fit, digits_table):
    fewest = fewest_digits(CASES[name]["expect"], fit(name))
    line = f"{name:<22}" + "  ".join(f"{kind} {value:.1f}" for kind, value in fewest.items())
    if certified := CASES[name].get("expect_certified"):
        got = found(fit(name))  # of the decimal numbers: out of reach of doubles for 07–09
        line += "  | NIST's certified table: " + "  ".join(
            f"{kind} {digits(certified[kind], got[kind]):.1f}" for kind in ("sd_group", "sigma"))
    digits_table.append(line)
    for kind, value in fewest.items():
        kept = KEPT_MODE_DIGITS.get(name, KEPT_DIGITS) if kind == "mode" else KEPT_DIGITS
        assert value >= kept, kind


@pytest.mark.parametrize("name", [name for name in FITTED if name.startswith("smls")])
def test_nist_data_follow_nists_rule(name, tmp_path):
    stored = DATA / CASES[name]["data"]
    if stored.exists():
        write_smls(int(name[4:6]), tmp_path / "generated.csv")
        assert (tmp_path / "generated.csv").read_bytes() == stored.read_bytes()


@pytest.mark.parametrize("number", range(1, 10))
def test_nist_certified_values(number, fit):
    """What is exact for the decimal numbers is matched as far as doubles carry it: values near
    10⁶ are stored to 10⁻¹⁰, near 10¹² to 10⁻⁴, against a sigma of 0.1."""
    within = (1e-13, 1e-9, 1e-3)[(number - 1) // 3]
    for method in ("ml", "reml"):
        certified = CASES[f"smls{number:02}_{method}"]["expect_certified"]
        got = found(fit(f"smls{number:02}_{method}"))
        for kind in ("sd_group", "sigma"):
            assert got[kind] == pytest.approx(certified[kind], rel=within)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, snapshot_of):
    case = CASES[name]
    done = merit("fit", snapshot_of(case), case["formula"], "--method", case["method"],
                 code=BAD_DATA)
    check_refusal(done, *case["expect"]["mention"])


@pytest.mark.parametrize("name", ALIASED)
def test_aliased_column_is_refused_or_dropped(name, snapshot_of):
    case = CASES[name]
    command = ("fit", snapshot_of(case), case["formula"], "--method", case["method"])
    dropped = case["expect"]["if_dropped"]
    check_refusal(merit(*command, code=BAD_DATA), dropped["dropped"], "--drop-collinear")

    result = merit_json(*command, "--drop-collinear")
    check_tolerances(dropped, case["tolerance"], result)
    assert any(dropped["dropped"] in note for note in result["notes"])
