# SPDX-License-Identifier: MIT
"""Small-sample inference of merit fit against lmerTest, pbkrtest and clubSandwich.

    MERIT=build/dev/merit python3 -m pytest tests/oracle/test_small_samples.py

Satterthwaite and Kenward-Roger come with the reference cases (README.md); what follows below was
computed with R 4.2.2, lme4 1.1-31, clubSandwich 0.5.8 and pbkrtest 0.5.2 on fits by nloptwrap with
xtol_abs = ftol_abs = 1e-14, which leaves about 1e-8 in the variances.
"""

import functools
import json
import pathlib
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "cli"))
from program import DATA, USAGE, check_refusal, make_snapshot, merit, merit_json  # noqa: E402

CASES = {path.stem: json.loads(path.read_text(encoding="utf-8"))
         for path in sorted((HERE / "cases").glob("*.json"))}
CORRECTED = [name for name, case in CASES.items() if "kenward_roger" in case["expect"]]

JSP = "mathAge11 ~ mathAge8 + gender + class + (1 | school)"
SINGLETONS = "y ~ x + (1 | g)"

# clubSandwich: vcovCR(m, type = ...), coef_test(m, vcov, test = "Satterthwaite"); SE and df by term.
ROBUST = {
    ("jsp728", "CR0"): ([1.2888762863189673, 0.0403747713661585, 0.3110258180805032,
                         0.3725611221002036],
                        [34.4574905750546, 32.6226913629514, 34.0211525769123, 30.6851405827146]),
    ("jsp728", "CR1"): ([1.3025155686487189, 0.0408020295223583, 0.3143171882373377,
                         0.3765036776296612],
                        [34.4574905750546, 32.6226913629514, 34.0211525769123, 30.6851405827146]),
    ("jsp728", "CR2"): ([1.3115806567388697, 0.0411246287486173, 0.3158686432901794,
                         0.3801309834646256],
                        [33.9616482159771, 32.0742551350248, 33.4754258312634, 29.9538045018586]),
    ("jsp728", "CR3"): ([1.335624374666725, 0.041946823430659, 0.320859909819311,
                         0.388804777875183],
                        [33.4430798593967, 31.5068880593679, 32.9139122422042, 29.1913562240384]),
    ("singletons", "CR0"): ([0.224327829334580, 0.126531074081173],
                            [34.3641095163919, 13.8140883937386]),
    ("singletons", "CR1"): ([0.227185623899555, 0.128142999881383],
                            [34.3641095163919, 13.8140883937386]),
    ("singletons", "CR2"): ([0.228095108257994, 0.130282340725372],
                            [34.2161129354220, 12.8250682964083]),
    ("singletons", "CR3"): ([0.231942816416287, 0.133829383208412],
                            [34.0436883337260, 11.8590054683289]),
}
# Joint tests: options, hypothesis, F, denominator df, p.
#   Wald_test(m, L, vcov = vcovCR(m, type = "CR2"), test = "HTZ"); KRmodcomp(m, L), Ftest;
#   lmerTest 3.1-3 contestMD(m, L)
JOINT = [
    ("jsp728", ["--vcov", "CR2"], "mathAge8 = 0, classnonmanual = 0",
     121.666844076911, 29.9870780005385, 4.07496298599033e-15),
    ("jsp728", ["--df", "kr"], "mathAge8 = 0, classnonmanual = 0",
     343.963804015769, 718.793174547144, 1.57954587777980e-105),
    ("jsp728", ["--df", "satterthwaite"], "mathAge8 = 0, classnonmanual = 0",
     345.227950157627, 719.50749058547, 7.75966132544649e-106),
    ("singletons", ["--vcov", "CR2"], "(Intercept) = x = 0",
     14.7082762515726, 19.355905260974467, 0.000130510594475418),
    ("singletons", ["--df", "kr"], "(Intercept) = 0, x = 0",
     12.6248633311724, 55.7795623936727, 3.00054348711855e-05),
    ("singletons", ["--df", "satterthwaite"], "x, (Intercept)",
     13.126902481405, 42.7768766617272, 3.58735839707884e-05),
]
MODELS = {"jsp728": (JSP, "school"), "singletons": (SINGLETONS, "g")}


