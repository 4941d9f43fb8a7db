# SPDX-License-Identifier: MIT
"""Binary, count and ordinal outcomes through the program: the same bits for every layout, what
each family can be given, and responses that it cannot have."""

import functools

import h5py
import numpy as np
import pytest
from program import BAD_DATA, USAGE, check_refusal, merit, merit_json, write_group

from h5same import differences

FORMULA = "{} ~ x + w + (1 | g)"
MODELS = {"logit": ("y01", "binomial", "logit"), "probit": ("y01", "binomial", "probit"),
          "cloglog": ("y01", "binomial", "cloglog"), "poisson": ("count", "poisson", "log"),
          "negbinomial": ("spread", "negbinomial", "log"), "ordinal": ("rank", "ordinal", "logit"),
          "ordinal probit": ("rank", "ordinal", "probit")}
SCHEMES = {"parametric": ["--type", "parametric"],
           "groups": ["--type", "cases", "--resample", "groups"],
           "rows": ["--type", "cases", "--resample", "rows"],
           "both": ["--type", "cases", "--resample", "both"]}


def study():
    """14 groups of 3 to 29 rows."""
    rng = np.random.default_rng(12)
    g = np.repeat(np.arange(14), 3 + 2 * np.arange(14))
    x, w = rng.standard_normal(g.size), (rng.random(g.size) < 0.5).astype(float)
    eta = -0.2 + 0.4 * x - 0.5 * w + 0.6 * rng.standard_normal(14)[g]
    m = rng.integers(1, 9, g.size).astype(float)
    events = rng.binomial(m.astype(int), 1 / (1 + np.exp(-eta))).astype(float)
    latent = eta + rng.logistic(size=g.size)
    return {"g": g, "x": x, "w": w, "m": m, "events": events, "nonevents": m - events,
            "share": events / m, "y01": (latent > 0).astype(float),
            "yes_no": np.where(latent > 0, "yes", "no").astype(object),
            "rank": np.digitize(latent, [-1.0, 0.3, 1.5]) + 1.0,
            "count": rng.poisson(np.exp(eta)).astype(float),
            "spread": rng.poisson(np.exp(eta) * rng.gamma(1.5, 1 / 1.5, g.size)).astype(float),
            "exposure": rng.uniform(0.5, 3.0, g.size), "e0": np.where(x > 2, 0.0, 1.0),
            "three": np.where(np.arange(g.size) == 16, 2.0, latent > 0).astype(float),
            "negative": np.where(np.arange(g.size) == 5, -1.0, 2.0),
            "half": np.where(np.arange(g.size) == 8, 1.5, 2.0), "ones": np.ones(g.size),
            "zeros": np.zeros(g.size), "none": np.where(np.arange(g.size) == 3, 0.0, m),
            "single": np.arange(g.size)}


@pytest.fixture(scope="module", name="snapshot")
def fixture_snapshot(tmp_path_factory):
    return write_group(tmp_path_factory.mktemp("glmm") / "study.h5", study())


def model(name):
    response, family, link = MODELS[name]
    return [FORMULA.format(response), "--family", family, "--link", link]


@pytest.fixture(scope="module", name="bootstrap")
def fixture_bootstrap(snapshot):
    numbers = iter(range(1000))

    @functools.lru_cache(maxsize=None)
    def bootstrap(name, scheme, ranks=None, threads=1, options=(), replicates=67):
        output = snapshot.parent / f"{next(numbers)}.h5"
        merit("bootstrap", snapshot, *model(name), *SCHEMES[scheme], "--replicates", replicates,
              "--threads", threads, "--output", output, "--max-failed", 1, *options, ranks=ranks)
        return output

    return bootstrap


def same(a, b):
    with h5py.File(a, "r") as one, h5py.File(b, "r") as other:
        assert not list(differences(one, other, {"/provenance"}))


def numbers(path):
    with h5py.File(path, "r") as file:
        return {name: file[f"replicates/{name}"][:] for name in
                ("estimate", "std_error", "log_likelihood", "status")}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["logit", "negbinomial", "ordinal"])
def test_same_bits_on_any_layout(name, scheme, bootstrap):
    alone = bootstrap(name, scheme)
    same(alone, bootstrap(name, scheme, ranks=3, threads=2))
    assert np.mean(numbers(alone)["status"] <= 1) > 0.9


