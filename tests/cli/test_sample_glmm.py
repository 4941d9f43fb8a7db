# SPDX-License-Identifier: MIT
"""merit sample for binary, count and ordinal outcomes: exact reference posteriors, the same bits
anywhere, resumed or not."""

import h5py
import numpy as np
import pandas as pd
import pytest
from program import (DATA, ROOT, USAGE, check_refusal, make_snapshot, merit, merit_json, two_level,
                     write_group)

from h5same import differences

STOPPED = 75
DRAWS = ["--draws", 25_000, "--nagq", 21, "--progress", "none"]

SEEDS = "cbind(germinated, seeds - germinated) ~ x1 * x2 + (1 | plate)"
SURGICAL = "cbind(deaths, operations - deaths) ~ 1 + (1 | hospital)"

# Posterior means and sds by tensor quadrature (21 points per plate or hospital, Gauss-Hermite over
# the coefficients, a grid of 70 sds; 4 to 5 digits): Seeds and Surgical of the BUGS examples.
SEEDS_TERMS = ["(Intercept)", "x1", "x2", "x1:x2", "sd__(Intercept)"]
REFERENCE = {
    "seeds, gamma precision": (SEEDS, ["b~flat", "sd~inv_gamma_var(0.001, 0.001)"], dict(zip(
        SEEDS_TERMS, [(-.55123, .19261), (.08269, .31351), (1.35308, .27360), (-.82543, .43471),
                      (.28458, .14362)]))),
    "seeds, uniform sd": (SEEDS, ["sd~uniform(0, 10)"], dict(zip(
        SEEDS_TERMS, [(-.55057, .21500), (.06519, .34399), (1.36520, .30515), (-.84105, .47795),
                      (.35165, .15023)]))),
    "seeds, exponential sd": (SEEDS, ["sd~exponential(1)"], dict(zip(
        SEEDS_TERMS, [(-.55064, .20702), (.07079, .33303), (1.36110, .29394), (-.83611, .46259),
                      (.33001, .14421)]))),
    "seeds, posteriordb": (SEEDS, ["b~normal(0, 1)", "(Intercept)~normal(0, 1)",
                                   "sd~half_cauchy(1)"], dict(zip(
        SEEDS_TERMS, [(-.46025, .19336), (-.05328, .30303), (1.19584, .26619),
                      (-.60230, .40029), (.33138, .14147)]))),
    "surgical, gamma precision": (SURGICAL, ["sd~inv_gamma_var(0.001, 0.001)"], {
        "(Intercept)": (-2.55376, .15340), "sd__(Intercept)": (.40349, .15810)}),
    "surgical, flat sd": (SURGICAL, ["sd~flat"], {
        "(Intercept)": (-2.56444, .17016), "sd__(Intercept)": (.46460, .18088)}),
    "surgical, half-t sd": (SURGICAL, ["sd~half_t(3, 2.5)"], {
        "(Intercept)": (-2.56381, .16890), "sd__(Intercept)": (.46072, .17708)}),
}


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("glmm")
    make_snapshot(DATA / "seeds.csv", place / "seeds.h5", "--factor", "plate")
    make_snapshot(DATA / "surgical.csv", place / "surgical.h5", "--factor", "hospital")
    columns = two_level(14, 20)
    rng = np.random.default_rng(2)
    columns["count"] = rng.poisson(np.exp(0.4 * columns["y"]))
    columns["varied"] = rng.negative_binomial(3, 3 / (3 + np.exp(0.4 * columns["y"] + 1)))
    columns["event"] = (columns["y"] > 1).astype(int)
    columns["grade"] = np.clip(np.floor(columns["y"] + 1), 0, 3).astype(int)
    write_group(place / "study.h5", columns)
    return place


