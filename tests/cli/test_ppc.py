# SPDX-License-Identifier: MIT
"""merit sample --ppc: posterior predictive checks against replicates that NumPy draws from the draws
in the file."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group
from scipy import special

from h5same import differences

FORMULA = {"gaussian": "y ~ x + (1 | g)", "binomial": "event ~ x + (1 | g)",
           "trials": "cbind(hits, trials - hits) ~ x + (1 | g)", "poisson": "count ~ x + (1 | g)",
           "negbinomial": "count ~ x + (1 | g)", "ordinal": "grade ~ x + (1 | g)"}
STATISTICS = {"gaussian": ["mean", "sd", "min", "max", "sd_group_means"],
              "binomial": ["mean", "sd", "prop_zero", "sd_group_means"],
              "ordinal": ["mean", "sd", "sd_group_means"]}
COUNTS = ["mean", "sd", "min", "max", "prop_zero", "sd_group_means"]
STOPPED = 75
CHECK = ["observed", "mean", "sd", "p_value", "p_equal"]


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(8, 9)
    rng = np.random.default_rng(5)
    columns["event"] = (columns["y"] > 1).astype(int)
    columns["trials"] = rng.integers(0, 6, columns["y"].size)  # rows without any trial too
    columns["hits"] = rng.binomial(columns["trials"], special.expit(columns["y"] - 1))
    columns["count"] = rng.negative_binomial(3, 3 / (3 + np.exp(0.4 * columns["y"] + 1)))
    columns["grade"] = np.clip(np.floor(columns["y"] + 1), 0, 2).astype(int)
    path = write_group(tmp_path_factory.mktemp("ppc") / "study.h5", columns)
    return path, columns


def family(case):
    return [] if case == "gaussian" else ["--family", "binomial" if case == "trials" else case]


def table(path, name):
    with h5py.File(path) as file:
        return {column: values[:] for column, values in file[f"ppc/{name}"].items()}


def replicates(case, columns, draws, rng):
    """Responses (rows x draws) as their family's definition has it, and those observed."""
    u = np.array([draws[f"r_g[{level}]"] for level in range(8)])[columns["g"]]
    eta = draws.get("(Intercept)", 0) + columns["x"][:, None] * draws["x"] + u
    if case == "gaussian":
        return rng.normal(eta, draws["sd__Observation"]), columns["y"]
    if case == "binomial":
        return rng.binomial(1, special.expit(eta)), columns["event"]
    if case == "trials":
        m = columns["trials"]
        with np.errstate(invalid="ignore"):
            return rng.binomial(m[:, None], special.expit(eta)) / m[:, None], columns["hits"] / m
    if case == "poisson":
        return rng.poisson(np.exp(eta)), columns["count"]
    if case == "negbinomial":
        theta = np.broadcast_to(draws["theta"], eta.shape)
        return rng.poisson(rng.gamma(theta, np.exp(eta) / theta)), columns["count"]
    latent = eta + rng.logistic(size=eta.shape)
    return 1 + (latent > draws["0|1"]) + (latent > draws["1|2"]), columns["grade"] + 1


def statistics(y, group):
    """T of every column of y, by name, and the group means."""
    there = ~np.isnan(y[:, 0])
    y, group = y[there], group[there]
    means = np.array([y[group == level].mean(axis=0) for level in range(8)])
    return {"mean": y.mean(axis=0), "sd": y.std(axis=0, ddof=1), "min": y.min(axis=0),
            "max": y.max(axis=0), "prop_zero": (y == 0).mean(axis=0),
            "sd_group_means": means.std(axis=0, ddof=1)}, means


def check(found, observed, replicated):
    """One check against S replicates of another generator, under the same draws. Given these the two
    are independent and each has at most the variance that it has over draws: differences beyond 5
    standard errors have a chance below 6e-7, over all that is compared here below 3e-4."""
    observed = float(observed)
    assert found["observed"] == pytest.approx(observed, rel=1e-12)
    S, sd = replicated.size, replicated.std(ddof=1)
    assert abs(found["mean"] - replicated.mean()) <= 5 * sd * (2 / S) ** 0.5
    kurtosis = ((replicated - replicated.mean()) ** 4).mean() / sd ** 4 if sd > 0 else 1
    assert abs(found["sd"] - sd) <= 5 * sd * ((kurtosis - 1) / (2 * S)) ** 0.5
    equal = np.isclose(replicated, observed, rtol=1e-10, atol=0)
    for name, share in (("p_value", (equal | (replicated > observed)).mean()),
                        ("p_equal", equal.mean())):
        pooled = np.clip((found[name] + share) / 2, 1 / S, 1 - 1 / S)
        assert abs(found[name] - share) <= 5 * (2 * pooled * (1 - pooled) / S) ** 0.5 + 1 / S


