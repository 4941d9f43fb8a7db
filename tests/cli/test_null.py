# SPDX-License-Identifier: MIT
"""merit fit --null: a nested model to test against."""

import h5py
import numpy as np
import pytest
from program import BAD_DATA, USAGE, check_refusal, merit, merit_json, two_level, write_group

MODEL = "y ~ x * w + (1 | g)"
NULL = "y ~ x + (1 | g)"


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(12, 8)
    rng = np.random.default_rng(3)
    eta = columns["y"] / 2
    columns |= {"event": (rng.random(eta.size) < 1 / (1 + np.exp(-eta))).astype(float),
                "count": rng.poisson(np.exp(eta)).astype(float),
                "size": rng.poisson(rng.gamma(2.0, np.exp(eta) / 2.0)).astype(float),
                "rating": np.clip(np.round(eta + 2), 1, 4),
                "gap": np.where(np.arange(eta.size) % 16 == 3, np.nan, columns["x"])}
    return write_group(tmp_path_factory.mktemp("null") / "study.h5", columns)


def fit(study, formula, *options, **kwargs):
    return merit_json("fit", study, formula, *options, **kwargs)


FAMILIES = [("event", "binomial", []), ("event", "binomial", ["--link", "probit"]),
            ("event", "binomial", ["--method", "laplace"]), ("count", "poisson", []),
            ("size", "negbinomial", []), ("rating", "ordinal", []), ("y", "gaussian", ["--method", "ml"])]


@pytest.mark.parametrize("response, family, options", FAMILIES)
def test_is_twice_the_difference_of_two_fits(response, family, options, study):
    """The nested model told to merit by itself, and told as combinations of columns."""
    options = ["--family", family, *options]
    model = fit(study, f"{response} ~ x * w + (1 | g)", *options)
    for fixed in ("x", "I(2 * x - 3)", "x + w", "x + I(x:w - w)".replace("x:w", "x * w")):
        null = f"{response} ~ {fixed} + (1 | g)"
        small = fit(study, null, *options)
        [test] = fit(study, f"{response} ~ x * w + (1 | g)", *options, "--null", null)["tests"]
        difference = 2 * (model["glance"]["logLik"] - small["glance"]["logLik"])
        assert test["statistic"] == pytest.approx(difference, abs=1e-7)
        left_out = len(model["vcov"]["names"]) - len(small["vcov"]["names"])
        assert test["num.df"] == left_out == (1 if "w" in fixed else 2)


def test_f_is_that_of_the_contrast(study):
    """Columns left out are coefficients that are 0."""
    result = fit(study, MODEL, "--df", "kr", "--null", NULL, "--contrast", "w = 0, x:w = 0")
    contrast, _, kr = result["tests"]
    for key in ("statistic", "num.df", "den.df", "p.value"):
        assert kr[key] == pytest.approx(contrast[key], rel=1e-10), key


def test_rows_are_those_that_both_models_can_use(study):
    """A nested model may be told in a column that is missing in some rows."""
    result = fit(study, "y ~ x + w + (1 | g)", "--null", "y ~ gap + (1 | g)")
    assert result["data"]["rows_used"] == 90 and result["data"]["rows_dropped"] == {"gap": 6}
    same = fit(study, "y ~ x + w + (1 | g)", "--null", "y ~ x + (1 | g)", "--where",
               "!is.na(gap)")
    for one, other in zip(result["tests"], same["tests"], strict=True):
        assert one["statistic"] == pytest.approx(other["statistic"], rel=1e-9)


def test_the_fit_itself_is_as_without(study):
    plain, tested = fit(study, MODEL), fit(study, MODEL, "--null", "y ~ I(x + 1) + (1 | g)")
    assert tested["tidy"] == plain["tidy"] and tested["glance"] == plain["glance"]


def test_the_file_keeps_what_was_shown(study, tmp_path):
    output = tmp_path / "fit.h5"
    shown = fit(study, MODEL, "--null", NULL, "--output", output)
    assert merit_json("summarize", output)["tests"] == shown["tests"]
    with h5py.File(output) as file:
        assert file["job"].attrs["null"] == NULL
        assert list(file["tests/kind"].asstr()) == ["null", "null"]


@pytest.mark.parametrize("family, response", [("gaussian", "y"), ("binomial", "event")])
def test_ranks_and_threads_change_no_bit(family, response, study):
    arguments = ("fit", study, f"{response} ~ x * w + (1 | g)", "--family", family, "--null",
                 f"{response} ~ I(x - w) + (1 | g)", "--format", "json")
    tests = [merit(*arguments, "--threads", threads, ranks=ranks).stdout.split('"tests"')[1]
             .split('"profile"')[0] for ranks, threads in ((1, 1), (2, 2))]
    assert tests[0] == tests[1]


@pytest.mark.parametrize("null, mentions, code", [
    ("y ~ x + I(x^2) + (1 | g)", ["I(x^2) is no combination of the model's columns"], USAGE),
    ("y ~ x + z2 + (1 | g)", ["no column 'z2'"], BAD_DATA),
    ("x ~ w + (1 | g)", ["its response is x, but the model's is y"], USAGE),
    ("y ~ x + (1 | w)", ["its grouping is w, but the model's is g"], USAGE),
    ("y ~ x + offset(w) + (1 | g)", ["its offset is w, but the model's is none"], USAGE),
    ("y ~ w * x + (1 | g)", ["the same model as y ~ x * w + (1 | g)"], USAGE),
    ("y ~ x + I(2 * x) + (1 | g)", ["--null", "I(2 * x) is a combination of x"], BAD_DATA),
    ("y ~ x", ["--null"], USAGE),
    ("y ~ x + (x | g)", ["--null"], USAGE),
])
def test_refusals(null, mentions, code, study):
    check_refusal(merit("fit", study, MODEL, "--null", null, code=code), *mentions)


def test_quasi_likelihood_has_no_likelihood(study):
    done = merit("fit", study, "event ~ x + w + (1 | g)", "--family", "binomial", "--method",
                 "pql", "--null", "event ~ x + (1 | g)", code=USAGE)
    check_refusal(done, "--null compares likelihoods", "--method pql")