@pytest.mark.parametrize("level", ["x86-64-v2", "x86-64-v4"])
@pytest.mark.parametrize("name", MODELS)
def test_same_bits_at_any_simd_level(name, level, bootstrap):
    same(bootstrap(name, "parametric"),
         bootstrap(name, "parametric", options=("--simd", level)))


@pytest.mark.parametrize("name", MODELS)
def test_replicates_are_fits_like_any_other(name, snapshot, bootstrap):
    """Their estimates scatter about the fit by about its standard errors, which are like
    their own."""
    fit = merit_json("fit", snapshot, *model(name))
    found = numbers(bootstrap(name, "parametric"))
    used = found["status"] <= 1
    p = found["std_error"].shape[1]
    fixed = [row for row in fit["tidy"] if row["effect"] == "fixed"]
    assert p == len(fixed)
    for k, row in enumerate(fixed):
        z = (found["estimate"][used, k] - row["estimate"]) / row["std.error"]
        # 67 draws of about N(0, 1); theta's distribution is skew.
        if row["term"] != "theta":
            assert abs(np.mean(z)) < 0.8 and 0.5 < np.std(z) < 2.0, row["term"]
        ratio = np.median(found["std_error"][used, k]) / row["std.error"]
        assert 0.5 < ratio < 2.0, row["term"]


def test_a_bootstrap_without_standard_errors_has_the_same_estimates(bootstrap):
    path = bootstrap("logit", "parametric", options=("--keep", "estimates"))
    with h5py.File(path, "r") as file:
        assert "std_error" not in file["replicates"]
        assert np.array_equal(file["replicates/estimate"][:],
                              numbers(bootstrap("logit", "parametric"))["estimate"])


def tidy(*arguments):
    result = merit_json("fit", *arguments)
    assert result["glance"]["converged"]
    return result["tidy"]


def test_ways_to_write_trials(snapshot):
    assert (tidy(snapshot, FORMULA.format("cbind(events, nonevents)"), "--family", "binomial")
            == tidy(snapshot, FORMULA.format("share"), "--family", "binomial", "--trials", "m"))


def test_ways_to_write_a_binary_response(snapshot):
    assert (tidy(snapshot, FORMULA.format("y01"), "--family", "binomial")
            == tidy(snapshot, FORMULA.format("yes_no"), "--family", "binomial"))


def test_ways_to_write_an_offset(snapshot):
    plain = tidy(snapshot, FORMULA.format("count"), "--family", "poisson")
    in_formula = tidy(snapshot, "count ~ x + w + offset(x) + (1 | g)", "--family", "poisson")
    option = tidy(snapshot, FORMULA.format("count"), "--family", "poisson", "--offset", "x")
    assert in_formula == option
    # An offset of x takes 1 from its coefficient and changes nothing else.
    slope = {row["term"]: row["estimate"] for row in plain}["x"]
    assert {row["term"]: row["estimate"] for row in option}["x"] == pytest.approx(slope - 1)


def test_one_point_is_laplace(snapshot):
    one = merit_json("fit", snapshot, *model("logit"), "--nagq", 1)
    laplace = merit_json("fit", snapshot, *model("logit"), "--method", "laplace")
    assert one["tidy"] == laplace["tidy"] and one["model"]["nagq"] == 1


def test_result_file_holds_what_was_printed(snapshot, tmp_path):
    printed = merit_json("fit", snapshot, *model("ordinal"), "--output", tmp_path / "fit.h5")
    read = merit_json("summarize", tmp_path / "fit.h5")
    assert read["tidy"] == printed["tidy"] and read["glance"] == printed["glance"]
    with h5py.File(tmp_path / "fit.h5") as file:
        assert "sigma" not in file["fit"].attrs and file["fit"].attrs["nagq"] == 7