@pytest.mark.parametrize("case", FORMULA)
def test_against_numpy(case, study, tmp_path):
    path, columns = study
    result = merit_json("sample", path, FORMULA[case], *family(case), "--draws", 1000, "--prior",
                        "theta~exponential(0.1)" if case == "negbinomial" else "brms", "--prior",
                        "sd~half_normal(0.5)", "--save-groups", "draws", "--ppc", "--output",
                        tmp_path / "a.h5", code=None)
    with h5py.File(tmp_path / "a.h5") as file:
        value = file["draws/value"]
        draws = dict(zip(value.attrs["columns"], value[:].T))
        assert file["job"].attrs["ppc"]
    y_rep, y = replicates(case, columns, draws, np.random.default_rng(3))
    expected, expected_means = statistics(y_rep, columns["g"])
    observed, observed_means = statistics(np.asarray(y, dtype=float)[:, None], columns["g"])
    overall = table(tmp_path / "a.h5", "statistics")
    names = [name.decode() for name in overall["statistic"]]
    assert names == STATISTICS.get(case, COUNTS)
    kept = table(tmp_path / "a.h5", "draws")
    for i, name in enumerate(names):
        found = {column: overall[column][i] for column in CHECK}
        check(found, observed[name][0], expected[name])
        # And it is what the replicates' own values say.
        own = kept[name]
        assert own.shape == (4000,)
        assert [found["mean"], found["sd"]] == pytest.approx([own.mean(), own.std(ddof=1)])
        assert found["p_value"] == (own >= found["observed"] * (1 - 1e-10)).mean()
    groups = table(tmp_path / "a.h5", "groups")
    assert (groups["group"] == np.arange(8)).all()
    for level in range(8):
        check({column: groups[column][level] for column in CHECK}, observed_means[level][0],
              expected_means[level])
    assert result["ppc"] == [{
        "statistics": [{"statistic": name, **{column.replace("p_", "p."): overall[column][i]
                                              for column in CHECK}}
                       for i, name in enumerate(names)],
        "group_means": [{"level": str(level), **{column.replace("p_", "p."): groups[column][level]
                                                 for column in CHECK}} for level in range(8)]}]


@pytest.mark.parametrize("case", ["gaussian", "poisson"])
def test_same_bits_resumed_and_summarized(case, study, tmp_path):
    """On other ranks and threads, and of a job that was stopped before it replicates: the few parts of
    these replicates are over sooner than a time limit could be aimed at them."""
    path, _ = study
    draws = 10_000 if case == "gaussian" else 1000  # the first in several parts
    options = ["sample", path, FORMULA[case], *family(case), "--ppc", "--draws", draws,
               "--progress", "none"]
    one = merit(*options, "--output", tmp_path / "one.h5", "--threads", 1, code=None).stdout
    assert "Posterior predictive checks" in one and "P(rep >= obs)" in one
    assert merit("summarize", tmp_path / "one.h5", code=None).stdout == one
    other = tmp_path / "other.h5"
    merit(*options, "--output", other, "--resume", "--threads", 1, "--time-limit", "0.001",
          code=STOPPED)
    assert merit(*options, "--output", other, "--resume", ranks=2, code=None).stdout == one
    with h5py.File(tmp_path / "one.h5") as a, h5py.File(other) as b:
        assert not list(differences(a, b, {"/provenance"}))
    assert "their checksums are right" in merit("inspect", other).stdout
    options.remove("--ppc")  # another job: it checks nothing
    check_refusal(merit(*options, "--output", other, "--resume", code=USAGE),
                  "ppc: stored true, given none (--ppc)")