@pytest.fixture(scope="module", name="snapshot")
def fixture_snapshot():
    with tempfile.TemporaryDirectory() as directory:
        @functools.lru_cache(maxsize=None)
        def snapshot(data, *factors):
            target = pathlib.Path(directory) / f"{pathlib.Path(data).stem}{'-'.join(factors)}.h5"
            return make_snapshot(DATA / data, target,
                                 *(word for factor in factors for word in ("--factor", factor)))
        yield snapshot


def fixed(result):
    return {row["term"]: row for row in result["tidy"] if row["effect"] == "fixed"}


def test_all_cases_are_here():
    assert len(CORRECTED) == 6


@pytest.mark.parametrize("name", CORRECTED)
def test_satterthwaite(name, snapshot):
    case = CASES[name]
    result = merit_json("fit", snapshot(case["data"], *case["factors"]), case["formula"],
                        "--df", "satterthwaite")
    rows = fixed(result)
    for term, df in case["expect"]["satterthwaite_df"].items():
        # By numerical derivatives: see below.
        assert rows[term]["df"] == pytest.approx(df, rel=3e-8), term
        assert rows[term]["std.error"] == pytest.approx(case["expect"]["std.error"][term],
                                                        rel=1e-12)
    assert result["options"]["df"] == "satterthwaite"


def test_satterthwaite_keeps_its_digits(snapshot):
    """The formula in 40-digit arithmetic (mpmath 1.3), derivatives by differences; the reference
    case differs from it by 1.5e-8."""
    exact = {"(Intercept)": 29.6200637233036, "x": 77.777934204666}
    rows = fixed(merit_json("fit", snapshot("singletons.csv", "g"), SINGLETONS,
                            "--df", "satterthwaite"))
    for term, df in exact.items():
        assert rows[term]["df"] == pytest.approx(df, rel=2e-14)


@pytest.mark.parametrize("name", CORRECTED)
def test_kenward_roger(name, snapshot):
    case = CASES[name]
    result = merit_json("fit", snapshot(case["data"], *case["factors"]), case["formula"],
                        "--df", "kr")
    rows = fixed(result)
    expect = case["expect"]["kenward_roger"]
    for at, term in enumerate(result["vcov"]["names"]):
        assert rows[term]["df"] == pytest.approx(expect["df"][term], rel=1e-8), term
        assert rows[term]["std.error"] == pytest.approx(expect["std.error"][term], rel=1e-9)
        assert result["vcov"]["matrix"][at][at] == pytest.approx(
            expect["std.error"][term] ** 2, rel=1e-8)


@pytest.mark.parametrize("name, kind", ROBUST)
def test_cluster_robust(name, kind, snapshot):
    formula, group = MODELS[name]
    data = snapshot(f"{name}.csv", group)
    rows = list(fixed(merit_json("fit", data, formula, "--vcov", kind)).values())
    for row, se, df in zip(rows, *ROBUST[name, kind], strict=True):
        assert row["std.error"] == pytest.approx(se, rel=1e-7)
        assert row["df"] == pytest.approx(df, rel=1e-6)
    # Another reference distribution leaves the standard errors alone.
    for row, se in zip(fixed(merit_json("fit", data, formula, "--vcov", kind, "--df",
                                        "between-within")).values(), ROBUST[name, kind][0],
                       strict=True):
        assert row["std.error"] == pytest.approx(se, rel=1e-7)


