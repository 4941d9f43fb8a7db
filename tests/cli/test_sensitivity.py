# SPDX-License-Identifier: MIT
"""merit sensitivity: every fit is that of merit fit, the same on any ranks and threads; what
follows from them; files that are wrong."""

import csv
import io
import itertools

import numpy as np
import pytest
import scipy.stats
from program import (BAD_DATA, NO_INPUT, USAGE, check_refusal, merit, merit_json, two_level,
                     write_group)

WAVES = (2017, 2019, 2022)
STUDY = """
title = "A small study"
snapshot = "data.h5"
formula = "y ~ x + w + (1 | site)"
terms = ["x"]
df = "satterthwaite"
[waves]
column = "wave"
[left_out]
groups = ["one"]
named = [["a b", 'c"d'], "e"]
[multiverse]
formula = "{response} ~ x + {others} + (1 | site)"
response = ["y", "z"]
others = ["1", "w"]
where = ["", "w < 1"]
method = ["reml", "ml"]
"""
SITES = ["a b", 'c"d', "e", "f", "g", "h"]


def columns():
    """6 sites of 30 rows; the last is in the first two waves only. x matters in wave 2022 alone."""
    rng = np.random.default_rng(3)
    out = two_level(len(SITES), 30)
    number = out.pop("g")
    out["site"] = np.array(SITES, dtype=object)[number]
    out["wave"] = np.where(number == 5, rng.choice(WAVES[:2], number.size),
                           rng.choice(WAVES, number.size))
    out["y"] = out["y"] - 0.5 * out["x"] + np.where(out["wave"] == 2022, out["x"], 0.0)
    out["z"] = out["y"] + rng.standard_normal(number.size)
    out["event"] = (out["z"] > 1).astype(float)
    return out