@pytest.mark.parametrize("case", ["gaussian", "trials"])
def test_weights_are_rows_written_out(case, tmp_path):
    columns = two_level(8, 9)
    rng = np.random.default_rng(8)
    columns["trials"] = rng.integers(1, 6, columns["y"].size)
    columns["hits"] = rng.binomial(columns["trials"], 0.4)
    weight = rng.integers(1, 4, columns["y"].size)
    write_group(tmp_path / "weighted.h5", {**columns, "weight": weight})
    write_group(tmp_path / "long.h5",
                {name: np.repeat(values, weight) for name, values in columns.items()})
    options = [FORMULA[case], *family(case), "--ppc", "--draws", 200]
    for name, weights in (("weighted", ["--fweights", "weight"]), ("long", [])):
        merit("sample", tmp_path / f"{name}.h5", *options, *weights, "--output",
              tmp_path / f"{name}-out.h5", code=None)
    for name in ("statistics", "groups", "draws"):
        written_out = table(tmp_path / "long-out.h5", name)
        for column, values in table(tmp_path / "weighted-out.h5", name).items():
            assert (values == written_out[column]).all(), (name, column)


def test_gaussian_offset_is_refused(study, tmp_path):
    """What is in memory is y less its offset, which is not what was observed."""
    path, _ = study
    for formula, option in ((FORMULA["gaussian"], ["--offset", "x"]),
                            ("y ~ 1 + offset(x) + (1 | g)", [])):
        words = ["sample", path, formula, *option, "--draws", 20, "--output", tmp_path / "a.h5"]
        check_refusal(merit(*words, "--ppc", code=USAGE), "--ppc", "offset")
        merit(*words, code=None)
        (tmp_path / "a.h5").unlink()


def test_of_the_prior_and_of_several(study, tmp_path):
    """y = b + u + e, b normal and u, e normal given their half-normal sds: the moments of a group's mean
    in closed form, within 5 standard errors (chance 6e-7 each)."""
    path, columns = study
    result = merit_json("sample", path, "y ~ 1 + (1 | g)", "--prior-only", "--ppc", "--prior",
                        "(Intercept)~normal(2, 1)", "--prior", "sd~half_normal(2)", "--prior",
                        "sigma~half_normal(3)", "--draws", 4000, "--output",
                        tmp_path / "a.h5", code=None)
    groups = result["ppc"][0]["group_means"]
    # V = 1 + τ² + σ²/9: E V = 6, Var V = 32 + 2, kurtosis of the mean 3 E V²/(E V)².
    sd, kurtosis = 6 ** 0.5, 3 * (36 + 34) / 36
    for level, of in enumerate(groups):
        S = 4000  # at least so many are worth it
        assert of["observed"] == pytest.approx(columns["y"][columns["g"] == level].mean())
        assert abs(of["mean"] - 2) < 5 * sd / S ** 0.5
        assert abs(of["sd"] - sd) < 5 * sd * ((kurtosis - 1) / (4 * S)) ** 0.5
    assert "Prior predictive checks" in merit("summarize", tmp_path / "a.h5", code=None).stdout
    (tmp_path / "priors.toml").write_text('wide = "sd~half_t(3, 5)"\nnarrow = "sd~half_t(3, .1)"\n')
    grid = ["sample", path, FORMULA["gaussian"], "--prior-grid", tmp_path / "priors.toml", "--ppc",
            "--output", tmp_path / "grid.h5"]
    assert [of["prior"] for of in merit_json(*grid)["ppc"]] == ["wide", "narrow"]


def test_a_model_that_does_not_fit_is_told(tmp_path):
    """Counts of which nine in ten are 0 and the rest 20: Poisson rows alike have fewer zeros."""
    columns = two_level(8, 20)
    columns["count"] = np.where(np.arange(160) % 10 == 0, 20, 0)
    columns["count"][columns["g"] == 3] = 2
    write_group(tmp_path / "study.h5", columns)
    options = ["sample", tmp_path / "study.h5", "count ~ 1 + (1 | g)", "--family", "poisson", "--ppc",
               "--save-groups", "draws", "--output", tmp_path / "a.h5"]
    result = merit_json(*options, code=None)
    zeros = {of["statistic"]: of for of in result["ppc"][0]["statistics"]}["prop_zero"]
    assert zeros["p.value"] == 0 and zeros["observed"] == pytest.approx(126 / 160)
    assert any(note.startswith("prop_zero of the responses is hardly ever as observed")
               for note in result["notes"])
    assert "Group means, observed and replicated" in merit("summarize", tmp_path / "a.h5", "--ranef",
                                                           code=None).stdout