@pytest.mark.parametrize("case", REFERENCE)
def test_reference_posteriors(case, place, tmp_path):
    formula, priors, expected = REFERENCE[case]
    options = [word for prior in priors for word in ("--prior", prior)]
    result = merit_json("sample", place / f"{case.split(',')[0]}.h5", formula, "--family",
                        "binomial", *DRAWS, "--prior", "flat", *options, "--output",
                        tmp_path / "a.h5")
    rows = {row["term"]: row for row in result["tidy"]}
    assert set(rows) == set(expected)
    with h5py.File(tmp_path / "a.h5") as file:
        value = file["draws/value"]
        draws = dict(zip(value.attrs["columns"], value[:].T))
    for term, (mean, sd) in expected.items():
        row = rows[term]
        # The references have 4 to 5 digits.
        assert abs(row["estimate"] - mean) < 4 * row["mcse"] + 2e-4 * sd + 1e-5, term
        # MCSE of the sd from the fourth moment and the effective number of draws.
        d = draws[term] - draws[term].mean()
        error = (((d ** 4).mean() - sd ** 4) / row["ess_tail"]) ** 0.5 / (2 * sd)
        assert abs(row["std.error"] - sd) < 4 * error + 2e-4 * sd, term
        assert row["rhat"] < 1.01
    assert result["glance"]["sampler"]["acceptance"] > 0.85
    assert result["glance"]["sampler"]["pareto_k"] < 0.5


# Mortality of the 12 hospitals, invlogit(intercept + u): posterior means by the same quadrature, six
# decimals.
SURGICAL_RATES = [.053234, .103159, .070747, .059302, .051782, .069262, .066730, .123145, .069991,
                  .078549, .102137, .068523]


