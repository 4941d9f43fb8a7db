# SPDX-License-Identifier: MIT
"""merit sample --loo: leave-one-out and WAIC against NumPy from the draws in the file."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group
from scipy import special, stats

from h5same import differences

STOPPED = 75
POINTWISE = ["elpd_loo", "p_loo", "mcse_elpd_loo", "pareto_k", "elpd_waic", "p_waic"]
FORMULA = {"gaussian": "y ~ x + (1 | g)", "binomial": "event ~ x + (1 | g)",
           "trials": "cbind(hits, 5 - hits) ~ x + (1 | g)", "poisson": "count ~ x + (1 | g)",
           "negbinomial": "count ~ x + (1 | g)", "ordinal": "grade ~ x + (1 | g)"}


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(8, 9)
    rng = np.random.default_rng(5)
    columns["event"] = (columns["y"] > 1).astype(int)
    columns["hits"] = rng.binomial(5, special.expit(columns["y"] - 1))
    columns["count"] = rng.negative_binomial(3, 3 / (3 + np.exp(0.4 * columns["y"] + 1)))
    columns["count"][4] = 40  # beyond what is added up term by term
    columns["grade"] = np.clip(np.floor(columns["y"] + 1), 0, 2).astype(int)
    path = write_group(tmp_path_factory.mktemp("loo") / "study.h5", columns)
    return path, columns


def log_density(case, columns, draws):
    """log p(y | eta) for rows x draws: the model as its family's definition has it."""
    def at(eta, rows):
        if case == "gaussian":
            return stats.norm.logpdf(columns["y"][rows, None], eta, draws["sd__Observation"])
        if case == "binomial":
            return stats.bernoulli.logpmf(columns["event"][rows, None], special.expit(eta))
        if case == "trials":
            return stats.binom.logpmf(columns["hits"][rows, None], 5, special.expit(eta))
        count = columns["count"][rows, None]
        if case == "poisson":
            return stats.poisson.logpmf(count, np.exp(eta))
        if case == "negbinomial":
            return stats.nbinom.logpmf(count, draws["theta"],
                                       draws["theta"] / (draws["theta"] + np.exp(eta)))
        ends = np.full((4, eta.shape[1]), np.inf)
        ends[0], ends[1], ends[2] = -np.inf, draws["0|1"], draws["1|2"]
        grade = columns["grade"][rows]
        return np.log(special.expit(ends[grade + 1] - eta) - special.expit(ends[grade] - eta))
    return at


def log_likelihoods(case, columns, path):
    """Of rows given their intercepts, and of groups by a fine trapezoidal rule: units x draws."""
    with h5py.File(path) as file:
        value = file["draws/value"]
        draws = dict(zip(value.attrs["columns"], value[:].T))
        marginal = file["draws/log_likelihood"][:]
    at = log_density(case, columns, draws)
    fixed = (draws.get("(Intercept)", 0)
             + columns["x"][:, None] * draws["x"])
    rows, groups = [], []
    steps = np.linspace(-8, 8, 241)
    for level in range(8):
        mine = np.flatnonzero(columns["g"] == level)
        rows.append(at(fixed[mine] + draws[f"r_g[{level}]"], mine))
        nodes = [at(fixed[mine] + draws["sd__(Intercept)"] * v, mine).sum(axis=0)
                 + stats.norm.logpdf(v) for v in steps]
        groups.append(special.logsumexp(nodes, axis=0) + np.log(steps[1] - steps[0]))
    # The sum of the groups' is the likelihood that the sampler has stored.
    assert np.sum(groups, axis=0) == pytest.approx(marginal, rel=1e-5)
    return {"rows": np.concatenate(rows), "groups": np.array(groups)}


def efficiency(x, chains):
    """Effective sample size over S: autocovariances of the chains, Geyer's monotone sequence."""
    chain = x.reshape(chains, -1)
    n = chain.shape[1]
    away = chain - chain.mean(axis=1, keepdims=True)
    acov = np.mean([np.correlate(a, a, "full")[n - 1:] / n for a in away], axis=0)
    within = acov[0] * n / (n - 1)
    rho = 1 - (within - acov) / (acov[0] + chain.mean(axis=1).var(ddof=1))
    rho[0] = 1
    pairs = rho[0:n - n % 2:2] + rho[1:n:2]
    last = int(np.argmax(np.append(pairs, -1) < 0))
    sums = np.minimum.accumulate(pairs[:last])
    tau = -1 + 2 * sums.sum() + (max(rho[2 * last], 0) if 2 * last < n else 0)
    return 1 / max(tau, 1 / np.log10(x.size))


