# SPDX-License-Identifier: MIT
"""merit sample --prior-only: draws have the quantiles of the priors, in closed form."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group
from scipy import stats

SHARES = np.array([0.025, 0.25, 0.5, 0.75, 0.975])


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(8, 9)
    rng = np.random.default_rng(5)
    columns["x"] += 2
    columns["event"] = (columns["y"] > 1).astype(int)
    columns["count"] = rng.poisson(np.exp(0.4 * columns["y"]))
    columns["grade"] = np.clip(np.floor(columns["y"] + 1), 0, 2).astype(int)
    return write_group(tmp_path_factory.mktemp("prior") / "study.h5", columns), columns


def in_order(low, high):
    """Distribution functions of two numbers, given that the first is the smaller: thresholds."""
    x = np.linspace(-200, 200, 400_001)
    densities = low.pdf(x) * high.sf(x), high.pdf(x) * low.cdf(x)
    shares = [np.cumsum(density) / density.sum() for density in densities]
    return [lambda at, share=share: np.interp(at, x, share) for share in shares]


NORMAL, STUDENT = stats.norm(0.5, 1.5), stats.t(5, 1, 2)
ALIKE = stats.t(3, 0, 2.5)
HALF_T, RATE = (lambda x: stats.t(3).cdf(x / 2) * 2 - 1), stats.expon(scale=1 / 0.7)
SD = ["--prior", "sd~half_t(3, 2)"]
CASES = {
    "gaussian": ("y", [*SD, "--prior", "sigma~exponential(0.7)"], {"sd__Observation": RATE.cdf}),
    "ratio": ("y", ["--prior", "sd/sigma~half_t(3, 2)", "--prior", "sigma~exponential(0.7)"],
              {"sd__Observation": RATE.cdf}),
    "binomial": ("event", SD, {}),
    "negbinomial": ("count", [*SD, "--prior", "theta~gamma(2, 0.5)"],
                    {"theta": stats.gamma(2, scale=2).cdf}),
    "ordinal": ("grade", [*SD, "--prior", "0|1~normal(-1, 1)", "--prior", "1|2~normal(1, 2)"], dict(
        zip(["0|1", "1|2"], in_order(stats.norm(-1, 1), stats.norm(1, 2))))),
    # The smaller and the larger of two numbers from one distribution: brms' default.
    "ordinal alike": ("grade", [*SD, "--prior", "thresholds~student_t(3, 0, 2.5)"], {
        "0|1": lambda x: 1 - ALIKE.sf(x) ** 2, "1|2": lambda x: ALIKE.cdf(x) ** 2}),
}


@pytest.mark.parametrize("case", CASES)
def test_quantiles_are_the_priors(case, study, tmp_path):
    path, columns = study
    response, priors, expected = CASES[case]
    family = [] if case in ("gaussian", "ratio") else ["--family", case.split()[0]]
    location = [] if case.startswith("ordinal") else ["--prior", "Intercept~student_t(5, 1, 2)"]
    result = merit_json("sample", path, f"{response} ~ x + (1 | g)", *family, *priors, *location,
                        "--prior", "x~normal(0.5, 1.5)", "--prior-only", "--draws", 4000,
                        "--save-groups", "draws", "--output", tmp_path / "a.h5", code=None)
    with h5py.File(tmp_path / "a.h5") as file:
        value = file["draws/value"]
        draws = dict(zip(value.attrs["columns"], value[:].T))
        assert file["job"].attrs["prior_only"] and (file["draws/log_likelihood"][:] == 0).all()
    ess = {row["term"]: min(row["ess_bulk"], row["ess_tail"]) for row in result["tidy"]}
    assert all(row["rhat"] < 1.02 for row in result["tidy"])
    assert any("draws of the prior" in note for note in result["notes"])

    def check(name, x, cdf, size):
        # Shares of draws below the draws' own quantiles: binomial, with as many as are worth it.
        error = np.sqrt(SHARES * (1 - SHARES) / size)
        assert np.abs(cdf(np.quantile(x, SHARES)) - SHARES).max() < (4.5 * error).max(), name

    tau = draws["sd__(Intercept)"]
    scale = draws["sd__Observation"] if case == "ratio" else 1
    check("sd", tau / scale, HALF_T, ess["sd__(Intercept)"])
    check("x", draws["x"], NORMAL.cdf, ess["x"])
    if not case.startswith("ordinal"):
        # The intercept has its prior at the columns' means.
        centred = draws["(Intercept)"] + columns["x"].mean() * draws["x"]
        check("Intercept", centred, STUDENT.cdf, ess["(Intercept)"])
    for term, cdf in expected.items():
        shift = columns["x"].mean() * draws["x"] if case.startswith("ordinal") else 0  # likewise
        check(term, draws[term] - shift, cdf, ess[term])
    check("group", draws["r_g[3]"] / tau, stats.norm.cdf, 8000)


def test_refusals(study, tmp_path):
    path, _ = study
    options = ["sample", path, "y ~ x + (1 | g)", "--output", tmp_path / "a.h5", "--prior-only"]
    check_refusal(merit(*options, code=USAGE), "the prior of x is flat", "rstanarm",
                  "'x~normal(0, 2.5)'")
    check_refusal(merit(*options, "--prior", "rstanarm", "--loo", "groups", code=USAGE),
                  "--loo groups", "--prior-only")