def test_rates_of_the_surgical_hospitals(place, tmp_path):
    result = merit_json("sample", place / "surgical.h5", SURGICAL, "--family", "binomial", *DRAWS,
                        "--prior", "flat", "--prior", "sd~inv_gamma_var(0.001, 0.001)",
                        "--save-groups", "draws", "--output", tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        value = file["draws/value"]
        columns = list(value.attrs["columns"])
        levels = list(file["fit/groups/level"].asstr()[:])
        draws = dict(zip(columns, value[:].T))
    assert columns[-12:] == [f"r_hospital[{level}]" for level in levels]
    rows = [row for row in result["tidy"] if row["effect"] == "ran_vals"]
    assert [row["level"] for row in rows] == levels
    hospitals = list(pd.read_csv(DATA / "surgical.csv")["hospital"].astype(str))
    for level, row in zip(levels, rows):
        u = draws[f"r_hospital[{level}]"]
        assert row["estimate"] == pytest.approx(u.mean(), abs=1e-12)
        rate = 1 / (1 + np.exp(-draws["(Intercept)"] - u))
        batches = rate.reshape(200, -1).mean(axis=1)
        error = batches.std(ddof=1) / 200 ** 0.5
        expected = SURGICAL_RATES[hospitals.index(level)]
        assert abs(rate.mean() - expected) < 4 * error + 1e-6, level


FAMILIES = {"binomial": "event ~ x + w + (1 | g)", "poisson": "count ~ x + w + (1 | g)",
            "negbinomial": "varied ~ x + (1 | g)", "ordinal": "grade ~ x + w + (1 | g)"}


@pytest.mark.parametrize("family", FAMILIES)
def test_same_bits_anywhere_and_near_the_fit(family, place, tmp_path):
    words = ["sample", place / "study.h5", FAMILIES[family], "--family", family, "--draws", 800,
             "--chains", 3, "--save-groups", "draws", "--progress", "none"]
    one = merit(*words, "--threads", 1, "--output", tmp_path / "one.h5")
    two = merit(*words, "--threads", 2, "--output", tmp_path / "two.h5", ranks=2)
    with h5py.File(tmp_path / "one.h5") as a, h5py.File(tmp_path / "two.h5") as b:
        assert not list(differences(a, b, {"/provenance"}))
        value, status = a["draws/value"][:], a["draws/status"][:]
        columns = list(a["draws/value"].attrs["columns"])
        log_likelihood = a["draws/log_likelihood"][:]
        fit = dict(zip(a["fit/term"].asstr()[:],
                       zip(a["fit/estimate"][:], a["fit/std_error"][:])))
        best = a["fit"].attrs["log_likelihood"]
    assert one.stdout == two.stdout
    # A repeated draw is the one before it; others differ from it.
    repeated = (value[1:] == value[:-1]).all(axis=1)
    inner = np.arange(1, len(value)) % 800 != 0
    assert (repeated[inner] == (status[1:] == 1)[inner]).all()
    assert 0.6 < (status == 0).mean() < 1
    assert (log_likelihood < best + 1e-6).all() and np.median(log_likelihood) > best - 15
    for term, (estimate, error) in fit.items():
        if term == "theta":
            continue
        draws = value[:, columns.index(term)]
        assert abs(draws.mean() - estimate) < 0.7 * error, term
        assert 0.8 * error < draws.std() < 1.6 * error, term


def test_stopped_and_resumed_is_uninterrupted(place, tmp_path):
    words = ["sample", place / "study.h5", FAMILIES["binomial"], "--family", "binomial", "--draws",
             40_000, "--save-groups", "draws", "--threads", 1, "--progress", "none"]
    merit(*words, "--output", tmp_path / "whole.h5")
    for limit in ("0.4", "0.6"):
        done = merit(*words, "--output", tmp_path / "cut.h5", "--resume", "--time-limit", limit,
                     code=STOPPED)
        assert "draws are on disk" in done.stderr
    merit(*words, "--output", tmp_path / "cut.h5", "--resume", ranks=2)
    with h5py.File(tmp_path / "whole.h5") as a, h5py.File(tmp_path / "cut.h5") as b:
        assert not list(differences(a, b, {"/provenance"}))


def test_improper_posteriors_and_bad_options_are_refused(place, tmp_path):
    event = ["sample", place / "study.h5", FAMILIES["binomial"], "--family", "binomial", "--output",
             tmp_path / "a.h5"]
    columns = two_level(3, 10)
    columns["event"] = np.where(columns["g"] == 0, 0, columns["y"] > 1).astype(int)
    few = write_group(tmp_path / "few.h5", columns)
    done = merit("sample", few, "event ~ x + (1 | g)", "--family", "binomial", "--prior", "flat",
                 "--output", tmp_path / "a.h5", code=USAGE)
    check_refusal(done, "the posterior is improper", "2 groups with responses that differ")
    merit("sample", few, "event ~ x + (1 | g)", "--family", "binomial", "--output",
          tmp_path / "b.h5", "--draws", 4000)
    for options, says in ([["--warmup", 2000], "--warmup 2000: longer than the run"],
                          [["--warmup", -1], "--warmup -1: give 0 to"],
                          [["--method", "pql"], "there is no likelihood"],
                          [["--nagq", "auto"], "give merit sample a number"],
                          [["--prior", "sigma~half_t(3, 1)"], "no such parameter"]):
        check_refusal(merit(*event, *options, code=USAGE), says)
    done = merit("sample", place / "study.h5", FAMILIES["ordinal"], "--family", "ordinal", "--prior",
                 "rstanarm", "--output", tmp_path / "a.h5", code=USAGE)
    check_refusal(done, "rstanarm has no ordinal models")


def test_a_wider_proposal_is_taken_where_the_first_is_too_narrow(place, tmp_path):
    """Poisson counts say little about theta: its posterior has a long tail upwards."""
    result = merit_json("sample", place / "study.h5", "count ~ x + (1 | g)", "--family",
                        "negbinomial", "--output", tmp_path / "a.h5", "--draws", 4000, code=None)
    sampler = result["glance"]["sampler"]
    assert sampler["proposal_df"] < 12 and sampler["proposal_scale"] > 1
    assert sampler["pareto_k"] < 0.5


@pytest.fixture(scope="module", name="many_columns")
def fixture_many_columns(tmp_path_factory):
    """A binary outcome of 100 people in 5 groups, and 30 covariates for it."""
    rng = np.random.default_rng(8)
    columns = {"g": np.repeat(np.arange(5), 20)}
    columns |= {f"x{k}": rng.normal(size=100) for k in range(30)}
    eta = 1.5 * columns["x0"] - columns["x1"] + rng.normal(size=5)[columns["g"]]
    columns["event"] = (rng.logistic(size=100) + eta > 0).astype(int)
    study = write_group(tmp_path_factory.mktemp("many") / "many.h5", columns)
    terms = " + ".join(f"x{k}" for k in range(30))
    return [study, f"event ~ {terms} + (1 | g)", "--family", "binomial", "--prior",
            "b~cauchy(0, 2.5)", "--progress", "none", "--save-groups", "draws"]


@pytest.mark.parametrize("draws, ranks, threads", [(210, 2, 1), (210, None, 3), (211, 3, 2)])
def test_slices_where_proposals_are_poor(draws, ranks, threads, many_columns, tmp_path):
    words = ["sample", *many_columns, "--draws", draws, "--chains", 3, "--warmup", 30]
    one = merit(*words, "--threads", 1, "--output", tmp_path / "one.h5", code=None)
    two = merit(*words, "--threads", threads, "--output", tmp_path / "two.h5", ranks=ranks, code=None)
    assert one.stdout == two.stdout
    assert "by a slice sampler, for independent proposals do not cover the tails" in one.stdout
    with h5py.File(tmp_path / "one.h5") as a, h5py.File(tmp_path / "two.h5") as b:
        assert not list(differences(a, b, {"/provenance"}))
        assert a["sampler"].attrs["method"] == "a slice sampler"
        assert a["sampler"].attrs["pareto_k"] > 0.5
        assert "Pareto k" in a["sampler"].attrs["reason"]
        assert len(np.unique(a["draws/value"][:, 0])) == 3 * draws
        assert (a["draws/status"][:] == 0).all()


def test_slices_stopped_and_resumed_are_uninterrupted(many_columns, tmp_path):
    words = ["sample", *many_columns, "--draws", 600, "--warmup", 30, "--threads", 1]
    merit(*words, "--output", tmp_path / "whole.h5", code=None)
    for limit in ("0.7", "0.8"):
        done = merit(*words, "--output", tmp_path / "cut.h5", "--resume", "--time-limit", limit,
                     code=STOPPED)
        assert "draws are on disk" in done.stderr
    merit(*words, "--output", tmp_path / "cut.h5", "--resume", ranks=2, code=None)
    with h5py.File(tmp_path / "whole.h5") as a, h5py.File(tmp_path / "cut.h5") as b:
        assert not list(differences(a, b, {"/provenance"}))


# Means of the Surgical hospitals' sd under these priors, by the same quadrature as above.
def test_the_example_of_a_prior_grid(place, tmp_path):
    result = merit_json("sample", place / "surgical.h5", SURGICAL, "--family", "binomial", *DRAWS,
                        "--prior", "flat", "--prior-grid", ROOT / "examples" / "priors.toml",
                        "--output", tmp_path / "grid.h5")
    rows = {row["prior"]: row for row in result["tidy"] if row["term"] == "sd__(Intercept)"}
    assert set(rows) == {"half_t", "exponential", "gamma"}
    for name, mean in {"half_t": .46072, "gamma": .40349}.items():
        assert abs(rows[name]["estimate"] - mean) < 4 * rows[name]["mcse"] + 1e-5
    assert all(row["rhat"] < 1.01 for row in rows.values())


def test_separation_needs_a_proper_prior(tmp_path):
    make_snapshot(DATA / "separable.csv", tmp_path / "s.h5", "--factor", "g")
    words = ["sample", tmp_path / "s.h5", "y ~ x + (1 | g)", "--family", "binomial", "--output",
             tmp_path / "a.h5", "--draws", 500]
    done = merit(*words, code=65)
    check_refusal(done, "separation", "b~normal(0, 2.5)")
    merit(*words, "--prior", "b~normal(0, 2.5)")


def test_priors_that_contradict_the_data(place, tmp_path):
    """All of them proper, so that the posterior is: no talk of separation."""
    words = ["sample", place / "study.h5", "event ~ x + (1 | g)", "--family", "binomial", "--prior",
             "x~normal(20, 0.1)", "--output", tmp_path / "a.h5"]
    done = merit(*words, code=USAGE)
    check_refusal(done, "the priors contradict the data", "widen them")
    assert "improper" not in done.stderr