@pytest.mark.parametrize("name, options, hypothesis, statistic, den_df, p", JOINT)
def test_joint_tests(name, options, hypothesis, statistic, den_df, p, snapshot):
    formula, group = MODELS[name]
    result = merit_json("fit", snapshot(f"{name}.csv", group), formula, *options,
                        "--contrast", hypothesis)
    [test] = result["tests"]
    assert (test["kind"], test["hypothesis"], test["num.df"]) == ("contrast", hypothesis, 2)
    assert test["statistic"] == pytest.approx(statistic, rel=1e-6)
    assert test["den.df"] == pytest.approx(den_df, rel=1e-6)
    assert test["p.value"] == pytest.approx(p, rel=1e-4)
    [row] = [row for row in result["tidy"] if row["effect"] == "contrast"]
    assert (row["term"], row["statistic"], row["df"]) == (
        hypothesis, test["statistic"], test["den.df"])


def test_contrast_of_one_row(snapshot):
    """A coefficient, moved, is tested as in its own row; F is t²."""
    data = snapshot("jsp728.csv", "school")
    result = merit_json("fit", data, JSP, "--df", "kr", "--contrast", "mathAge8",
                        "--contrast", "genderM = 0.5", "--contrast", "genderM - classnonmanual")
    own = fixed(result)
    first, moved, difference = [row for row in result["tidy"] if row["effect"] == "contrast"]
    for key in ("estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high"):
        assert first[key] == pytest.approx(own["mathAge8"][key], rel=1e-12), key
    assert moved["statistic"] == pytest.approx(
        (own["genderM"]["estimate"] - 0.5) / own["genderM"]["std.error"])
    assert moved["conf.low"] == pytest.approx(own["genderM"]["conf.low"])
    assert difference["estimate"] == pytest.approx(
        own["genderM"]["estimate"] - own["classnonmanual"]["estimate"])
    for row, test in zip((first, moved, difference), result["tests"], strict=True):
        assert test["statistic"] == pytest.approx(row["statistic"] ** 2)
        assert test["p.value"] == pytest.approx(row["p.value"], rel=1e-8)


def test_between_within(snapshot):
    """48 schools, 728 pupils, three columns that vary within schools."""
    rows = fixed(merit_json("fit", snapshot("jsp728.csv", "school"), JSP,
                            "--df", "between-within"))
    assert [row["df"] for row in rows.values()] == [47, 677, 677, 677]


def test_between_within_of_other_families(snapshot):
    """60 districts, 1,934 women: urban and age vary within districts. Wine: 9 judges, 72 ratings;
    thresholds are intercepts."""
    data = snapshot("contraception.csv", "district")
    rows = fixed(merit_json("fit", data, "use ~ urban + age + (1 | district)", "--family",
                            "binomial", "--df", "between-within"))
    assert [row["df"] for row in rows.values()] == [59, 1872, 1872]
    wine = merit_json("fit", snapshot("wine.csv", "judge"),
                      "rating ~ temp + contact + (1 | judge)", "--family", "ordinal",
                      "--df", "between-within", "--contrast", "1|2 = 2|3")
    assert [row["df"] for row in fixed(wine).values()] == [8, 8, 8, 8, 61, 61]
    assert wine["tests"][0]["den.df"] == 8


@pytest.mark.parametrize("options, mentions", [
    (["--df", "kr", "--method", "ml"], ["--df kr", "--method ml"]),
    (["--df", "kr", "--vcov", "CR2"], ["--df kr", "--vcov CR2"]),
    (["--df", "satterthwaite", "--family", "binomial"], ["--df satterthwaite", "binomial"]),
    (["--vcov", "CR1", "--family", "poisson"], ["--vcov CR1", "poisson"]),
    (["--df", "welch"], ["--df welch", "satterthwaite"]),
    (["--vcov", "HC3"], ["--vcov HC3", "CR2"]),
    (["--contrast", "mathAge9"], ["mathAge9", "mathAge8"]),
    (["--contrast", "mathAge8, mathAge8 = 1"], ["depend"]),
])
def test_what_is_refused(options, mentions, snapshot):
    done = merit("fit", snapshot("jsp728.csv", "school"), JSP, *options, code=USAGE)
    check_refusal(done, *mentions)
