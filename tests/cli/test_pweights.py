# SPDX-License-Identifier: MIT
"""Sampling weights: replication invariance, and a pseudo-likelihood integrated by brute force."""

import math

import h5py
import numpy as np
import pytest
from program import BAD_DATA, USAGE, check_refusal, merit, merit_json, two_level, write_group

MODEL = ["y ~ x + w + (1 | g)", "--method", "ml"]


def columns_of():
    columns = two_level(14, 9)
    rng = np.random.default_rng(5)
    g = columns["g"]
    columns |= {"p": rng.uniform(0.3, 4.0, g.size), "v": rng.uniform(1.0, 6.0, 14)[g],
                "times": rng.integers(0, 4, g.size).astype(float),
                "twice": rng.integers(1, 4, 14)[g].astype(float), "one": np.ones(g.size)}
    eta = columns["y"] - 0.8
    columns["event"] = (rng.random(g.size) < 1 / (1 + np.exp(-eta))).astype(float)
    columns["count"] = rng.poisson(np.exp(eta)).astype(float)
    columns["size"] = rng.poisson(rng.gamma(2.0, np.exp(eta) / 2.0)).astype(float)
    columns["rating"] = np.clip(np.round(eta + 1), 0, 2)
    columns["trials"] = rng.integers(1, 5, g.size).astype(float)
    columns["share"] = rng.binomial(columns["trials"].astype(int), 0.4) / columns["trials"]
    columns["word"] = np.array([b"a", b"b"])[g % 2]
    return columns


@pytest.fixture(scope="module", name="columns")
def fixture_columns():
    return columns_of()


@pytest.fixture(scope="module", name="study")
def fixture_study(columns, tmp_path_factory):
    return write_group(tmp_path_factory.mktemp("pweights") / "study.h5", columns)


def estimates(report):
    return [row["estimate"] for row in report["tidy"]]


def errors(report):
    return [row["std.error"] for row in report["tidy"]]


MODELS = {
    "gaussian": MODEL,
    "binomial": ["event ~ x + w + (1 | g)", "--family", "binomial"],
    "trials": ["share ~ x + w + (1 | g)", "--family", "binomial", "--trials", "trials"],
    "probit": ["event ~ x + (1 | g)", "--family", "binomial", "--link", "probit"],
    "cloglog": ["event ~ x + (1 | g)", "--family", "binomial", "--link", "cloglog"],
    "poisson": ["count ~ x + (1 | g)", "--family", "poisson", "--method", "laplace"],
    "negbinomial": ["size ~ x + (1 | g)", "--family", "negbinomial"],
    "ordinal": ["rating ~ x + w + (1 | g)", "--family", "ordinal"],
    "ordinal-probit": ["rating ~ x + (1 | g)", "--family", "ordinal", "--link", "probit"],
}


@pytest.fixture(scope="module", name="written")
def fixture_written(columns, tmp_path_factory):
    """The groups, each as often as it counts."""
    rows, number = [], []
    for j in range(14):
        members = np.flatnonzero(columns["g"] == j)
        for copy in range(int(columns["twice"][members[0]])):
            rows += [*members]
            number += [100 * copy + j] * len(members)
    out = {name: values[rows] for name, values in columns.items() if name != "word"}
    return write_group(tmp_path_factory.mktemp("written") / "study.h5", {**out, "g": number})