REFUSED = {
    "a 2 among 0 and 1": (["three", "binomial"], ["three", "is 2", "row 17", "0 or 1"]),
    "negative count": (["negative", "poisson"], ["negative", "-1", "row 6", "count"]),
    "negative count, negbinomial": (["negative", "negbinomial"], ["negative", "row 6"]),
    "half a count": (["half", "poisson"], ["half", "1.5", "row 9"]),
    "ordinal with one level": (["ones", "ordinal"], ["ones", "one category", "1"]),
    "rank that is not whole": (["half", "ordinal"], ["half", "1.5", "row 9"]),
    "no event": (["zeros", "binomial"], ["zeros", "constant"]),
    "nothing but events": (["ones", "binomial"], ["ones", "constant"]),
    "no count": (["zeros", "poisson"], ["zeros", "0 in all rows"]),
    "more events than trials": (["m", "binomial", "--trials", "events"], ["trials"]),
    "no trials": (["share", "binomial", "--trials", "none"], ["none", "is 0", "row 4"]),
    "trials that do not fit": (["share", "binomial", "--trials", "single"], ["single"]),
    "missing trials": (["share", "binomial", "--trials", "mm"],
                       ["--trials", "'mm'", "did you mean 'm'"]),
    "missing offset": (["count", "poisson", "--offset", "expsure"],
                       ["--offset", "did you mean 'exposure'"]),
    "negative nonevents": (["cbind(events, negative)", "binomial"], ["negative", "-1", "row 6"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_responses_that_a_family_cannot_have(name, snapshot):
    (response, family, *options), mentions = REFUSED[name]
    done = merit("fit", snapshot, FORMULA.format(response), "--family", family, *options,
                 code=BAD_DATA)
    check_refusal(done, *mentions)


def test_zero_exposure(snapshot):
    done = merit("fit", snapshot, "count ~ w + offset(log(e0)) + (1 | g)", "--family", "poisson",
                 code=BAD_DATA)
    check_refusal(done, "log(e0)", "-Inf", "row", "e0 = 0")


def test_groups_of_one_row(snapshot):
    formula = "{} ~ x + (1 | single)"
    check_refusal(merit("fit", snapshot, formula.format("y01"), "--family", "binomial",
                        code=BAD_DATA), "one row", "binary")
    check_refusal(merit("fit", snapshot, formula.format("rank"), "--family", "ordinal",
                        code=BAD_DATA), "one row", "ordinal")
    tidy(snapshot, formula.format("spread"), "--family", "poisson")
    tidy(snapshot, formula.format("cbind(events, nonevents)"), "--family", "binomial")


USED_WRONGLY = {
    "link of another family": (["y01", "binomial", "--link", "log"],
                               ["--link log", "logit, probit or cloglog"]),
    "cloglog, ordinal": (["rank", "ordinal", "--link", "cloglog"], ["--link cloglog", "ordinal"]),
    "reml": (["y01", "binomial", "--method", "reml"], ["--method reml", "agq"]),
    "nagq of a gaussian": (["x", "gaussian", "--nagq", "5"], ["--nagq 5", "agq"]),
    "nagq 0": (["y01", "binomial", "--nagq", "0"], ["--nagq 0", "1 to 201", "auto"]),
    "laplace with points": (["y01", "binomial", "--method", "laplace", "--nagq", "9"],
                            ["--nagq 9", "laplace"]),
    "trials of counts": (["count", "poisson", "--trials", "m"], ["--trials m", "binomial"]),
    "cbind of counts": (["cbind(events, nonevents)", "poisson"], ["cbind", "binomial"]),
    "cbind with trials": (["cbind(events, nonevents)", "binomial", "--trials", "m"],
                          ["cbind", "--trials"]),
}


@pytest.mark.parametrize("name", USED_WRONGLY)
def test_options_that_do_not_fit(name, snapshot):
    (response, family, *options), mentions = USED_WRONGLY[name]
    done = merit("fit", snapshot, FORMULA.format(response), "--family", family, *options,
                 code=USAGE)
    check_refusal(done, *mentions)


def test_ordinal_without_intercept(snapshot):
    done = merit("fit", snapshot, "rank ~ 0 + x + (1 | g)", "--family", "ordinal", code=USAGE)
    check_refusal(done, "thresholds", "intercept")


def test_bootstrap_of_a_separated_fit(snapshot, tmp_path):
    with h5py.File(tmp_path / "s.h5", "w") as file:
        columns = study()
        for name in ("g", "x"):
            file[f"data/{name}"] = columns[name]
        file["data/y"] = (columns["x"] > 0).astype(float)
    done = merit("bootstrap", tmp_path / "s.h5", "y ~ x + (1 | g)", "--family", "binomial",
                 "--replicates", 9, "--output", tmp_path / "o.h5", code=BAD_DATA)
    check_refusal(done, "separation", "x")
