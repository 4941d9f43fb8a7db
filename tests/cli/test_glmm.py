# SPDX-License-Identifier: MIT
"""Binary, count and ordinal outcomes through the program: the same bits for every layout, what
each family can be given, and responses that it cannot have."""

import functools

import h5py
import numpy as np
import pytest
from program import BAD_DATA, USAGE, check_refusal, make_snapshot, merit, merit_json, write_group

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
            "huge": np.where(np.arange(g.size) == 2, 3e9, 1.0),
            "single": np.arange(g.size), "log0": np.where(np.arange(g.size) == 6, -np.inf, 0.0),
            # Groups 2 and 5 without variation.
            "steady": np.where(g == 2, 0.0, np.where(g == 5, 1.0, latent > 0))}


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


@pytest.mark.parametrize("name", ["probit", "cloglog", "poisson", "ordinal probit"])
def test_same_bits_of_other_families_too(name, bootstrap):
    same(bootstrap(name, "parametric"), bootstrap(name, "parametric", ranks=2, threads=2))


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
    assert found["std_error"].shape == found["estimate"].shape
    for k, row in enumerate(fit["tidy"]):
        z = (found["estimate"][used, k] - row["estimate"]) / row["std.error"]
        # 67 draws of about N(0, 1); the distributions of theta and tau are skew.
        if row["effect"] == "fixed" and row["term"] != "theta":
            assert abs(np.mean(z)) < 0.8 and 0.5 < np.std(z) < 2.0, row["term"]
        ratio = np.nanmedian(found["std_error"][used, k]) / row["std.error"]
        assert 0.5 < ratio < 2.0, row["term"]