def close(weighted, plain):
    """What both have the same: the sandwich is not the model's covariance."""
    assert estimates(weighted) == pytest.approx(estimates(plain), rel=1e-7, abs=1e-9)
    assert weighted["glance"]["logLik"] == pytest.approx(plain["glance"]["logLik"], rel=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_weights_count_as_what_they_stand_for(model, study, written):
    """Weights of 1 are none; a group that counts twice is two groups; rows that count several
    times (without scaling; those of weight 0 not at all) are rows written out."""
    model = MODELS[model]
    plain = merit_json("fit", study, *model)
    close(merit_json("fit", study, *model, "--pweights", "one", "--group-pweights", "one"), plain)
    close(merit_json("fit", study, *model, "--group-pweights", "twice"),
          merit_json("fit", written, *model))
    close(merit_json("fit", study, *model, "--pweights", "times", "--weight-scaling", "none"),
          merit_json("fit", study, *model, "--fweights", "times"))


def scaled(columns, scaling):
    """Formulas of Rabe-Hesketh & Skrondal (2006), § 3.2."""
    w = columns["p"].copy()
    for j in range(columns["g"].max() + 1):
        own = columns["g"] == j
        w[own] *= {"none": 1.0, "size": own.sum() / w[own].sum(),
                   "effective": w[own].sum() / np.sum(w[own] ** 2)}[scaling]
    return w


def log_density(family, psi, columns):
    """Of every row as a function of its intercept b (a row of an array), and its other parameters:
    psi without log tau, in the order of the report."""
    def eta(at):
        return (columns["x"] * psi[at] + columns["w"] * psi[at + 1])[:, None]

    y = columns[{"gaussian": "y", "binomial": "event", "negbinomial": "size",
                 "ordinal": "rating"}[family]][:, None]
    if family == "gaussian":
        return lambda b: (-0.5 * ((y - psi[0] - eta(1) - b) / np.exp(psi[3])) ** 2 - psi[3]
                          - 0.5 * np.log(2 * np.pi))
    if family == "binomial":
        return lambda b: -np.logaddexp(0, (1 - 2 * y) * (psi[0] + eta(1) + b))
    if family == "ordinal":
        def below(k, b):  # log P(Y <= k)
            return -np.logaddexp(0, -(psi[k] - eta(2) - b))
        return lambda b: np.where(
            y == 0, below(0, b),
            np.where(y == 2, -np.logaddexp(0, psi[1] - eta(2) - b),
                     below(1, b) + np.log1p(-np.exp(below(0, b) - below(1, b)))))
    theta = np.exp(psi[3])
    constant = np.array([math.lgamma(value + theta) - math.lgamma(theta) - math.lgamma(value + 1)
                         for value in y[:, 0]])[:, None]

    def negbinomial(b):
        log_mu = psi[0] + eta(1) + b
        log_sum = np.logaddexp(log_mu, psi[3])
        return constant + theta * (psi[3] - log_sum) + y * (log_mu - log_sum)
    return negbinomial


def group_log_likelihoods(family, psi, columns, w):
    """The integrals over the intercept, by the trapezoidal rule on a fine and wide grid: exact to
    rounding for such integrands. psi ends with log tau."""
    tau = np.exp(psi[-1])
    b = tau * np.linspace(-9, 9, 241)
    rows = w[:, None] * log_density(family, psi[:-1], columns)(b[None, :])
    out = []
    for j in range(columns["g"].max() + 1):
        f = rows[columns["g"] == j].sum(axis=0) - 0.5 * (b / tau) ** 2
        out.append(f.max() + np.log(np.sum(np.exp(f - f.max())) * (b[1] - b[0])
                                    / tau / np.sqrt(2 * np.pi)))
    return np.array(out)


def slopes(function, psi, step=2e-3):
    """Central differences of fourth order."""
    out = []
    for k in range(len(psi)):
        e = np.eye(len(psi))[k] * step
        out.append((8 * (function(psi + e) - function(psi - e))
                    - (function(psi + 2 * e) - function(psi - 2 * e))) / (12 * step))
    return np.array(out)


BRUTE_FORCE = {"gaussian": "size", "binomial": "effective", "negbinomial": "none", "ordinal": "size"}


@pytest.mark.parametrize("family", BRUTE_FORCE)
def test_estimates_and_sandwich_against_brute_force(family, study, columns, tmp_path):
    scaling = BRUTE_FORCE[family]
    formula = {"gaussian": "y", "binomial": "event", "negbinomial": "size", "ordinal": "rating"}[family]
    method = ["--method", "ml"] if family == "gaussian" else ["--family", family, "--nagq", 41]
    fit = merit_json("fit", study, f"{formula} ~ x + w + (1 | g)", *method, "--pweights", "p",
                     "--group-pweights", "v", "--output", tmp_path / "fit.h5",
                     *([] if scaling == "size" else ["--weight-scaling", scaling]))
    with h5py.File(tmp_path / "fit.h5") as file:
        stored = file["fit"].attrs
        reported = [*file["fit/estimate"][:], stored["tau"]]
        got = [*file["fit/std_error"][:], stored["tau_std_error"]]
        if family == "gaussian":
            reported.insert(3, stored["sigma"])
            got.insert(3, stored["sigma_std_error"])
    logged = {"gaussian": [3, 4], "binomial": [3], "negbinomial": [3, 4], "ordinal": [4]}[family]
    psi, scale = np.array(reported), np.ones(len(reported))
    scale[logged], psi[logged] = psi[logged], np.log(psi[logged])
    w, v, J = scaled(columns, scaling), columns["v"][::9], 14

    def groups(at):
        return group_log_likelihoods(family, at, columns, w)

    assert fit["glance"]["logLik"] == pytest.approx(v @ groups(psi), rel=1e-9)
    scores = v[:, None] * slopes(groups, psi).T
    assert scores.sum(axis=0) == pytest.approx(np.zeros(len(psi)), abs=1e-6 * np.abs(scores).sum())
    H = -slopes(lambda at: slopes(groups, at) @ v, psi)
    H = np.linalg.inv((H + H.T) / 2)
    V = H @ (J / (J - 1) * scores.T @ scores) @ H
    assert got == pytest.approx(np.sqrt(np.diag(V)) * scale, rel=1e-5)
    p = len(fit["vcov"]["matrix"])
    assert np.array(fit["vcov"]["matrix"]) == pytest.approx(
        (V * np.outer(scale, scale))[:p, :p], rel=1e-4, abs=1e-8)


def test_on_the_boundary_it_is_weighted_regression(tmp_path):
    """Where tau is 0: cluster-robust weighted least squares, J/(J − 1) its only correction."""
    columns = columns_of()
    g, rng = columns["g"], np.random.default_rng(3)
    columns["y"] = 1 + 0.5 * columns["x"] + rng.standard_normal(g.size)
    for j in range(14):  # group means nearer to the line than chance
        own = g == j
        r = columns["y"][own] - 1 - 0.5 * columns["x"][own]
        columns["y"][own] -= np.sum(columns["p"][own] * r) / np.sum(columns["p"][own]) * 0.9
    study = write_group(tmp_path / "flat.h5", columns)
    fit = merit_json("fit", study, *MODEL, "--pweights", "p", "--group-pweights", "v")
    assert fit["glance"]["boundary"]
    X = np.column_stack([np.ones(g.size), columns["x"], columns["w"]])
    w = scaled(columns, "size") * columns["v"]
    A = np.linalg.inv(X.T @ (w[:, None] * X))
    beta = A @ X.T @ (w * columns["y"])
    scores = [X[g == j].T @ (w * (columns["y"] - X @ beta))[g == j] for j in range(14)]
    V = A @ (14 / 13 * sum(np.outer(s, s) for s in scores)) @ A
    fixed = [row for row in fit["tidy"] if row["effect"] == "fixed"]
    assert [row["estimate"] for row in fixed] == pytest.approx(beta, rel=1e-9)
    assert [row["std.error"] for row in fixed] == pytest.approx(np.sqrt(np.diag(V)), rel=1e-9)


def test_multiplying_group_weights_changes_no_standard_error(study, columns, tmp_path):
    more = write_group(tmp_path / "more.h5", {**columns, "v": 40 * columns["v"]})
    weights = ["--pweights", "p", "--group-pweights", "v"]
    one, other = merit_json("fit", study, *MODEL, *weights), merit_json("fit", more, *MODEL, *weights)
    assert estimates(one) == pytest.approx(estimates(other), rel=1e-8)
    assert errors(one)[:3] == pytest.approx(errors(other)[:3], rel=1e-8)


def test_quadrature_has_the_same_bits_everywhere(study):
    """On ranks, threads and instruction sets."""
    arguments = ("fit", study, *MODELS["ordinal"], "--pweights", "p", "--group-pweights", "v",
                 "--format", "csv")
    csv = merit(*arguments, "--threads", 1, "--simd", "x86-64-v2").stdout
    assert csv == merit(*arguments, "--threads", 2, "--simd", "x86-64-v3", ranks=2).stdout


def test_ranks_and_threads_change_no_bit_and_the_table_says_what_it_is(study, tmp_path):
    arguments = ("fit", study, *MODEL, "--pweights", "p", "--group-pweights", "v", "--contrast", "x = 0")
    csv = merit(*arguments, "--format", "csv", "--threads", 1).stdout
    assert csv == merit(*arguments, "--format", "csv", "--threads", 2, ranks=2).stdout
    table = " ".join(merit(*arguments, "--output", tmp_path / "fit.h5").stdout.split())
    for text in ("pweights p", "weight_scaling size", "pseudo-likelihood", "sandwich"):
        assert text in table
    assert "sandwich" in " ".join(merit("summarize", tmp_path / "fit.h5").stdout.split())


WEIGHTS = ["--pweights", "p"]
REFUSED = {
    "reml": [["fit", *MODEL[:1], *WEIGHTS], ["--pweights p", "--method ml"]],
    "fweights": [["fit", *MODEL, *WEIGHTS, "--fweights", "times"], ["--fweights"]],
    "profile": [["fit", *MODEL, *WEIGHTS, "--ci", "profile"], ["--ci profile"]],
    "tau": [["fit", *MODEL, *WEIGHTS, "--tau-test", "lrt"], ["--tau-test"]],
    "df": [["fit", *MODEL, *WEIGHTS, "--df", "satterthwaite"], ["--df satterthwaite"]],
    "robust": [["fit", *MODEL, *WEIGHTS, "--vcov", "CR2"], ["--vcov CR2", "cluster-robust already"]],
    "null": [["fit", *MODEL, *WEIGHTS, "--null", "y ~ x + (1 | g)"], ["--contrast"]],
    "pql": [["fit", *MODELS["binomial"], *WEIGHTS, "--method", "pql"], ["--method pql"]],
    "scaling": [["fit", *MODEL, "--weight-scaling", "size"], ["--weight-scaling size"]],
    "bootstrap": [["bootstrap", *MODEL, "--group-pweights", "v", "--replicates", 9, "--output", "o.h5"],
                  ["--group-pweights v", "merit fit"]],
    "sample": [["sample", *MODEL[:1], *WEIGHTS, "--output", "o.h5"], ["--pweights p", "posterior"]],
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_defined_is_refused(case, study, tmp_path):
    (command, *options), mentions = REFUSED[case]
    check_refusal(merit(command, study, *options, cwd=tmp_path, code=USAGE), *mentions)


BAD = {
    "negative": ["p", 7, -1.0, ["--pweights p: -1 in row 8"]],
    "missing": ["p", 33, np.nan, ["--pweights p: missing in row 34", "--where"]],
    "infinite": ["p", 2, np.inf, ["--pweights p: inf in row 3"]],
    "group-zero": ["v", slice(9, 18), 0.0, ["--group-pweights v: 0 in g 1", "above 0"]],
    "group-varies": ["v", 3, 9.0, ["--group-pweights v", "rows of g 0", "same in all"]],
    "all-zero": ["p", slice(9, 18), 0.0, ["--pweights p: 0 in all rows of g 1"]],
}


@pytest.mark.parametrize("case", BAD)
def test_bad_weights(case, columns, tmp_path):
    name, rows, value, mentions = BAD[case]
    column = columns[name].copy()
    column[rows] = value
    study = write_group(tmp_path / "study.h5", {**columns, name: column})
    check_refusal(merit("fit", study, *MODEL, "--pweights", "p", "--group-pweights", "v",
                        code=BAD_DATA), *mentions)


def test_text_is_no_weight(study):
    check_refusal(merit("fit", study, *MODEL, "--pweights", "word", code=BAD_DATA),
                  "--pweights word", "numbers")