@pytest.fixture(name="study")
def fixture_study(tmp_path):
    write_group(tmp_path / "data.h5", columns())

    def write(text=STUDY, name="study.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path
    return write


def of_kind(result, kind):
    return [analysis for analysis in result["analyses"] if analysis["kind"] == kind]


def check_fit(analysis, place, *options):
    """The same numbers as merit fit's, to the bit."""
    where = ["--where", analysis["where"]] if analysis["where"] else []
    method = ["--method", analysis["method"]] if analysis["method"] else []
    fit = merit_json("fit", place / "data.h5", analysis["formula"], *where, *method, *options,
                     code=None)
    keys = ("effect", "term", "estimate", "std.error", "statistic", "df", "p.value", "conf.low",
            "conf.high")
    found = [{key: row[key] for key in keys} for row in analysis["tidy"]
             if row["effect"] != "equality"]
    assert found == [{key: row.get(key) for key in keys} for row in fit["tidy"]]
    for key in ("nobs", "ngroups", "logLik", "converged", "boundary"):
        assert analysis["glance"][key] == fit["glance"][key]


def test_every_fit_is_that_of_merit_fit(study, tmp_path):
    result = merit_json("sensitivity", study())
    # base; 3 waves, pooled, interaction; 6 sites and 2 named sets; 2 × 2 × 2 × 2.
    assert len(result["analyses"]) == 1 + 5 + 8 + 16
    for analysis in result["analyses"]:
        check_fit(analysis, tmp_path, "--df", "satterthwaite")


def test_which_fits_there_are(study):
    result = merit_json("sensitivity", study())
    base, = of_kind(result, "base")
    assert base["formula"] == "y ~ x + w + (1 | site)" and base["where"] is None
    data = columns()
    for wave, analysis in zip(WAVES, of_kind(result, "wave"), strict=True):
        assert analysis["changes"] == {"wave": str(wave)}
        assert analysis["glance"]["nobs"] == np.sum(data["wave"] == wave)
    for kind in ("pooled", "interaction"):
        terms = [row["term"] for row in of_kind(result, kind)[0]["tidy"]]
        assert "factor(wave)2019" in terms and "factor(wave)2022" in terms
        assert ("x:factor(wave)2019" in terms) == (kind == "interaction")
    left_out = of_kind(result, "left out")
    sets = [[site] for site in SITES] + [["a b", 'c"d'], ["e"]]
    for names, analysis in zip(sets, left_out, strict=True):
        assert analysis["label"] == "without " + ", ".join(names)
        assert analysis["glance"]["nobs"] == np.sum(~np.isin(data["site"], names))
        assert analysis["glance"]["ngroups"] == len(SITES) - len(names)
    choices = [tuple(analysis["changes"].values()) for analysis in of_kind(result, "specification")]
    assert choices == list(itertools.product(["y", "z"], ["1", "w"], ["", "w < 1"],
                                             ["reml", "ml"]))


def test_pairs_of_groups(study):
    text = STUDY[:STUDY.index("[waves]")] + '[left_out]\ngroups = "two"\n'
    labels = [analysis["label"] for analysis in
              of_kind(merit_json("sensitivity", study(text)), "left out")]
    assert labels == [f"without {a}, {b}" for a, b in itertools.combinations(SITES, 2)]


def test_conclusions(study):
    """x is positive in the wave where it was made so, and not told from 0 in the others."""
    result = merit_json("sensitivity", study())
    conclusion, = result["conclusions"]
    assert conclusion["term"] == "x" and conclusion["base"] == "positive"
    decisions = {}
    for number, analysis in enumerate(result["analyses"], 1):
        row, = (row for row in analysis["tidy"]
                if row["term"] == "x" and row["effect"] == "fixed")
        expected = ("none" if row["p.value"] >= 0.05
                    else "positive" if row["estimate"] > 0 else "negative")
        assert row["decision"] == expected
        counts = analysis["kind"] != "interaction"  # where x is that of the first wave
        assert row["differs"] == (counts and expected != "positive")
        decisions[number] = row["differs"]
    assert conclusion["differ"] == [number for number, differs in decisions.items() if differs]
    assert conclusion["fits"] == len(decisions) - 2
    waves = {a["changes"]["wave"]: a["tidy"][1]["decision"] for a in of_kind(result, "wave")}
    assert waves == {"2017": "none", "2019": "none", "2022": "positive"}
    assert "wave 2017 (p = " in conclusion["text"]
    assert result["groups_in_some_waves"] == {"h": ["2017", "2019"]}
    table = merit("sensitivity", study()).stdout
    assert "h (2017, 2019)" in table and conclusion["text"] in table


def test_influence_of_groups_left_out(study, tmp_path):
    """Cook's distance and DFBETAS by their formulas from what merit fit prints."""
    result = merit_json("sensitivity", study())
    fit = merit_json("fit", tmp_path / "data.h5", "y ~ x + w + (1 | site)")
    beta, p = np.array([row["estimate"] for row in fit["tidy"][:3]]), 3
    vcov = np.array(fit["vcov"]["matrix"] if isinstance(fit["vcov"], dict) else fit["vcov"])
    base, = of_kind(result, "base")
    assert np.allclose(base["vcov"], vcov, rtol=1e-14)
    for analysis in result["analyses"]:
        rows = analysis["tidy"][:3]
        if analysis["kind"] != "left out":
            assert analysis["glance"]["cooks.distance"] is None
            assert all(row["dfbetas"] is None for row in rows)
            continue
        moved = beta - [row["estimate"] for row in rows]
        assert analysis["glance"]["cooks.distance"] == pytest.approx(
            moved @ np.linalg.solve(vcov, moved) / p, rel=1e-9)
        for row, by in zip(rows, moved, strict=True):
            assert row["dfbetas"] == pytest.approx(by / row["std.error"], rel=1e-9)
    worst = max(of_kind(result, "left out"), key=lambda one: one["glance"]["cooks.distance"])
    table = merit("sensitivity", study()).stdout
    lines = table[table.index("where it moves most"):].splitlines()
    assert lines[2].startswith(f"  {worst['label']} ")


def test_equality_over_waves_is_a_contrast_of_the_interaction(study, tmp_path):
    result = merit_json("sensitivity", study())
    analysis, = of_kind(result, "interaction")
    tests = {row["term"]: row for row in analysis["tidy"] if row["effect"] == "equality"}
    assert set(tests) == {"x", "w"}
    fit = merit_json("fit", tmp_path / "data.h5", "y ~ (x + w) * factor(wave) + (1 | site)",
                     "--df", "satterthwaite", "--contrast", "x:factor(wave)2019 = 0, x:factor(wave)2022 = 0")
    contrast, = fit["tests"]
    for key, name in (("statistic", "statistic"), ("p.value", "p.value"), ("df", "den.df")):
        assert tests["x"][key] == pytest.approx(contrast[name], rel=1e-12)
    assert tests["x"]["p.value"] < 0.05 < tests["w"]["p.value"]


def test_csv_has_a_row_per_fit_and_term(study):
    done = merit("sensitivity", study(), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    result = merit_json("sensitivity", study())
    tidy = [row for analysis in result["analyses"] for row in analysis["tidy"]]
    assert len(rows) == len(tidy) and None not in rows[0]
    for row, expected in zip(rows, tidy, strict=True):
        assert row["term"] == expected["term"] and row["effect"] == expected["effect"]
        for key in ("estimate", "std.error", "p.value"):
            assert (row[key] == "") == (expected[key] is None)
            assert row[key] == "" or float(row[key]) == expected[key]
    assert rows[-1]["method"] == "ml" and rows[-1]["response"] == "z" and rows[-1]["wave"] == ""


@pytest.mark.parametrize("ranks, threads", [(None, 2), (2, 1), (3, 2)])
def test_same_on_any_layout(ranks, threads, study):
    def results(**options):
        out = merit_json("sensitivity", study(), **options)
        out.pop("provenance")
        return out

    alone = merit_json("sensitivity", study(), "--threads", 1)
    spread = merit_json("sensitivity", study(), "--threads", threads, ranks=ranks)
    for out in (alone, spread):
        out.pop("provenance")
    assert alone == spread


def test_other_families(study, tmp_path):
    text = (STUDY.replace("y ~ x", "event ~ x").replace('df = "satterthwaite"', 'family = "binomial"')
            .replace('response = ["y", "z"]', 'response = ["event"]')
            .replace('["reml", "ml"]', '["agq", "laplace", "pql"]'))
    result = merit_json("sensitivity", study(text), code=None)
    assert len(of_kind(result, "specification")) == 12
    for analysis in (*of_kind(result, "base"), *of_kind(result, "specification")[:4],
                     *of_kind(result, "wave")):
        check_fit(analysis, tmp_path, "--family", "binomial")


def test_a_fit_that_the_data_refuse_is_a_row(study):
    text = STUDY.replace('where = ["", "w < 1"]', 'where = ["", "w > 1e6", "site == \'e\'"]')
    result = merit_json("sensitivity", study(text), code=1)
    failed = [analysis for analysis in result["analyses"] if "failure" in analysis]
    assert len(failed) == 16 and all("tidy" not in analysis for analysis in failed)
    rows = list(csv.DictReader(io.StringIO(
        merit("sensitivity", study(text), "--format", "csv", code=1).stdout)))
    messages = [row["message"] for row in rows if row["term"] == ""]
    assert messages == [analysis["failure"] for analysis in failed]
    table = merit("sensitivity", study(text), code=1).stdout
    assert table.count(failed[0]["failure"]) == 1  # once, however many fits have it
    # The base is no such fit.
    done = merit("sensitivity", study(STUDY.replace('df =', 'where = "w > 1e6"\ndf =')),
                 code=BAD_DATA)
    check_refusal(done, "w > 1e6")


def test_dry_run_lists_the_fits(study):
    done = merit("sensitivity", study(), "--dry-run")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("30 fits") and len(lines) == 31
    assert "  without a b, c\"d" in lines and "  waves pooled" in lines


def imputed(seed):
    """The study with some x made up anew."""
    out = columns()
    rng = np.random.default_rng(seed)
    out["x"] = np.where(rng.random(out["x"].size) < 0.2, rng.standard_normal(out["x"].size),
                        out["x"])
    return out


def rubin(estimate, std_error, df):
    """(q, se, df, fmi) by the formulas of Rubin (1987) and Barnard & Rubin (1999)."""
    m = len(estimate)
    within, between = np.mean(np.square(std_error)), (1 + 1 / m) * np.var(estimate, ddof=1)
    share = between / (within + between)
    complete = np.mean(df)
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    nu = 1 / (share**2 / (m - 1) + 1 / observed)
    r = between / within
    return np.mean(estimate), np.sqrt(within + between), nu, (r + 2 / (nu + 3)) / (r + 1)


def d1(fits, terms):
    """(F, df, p) of a test that some coefficients are 0, by the formulas of Li, Raghunathan & Rubin (1991)."""
    names = fits[0]["vcov"]["names"]
    at = [names.index(term) for term in terms]
    q = np.array([[row["estimate"] for row in fit["tidy"] if row["term"] in terms] for fit in fits])
    within = np.mean([np.array(fit["vcov"]["matrix"])[np.ix_(at, at)] for fit in fits], axis=0)
    m, k = q.shape
    r = (1 + 1 / m) * np.trace(np.cov(q.T) @ np.linalg.inv(within)) / k
    t = k * (m - 1)
    assert t > 4
    nu = 4 + (t - 4) * (1 + (1 - 2 / t) / r)**2
    f = q.mean(axis=0) @ np.linalg.solve(within, q.mean(axis=0)) / (k * (1 + r))
    return f, nu, scipy.stats.f.sf(f, k, nu)


@pytest.mark.parametrize("shape", ["snapshots", "column"])
def test_imputations_are_pooled_by_rubins_rules(shape, study, tmp_path):
    data = [imputed(seed) for seed in range(4)]
    for number, one in enumerate(data):
        write_group(tmp_path / f"{number}.h5", one)
    write_group(tmp_path / "all.h5", {
        **{name: np.concatenate([one[name] for one in data]) for name in data[0]},
        "number": np.repeat(np.arange(4), data[0]["x"].size)})
    how = ('[imputations]\nsnapshots = ["0.h5", "1.h5", "2.h5", "3.h5"]' if shape == "snapshots"
           else '[imputations]\ncolumn = "number"')
    text = STUDY.replace('snapshot = "data.h5"', "" if shape == "snapshots"
                         else 'snapshot = "all.h5"') + how + "\n"
    result = merit_json("sensitivity", study(text), ranks=2)
    assert result["imputations"] == 4 and len(result["analyses"]) == 30
    for analysis in (*of_kind(result, "base"), *of_kind(result, "wave"),
                     *of_kind(result, "left out")[:2], *of_kind(result, "specification")[:4]):
        options = ["--where", analysis["where"]] if analysis["where"] else []
        options += ["--method", analysis["method"]] if analysis["method"] else []
        fits = [merit_json("fit", tmp_path / f"{number}.h5", analysis["formula"], *options,
                           "--df", "satterthwaite")["tidy"] for number in range(4)]
        assert len(analysis["tidy"]) == len(fits[0])
        for row, *of_each in zip(analysis["tidy"], *fits, strict=True):
            values = {key: [one[key] for one in of_each] for key in ("estimate", "std.error", "df")}
            if row["effect"] == "ran_pars":
                assert row["estimate"] == pytest.approx(np.mean(values["estimate"]), rel=1e-12)
                assert row["std.error"] is None
                continue
            expected = rubin(*values.values())
            found = [row[key] for key in ("estimate", "std.error", "df", "fmi")]
            assert found == pytest.approx(expected, rel=1e-10)
            middle = (row["conf.low"] + row["conf.high"]) / 2
            assert middle == pytest.approx(row["estimate"], rel=1e-9, abs=1e-12)
    interaction, = of_kind(result, "interaction")
    tests = {row["term"]: row for row in interaction["tidy"] if row["effect"] == "equality"}
    fits = [merit_json("fit", tmp_path / f"{number}.h5",
                       "y ~ (x + w) * factor(wave) + (1 | site)") for number in range(4)]
    expected = d1(fits, ["x:factor(wave)2019", "x:factor(wave)2022"])
    assert [tests["x"][key] for key in ("statistic", "df", "p.value")] == pytest.approx(
        expected, rel=1e-9)
    assert "4 imputations by Rubin's rules" in merit("sensitivity", study(text)).stdout


WRONG = {
    "two ways to impute": ('[waves]', '[imputations]\nsnapshots = ["a.h5", "b.h5"]\n[waves]',
                           ["line 3", "[imputations] has snapshots"]),
    "one imputation": ('snapshot = "data.h5"', 'imputations.snapshots = ["a.h5"]',
                       ["line 3", "two or more"]),
    "imputations of nothing": ("[waves]", "[imputations]\n[waves]", ["line 7", "column"]),
    "unknown key": ('column = "wave"', 'colum = "wave"', ["line 8", "'colum'", "column"]),
    "unknown analysis": ('column = "wave"', 'column = "wave"\nanalyses = ["eech"]',
                         ["line 9", "'eech'", "each"]),
    "no snapshot": ('snapshot = "data.h5"', "", ["snapshot is missing"]),
    "no formula": ('formula = "y ~ x + w + (1 | site)"', "", ["formula is missing"]),
    "formula that is none": ("y ~ x + w + (1 | site)", "y ~ x +", ["line 4"]),
    "a place without a list": ("{others}", "{others} + {more}", ["{more}", "no list"]),
    "a list without a place": ("+ {others}", "", ["line 15", "nothing stands for it",
                                                  "{others}"]),
    "df": ('"satterthwaite"', '"satterthwait"', ["line 6", "satterthwaite"]),
    "a method of another family": ('["reml", "ml"]', '["reml", "agq"]',
                                   ["method agq", "reml", "1 problem", "and 5 more"]),
    "a condition that is none": ('"w < 1"', '"w <"', ["1 problem", "expected a value", "5 more",
                                                      "response y"]),
    "no groups": ('"e"]', "[]]", ["line 11", "a list of no groups"]),
    "groups that are no names": ('"e"]', "{ a = 1 }]", ["line 11", "names in quotes"]),
    "no TOML": ("[waves]", "[waves", ["line 7", "TOML"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_that_are_wrong(name, study):
    old, new, mentions = WRONG[name]
    assert old in STUDY
    for ranks in (None, 2):
        done = merit("sensitivity", study(STUDY.replace(old, new)), code=USAGE, ranks=ranks)
        check_refusal(done, "study.toml", *mentions)


def test_everything_wrong_at_once(study):
    text = STUDY.replace("colum", "colunm").replace('df = "satterthwaite"', 'df = "x"')
    check_refusal(merit("sensitivity", study(text), code=USAGE), "3 problems", "line 6", "line 8")


def test_nothing_is_varied(study):
    done = merit("sensitivity", study(STUDY[:STUDY.index("[waves]")]), code=USAGE)
    check_refusal(done, "nothing is varied")


def test_what_the_data_do_not_have(study, tmp_path):
    text = STUDY.replace('column = "wave"', 'column = "wav"')
    check_refusal(merit("sensitivity", study(text), code=BAD_DATA), "'wav'", "wave")
    text = STUDY.replace('"e"]', '"ee"]')
    check_refusal(merit("sensitivity", study(text), code=USAGE), "site", "'ee'")
    text = STUDY.replace('terms = ["x"]', 'terms = ["x", "xx"]')
    check_refusal(merit("sensitivity", study(text), code=USAGE), "no coefficient 'xx'", "'x'")
    text = STUDY.replace("data.h5", "none.h5")
    check_refusal(merit("sensitivity", study(text), code=NO_INPUT), "none.h5")
    check_refusal(merit("sensitivity", tmp_path / "none.toml", code=NO_INPUT), "none.toml")


def test_too_many_fits(study):
    done = merit("sensitivity", study(), "--max-tasks", 29, code=USAGE)
    check_refusal(done, "more than 29 fits", "--max-tasks")
    merit("sensitivity", study(), "--max-tasks", 30, "--dry-run")