def left_out(ll, r):
    """PSIS-LOO and WAIC of one unit, after Vehtari, Gelman & Gabry (2017) and R's loo."""
    S = ll.size
    lw = -ll - np.max(-ll)
    order = np.argsort(lw, kind="stable")
    M = int(np.ceil(min(0.2 * S, 3 * np.sqrt(S / r))))
    tail = order[-M:]
    cutoff = np.exp(lw[order[-M - 1]])
    x = np.exp(lw[tail]) - cutoff
    m = 30 + int(np.sqrt(M))
    theta = 1 / x[-1] + (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (
        3 * x[int(M / 4 + 0.5) - 1])
    k = np.array([np.log1p(-t * x).mean() for t in theta])
    profile = M * (np.log(-theta / k) - k - 1)
    theta = np.sum(theta * special.softmax(profile))
    k = np.log1p(-theta * x).mean()
    sigma, k = -k / theta, (k * M + 5) / (M + 10)
    p = (np.arange(1, M + 1) - 0.5) / M
    lw[tail] = np.minimum(np.log(cutoff + sigma * np.expm1(-k * np.log1p(-p)) / k), 0)
    w = special.softmax(lw)
    elpd = special.logsumexp(ll, b=w)
    lpd = special.logsumexp(ll) - np.log(S)
    mcse = np.sqrt(np.log1p(np.sum(w ** 2 * np.expm1(ll - elpd) ** 2) / r))
    return elpd, lpd - elpd, mcse, k, lpd - ll.var(ddof=1), ll.var(ddof=1)


@pytest.mark.parametrize("case", FORMULA)
def test_against_numpy(case, study, tmp_path):
    path, columns = study
    family = [] if case == "gaussian" else [
        "--family", "binomial" if case == "trials" else case, "--nagq", 21]
    result = merit_json("sample", path, FORMULA[case], *family, "--draws", 200, "--chains", 2,
                        "--prior", "theta~exponential(0.1)" if case == "negbinomial" else "brms",
                        "--prior", "sd~half_normal(0.5)", "--save-groups", "draws", "--loo", "both",
                        "--output", tmp_path / "a.h5",
                        code=None)
    expected = log_likelihoods(case, columns, tmp_path / "a.h5")
    assert [of["unit"] for of in result["loo"]] == ["groups", "rows"]
    with h5py.File(tmp_path / "a.h5") as file:
        tables = {unit: {name: file[f"loo/{unit}/{name}"][:] for name in ["group", *POINTWISE]}
                  for unit in expected}
    for of in result["loo"]:
        ll, table = expected[of["unit"]], tables[of["unit"]]
        assert (table["group"] == (columns["g"] if of["unit"] == "rows" else np.arange(8))).all()
        for i, unit in enumerate(ll):
            r = 1 if case == "gaussian" else efficiency(np.exp(unit), 2)
            found = [table[name][i] for name in POINTWISE]
            assert found == pytest.approx(left_out(unit, r), rel=1e-4, abs=1e-6)
        for name in ["elpd_loo", "p_loo", "elpd_waic", "p_waic"]:
            x = table[name]
            assert of[name]["estimate"] == pytest.approx(x.sum(), rel=1e-12)
            assert of[name]["std.error"] == pytest.approx((x.size * x.var(ddof=1)) ** 0.5)
        assert of["looic"]["estimate"] == -2 * of["elpd_loo"]["estimate"]
        assert of["waic"]["std.error"] == 2 * of["elpd_waic"]["std.error"]
        # 1 − 1/log₁₀ 400 = 0.6157.
        k, threshold = table["pareto_k"], 1 - 1 / np.log10(400)
        assert of["pareto_k"] == {
            "threshold": pytest.approx(threshold), "good": (k <= threshold).sum(),
            "bad": ((k > threshold) & (k <= 1)).sum(), "very_bad": (k > 1).sum(),
            "largest": k.max()}
        assert of["n"] == k.size
        rough = any(f"{of['unit']} have a Pareto k above 0.62" in note for note in result["notes"])
        assert rough == (k > threshold).any()


def test_same_bits_resumed_and_summarized(study, tmp_path):
    """On other ranks and threads, and of a job that was stopped before or while rows are left out."""
    path, _ = study
    options = ["sample", path, FORMULA["gaussian"], "--save-groups", "draws", "--loo", "both",
               "--draws", 2000, "--progress", "none"]
    one = merit(*options, "--output", tmp_path / "one.h5", "--threads", 1).stdout
    assert "Leave-one-out and WAIC" in one and "k <= 0.70" in one
    assert merit("summarize", tmp_path / "one.h5", "--ranef").stdout == one
    other = tmp_path / "other.h5"
    merit(*options, "--output", other, "--resume", "--threads", 1, "--time-limit", "0.12",
          code=None)
    assert merit(*options, "--output", other, "--resume", ranks=2).stdout == one
    with h5py.File(tmp_path / "one.h5") as a, h5py.File(other) as b:
        assert not list(differences(a, b, {"/provenance"}))
    assert "their checksums are right" in merit("inspect", other).stdout
    # Another job: it lacks what was left out.
    check_refusal(merit(*options[:3], "--save-groups", "draws", "--draws", 2000, "--output", other,
                        "--resume", code=USAGE), "loo")


def test_priors_beside_each_other_and_what_is_refused(study, tmp_path):
    path, _ = study
    (tmp_path / "priors.toml").write_text('wide = "sd~half_t(3, 5)"\nnarrow = "sd~half_t(3, .1)"\n')
    grid = ["sample", path, FORMULA["gaussian"], "--prior-grid", tmp_path / "priors.toml",
            "--output", tmp_path / "grid.h5"]
    result = merit_json(*grid, "--loo", "groups")
    assert [(of["unit"], of["prior"]) for of in result["loo"]] == [("groups", "wide"),
                                                                  ("groups", "narrow")]
    check_refusal(merit(*grid, "--overwrite", "--loo", "people", code=USAGE), "people", "rows")