@pytest.mark.parametrize("method", ["pql", "mql"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_quasi_likelihood_is_bootstrapped_too(scheme, method, snapshot, bootstrap):
    options = ("--method", method, "--pql-scale", "1", "--intervals", "perc,bca")
    alone = bootstrap("logit", scheme, options=options)
    same(alone, bootstrap("logit", scheme, ranks=3, threads=2, options=options))
    found = numbers(alone)
    used = found["status"] <= 1
    assert np.mean(used) > 0.9 and np.isnan(found["log_likelihood"]).all()
    fit = merit_json("fit", snapshot, *model("logit"), "--method", method, "--pql-scale", "1")
    for k, row in enumerate(row for row in fit["tidy"] if row["effect"] == "fixed"):
        z = (found["estimate"][used, k] - row["estimate"]) / row["std.error"]
        # 67 draws of about N(0, 1) where the scheme is the model; rows vary more than that.
        assert abs(np.mean(z)) < 0.8 and 0.4 < np.std(z) < 2.0, row["term"]
    rows = merit_json("summarize", alone, "--intervals", "bca")["tidy"]
    assert all(row["conf.low"] < row["estimate"] < row["conf.high"] for row in rows)


def test_a_bootstrap_of_another_quasi_likelihood_is_another_job(snapshot, bootstrap):
    path = bootstrap("logit", "groups", options=("--method", "pql"))
    done = merit("bootstrap", snapshot, *model("logit"), *SCHEMES["groups"], "--replicates", 67,
                 "--method", "pql", "--pql-inner", "ml", "--output", path, "--resume", code=USAGE)
    check_refusal(done, "pql_inner", "reml", "ml", "--overwrite")


def test_no_bootstrap_of_a_quasi_likelihood_that_does_not_converge(tmp_path):
    columns = study()
    path = write_group(tmp_path / "s.h5", {"g": columns["g"], "x": columns["x"],
                                           "y": (columns["x"] > 0.1).astype(float)})
    done = merit("bootstrap", path, "y ~ x + (1 | g)", "--family", "binomial", "--method", "pql",
                 "--replicates", 9, "--output", tmp_path / "o.h5", code=BAD_DATA)
    check_refusal(done, "not converged", "no bootstrap can start")
    assert not (tmp_path / "o.h5").exists()


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
    "text as counts": (["yes_no", "poisson"], ["yes_no", "holds text", "numbers"]),
    "text as counts, negbinomial": (["yes_no", "negbinomial"], ["yes_no", "holds text"]),
    "text without an order": (["yes_no", "ordinal"],
                              ["yes_no", "no order", "--ordered yes_no=L1,L2"]),
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
    "half an event": (["cbind(half, nonevents)", "binomial"], ["half", "1.5", "row 9", "whole"]),
    "half a trial": (["zeros", "binomial", "--trials", "half"], ["half", "1.5", "row 9"]),
    "a share above 1": (["m", "binomial", "--trials", "m"], ["proportion between 0 and 1"]),
    "half a count, negbinomial": (["half", "negbinomial"], ["half", "1.5", "row 9", "count"]),
    "missing offset in the formula": (["count", "poisson", "--offset", "log(expsure)"],
                                      ["expsure"]),
    "a count beyond 2^31": (["huge", "poisson"], ["huge", "3000000000", "row 3", "2147483647"]),
    "negative nonevents": (["cbind(events, negative)", "binomial"], ["negative", "-1", "row 6"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_responses_that_a_family_cannot_have(name, snapshot):
    (response, family, *options), mentions = REFUSED[name]
    for ranks in (None, 2):
        done = merit("fit", snapshot, FORMULA.format(response), "--family", family, *options,
                     code=BAD_DATA, ranks=ranks)
        check_refusal(done, *mentions)


def test_zero_exposure(snapshot):
    done = merit("fit", snapshot, "count ~ w + offset(log(e0)) + (1 | g)", "--family", "poisson",
                 code=BAD_DATA)
    check_refusal(done, "log(e0)", "-Inf", "row", "e0 = 0")
    done = merit("fit", snapshot, "count ~ w + (1 | g)", "--family", "negbinomial",
                 "--offset", "log0", code=BAD_DATA)
    check_refusal(done, "log0", "-Inf", "row 7")


def test_groups_of_one_row(snapshot):
    formula = "{} ~ x + (1 | single)"
    for family, response, word in (("binomial", "y01", "binary"), ("ordinal", "rank", "ordinal")):
        for options in ([], ["--method", "pql"]) if family == "binomial" else ([],):
            check_refusal(merit("fit", snapshot, formula.format(response), "--family", family,
                                *options, code=BAD_DATA), "one row", word)
    tidy(snapshot, formula.format("spread"), "--family", "poisson")
    tidy(snapshot, formula.format("cbind(events, nonevents)"), "--family", "binomial")


USED_WRONGLY = {
    "link of another family": (["y01", "binomial", "--link", "log"],
                               ["--link log", "logit, probit or cloglog"]),
    "cloglog, ordinal": (["rank", "ordinal", "--link", "cloglog"], ["--link cloglog", "ordinal"]),
    "log, ordinal": (["rank", "ordinal", "--link", "log"], ["--link log", "logit or probit"]),
    "logit of counts": (["count", "poisson", "--link", "logit"], ["--link logit", "link log"]),
    "logit, negbinomial": (["count", "negbinomial", "--link", "logit"], ["--link logit"]),
    "a link that is none": (["y01", "binomial", "--link", "cauchit"], ["--link cauchit"]),
    "reml": (["y01", "binomial", "--method", "reml"], ["--method reml", "agq"]),
    "reml of counts": (["count", "poisson", "--method", "reml"], ["--method reml", "agq"]),
    "reml, negbinomial": (["count", "negbinomial", "--method", "reml"], ["--method reml"]),
    "reml, ordinal": (["rank", "ordinal", "--method", "reml"], ["--method reml", "laplace"]),
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


# --- outcomes that are no errors -----------------------------------------------------------


def estimate(result, term):
    return next(row["estimate"] for row in result["tidy"] if row["term"] == term)


def test_groups_that_do_not_differ(tmp_path):
    """Every group the same rows: τ̂ is 0, and that is an answer."""
    x, y = np.tile([0.0, 1.0, 2.0, 3.0], 30), np.tile([0.0, 1.0, 1.0, 0.0, 1.0, 0.0], 20)
    path = write_group(tmp_path / "s.h5", {"g": np.repeat(np.arange(10), 12), "x": x, "y": y})
    for family in ("binomial", "poisson", "ordinal"):
        result = merit_json("fit", path, "y ~ x + (1 | g)", "--family", family)
        glance = result["glance"]
        assert glance["boundary"] is True and glance["converged"] is True
        assert estimate(result, "sd__(Intercept)") == 0 and "boundary" in glance["message"]
    assert "boundary" in merit("fit", path, "y ~ x + (1 | g)", "--family", "binomial",
                               "--method", "pql").stdout


@pytest.mark.parametrize("family, y, column", [
    ("binomial", lambda x, f: x > 0.1, "x"),                       # complete
    ("binomial", lambda x, f: (f != "c") & (np.arange(x.size) % 7 > 2), "fc"),  # quasi
    ("poisson", lambda x, f: np.where(f == "c", 0, np.arange(x.size) % 4), "fc"),
    ("ordinal", lambda x, f: 1 + (x > -0.3) + (x > 0.4), "x")])
def test_separation_names_the_column(family, y, column, tmp_path):
    x, f = study()["x"], np.resize(np.array(["a", "b", "c"], object), study()["x"].size)
    path = write_group(tmp_path / "s.h5", {"g": study()["g"], "x": x, "f": f,
                                           "y": np.asarray(y(x, f), float)})
    result = merit_json("fit", path, "y ~ x + f + (1 | g)", "--family", family, code=1)
    assert result["glance"]["converged"] is False
    assert f"separation: {column} tells" in result["glance"]["message"]
    infinite = [row["term"] for row in result["tidy"] if row["estimate"] in ("Inf", "-Inf")]
    assert column in infinite and not {"x", "fb", "fc"} - {column} & set(infinite)


def test_counts_that_vary_less_than_poisson(tmp_path):
    """theta is without bound, and that is said, not called separation."""
    y = np.resize([3.0, 4.0, 5.0, 4.0], 120)
    path = write_group(tmp_path / "s.h5", {"g": np.repeat(np.arange(10), 12), "y": y,
                                           "x": np.sin(np.arange(120.0))})
    result = merit_json("fit", path, "y ~ x + (1 | g)", "--family", "negbinomial", code=1)
    assert estimate(result, "theta") == "Inf" and "--family poisson" in result["glance"]["message"]
    poisson = merit_json("fit", path, "y ~ x + (1 | g)", "--family", "poisson")
    assert estimate(result, "x") == pytest.approx(estimate(poisson, "x"), rel=1e-4)


def test_groups_without_variation(snapshot):
    result = merit_json("fit", snapshot, "steady ~ x + (1 | g)", "--family", "binomial", "--ranef")
    assert any("does not vary within" in note and "g = " in note for note in result["notes"])
    modes = {row["level"]: row for row in result["tidy"] if row["effect"] == "ran_vals"}
    assert modes["2"]["estimate"] < 0 < modes["5"]["estimate"]
    assert all(np.isfinite(row["std.error"]) for row in modes.values())


def test_categories_never_seen(snapshot, tmp_path):
    """Of levels that the snapshot declares, and of integers with a gap."""
    columns = study()
    gap = np.where(columns["rank"] == 3, 7.0, columns["rank"])
    path = write_group(tmp_path / "s.h5", {"g": columns["g"], "x": columns["x"], "y": gap})
    result = merit_json("fit", path, "y ~ x + (1 | g)", "--family", "ordinal")
    assert [row["term"] for row in result["tidy"][:3]] == ["1|2", "2|4", "4|7"]
    assert any("3, 5, 6 of y" in note for note in result["notes"])
    whole = merit_json("fit", snapshot, "rank ~ x + (1 | g)", "--family", "ordinal")
    assert not any("categor" in note for note in whole["notes"])
    # The gap is a name, not a distance.
    closed = write_group(tmp_path / "c.h5", {
        "g": columns["g"], "x": columns["x"], "y": np.unique(gap, return_inverse=True)[1] + 1.0})
    again = merit_json("fit", closed, "y ~ x + (1 | g)", "--family", "ordinal")
    assert [row["estimate"] for row in again["tidy"]] == [row["estimate"] for row in result["tidy"]]


def test_declared_categories_never_seen(tmp_path):
    columns = study()
    names = np.array(["never", "seldom", "often", "always"])[columns["rank"].astype(int) - 1]
    names = np.where(names == "often", "seldom", names)
    rows = "\n".join(f"{y},{x},{g}" for y, x, g in zip(names, columns["x"], columns["g"]))
    (tmp_path / "t.csv").write_text(f"y,x,g\n{rows}\n", encoding="ascii")
    path = make_snapshot(tmp_path / "t.csv", tmp_path / "t.h5", "--ordered",
                         "y=never,seldom,often,always,ever")
    result = merit_json("fit", path, "y ~ x + (1 | g)", "--family", "ordinal")
    assert [row["term"] for row in result["tidy"][:2]] == ["never|seldom", "seldom|always"]
    assert any("often, ever of y" in note for note in result["notes"])


def test_quasi_likelihood_without_end(tmp_path):
    """A separated column drives PQL's working weights to 0: no convergence, and no number that
    looks like an estimate on the boundary."""
    columns = study()
    path = write_group(tmp_path / "s.h5", {"g": columns["g"], "x": columns["x"],
                                           "y": (columns["x"] > 0.1).astype(float)})
    result = merit_json("fit", path, "y ~ x + (1 | g)", "--family", "binomial", "--method", "pql",
                        code=1)
    assert result["glance"]["converged"] is False and result["glance"]["boundary"] is False
    assert "not converged" in result["glance"]["message"]
