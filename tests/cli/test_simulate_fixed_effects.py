# SPDX-License-Identifier: MIT
"""merit simulate: regressions with a dummy for every group, and their cluster-robust errors."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json

STUDY = """
repetitions = 20
estimands = ["(Intercept)", "x", "w", "x:w"]
[data]
formula = "y ~ x * w + (1 | g)"
groups = 7
group_size = { mean = 6, cv = 0.5, min = 2 }
icc = 0.3
[data.covariates]
x = { kind = "normal", mean = 10 }
w = { kind = "halves" }
[data.coefficients]
"(Intercept)" = 1
x = 0.3
w = 0.5
"x:w" = 0
[[estimator]]
name = "FE"
method = "fixed-effects"
df = ["normal", "between-within", "CR0", "CR1", "CR2", "CR3"]
[[estimator]]
name = "REML"
"""


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("fixed")
    (place / "study.toml").write_text(STUDY, encoding="utf-8")
    return place


@pytest.fixture(scope="module", name="one")
def fixture_one(place):
    """{(way, term): line} of one repetition; X with all dummies, y and groups of its data."""
    shown = merit_json("simulate", "study.toml", "--only", "cell=1,rep=7", "--dump-data", "data.h5",
                       cwd=place)
    lines = {(line["df"], line["term"]): line for line in shown["fits"] if line["estimator"] == "FE"}
    with h5py.File(place / "data.h5") as file:
        y, x, w, g = (file["data"][name][:] for name in ("y", "x", "w", "g"))
    X = np.column_stack([x, x * w] + [(g == j).astype(float) for j in np.unique(g)])
    return lines, X, y, g


def test_least_squares_with_dummies(one):
    lines, X, y, g = one
    beta, *_ = np.linalg.lstsq(X, y, rcond=None)
    residual = y - X @ beta
    sigma2 = residual @ residual / (len(y) - X.shape[1])
    vcov = sigma2 * np.linalg.inv(X.T @ X)
    for a, term in enumerate(["x", "x:w"]):
        line = lines["between-within", term]
        assert line["estimate"] == pytest.approx(beta[a], rel=1e-8)
        assert line["std.error"] == pytest.approx(np.sqrt(vcov[a, a]), rel=1e-8)
        assert line["den.df"] == len(y) - X.shape[1]
    assert lines[None, "sd__Observation"]["estimate"] == pytest.approx(np.sqrt(sigma2), rel=1e-8)


def inverse_root(matrix, power):
    """Generalised: directions that are not there are left out."""
    values, vectors = np.linalg.eigh(matrix)
    there = values > 1e-9
    return vectors[:, there] @ np.diag(values[there] ** power) @ vectors[:, there].T


@pytest.mark.parametrize("way", ["CR0", "CR1", "CR2", "CR3"])
def test_cluster_robust_errors_of_all_columns(way, one):
    """Bell & McCaffrey (2002), with the dummies among X as they are: vcov and degrees of freedom."""
    lines, X, y, g = one
    n, groups = len(y), np.unique(g)
    M = np.linalg.inv(X.T @ X)
    I_H = np.eye(n) - X @ M @ X.T
    residual = I_H @ y
    A = []
    for j in groups:
        mine = g == j
        B = I_H[np.ix_(mine, mine)]
        A.append({"CR0": np.eye(len(B)), "CR1": np.sqrt(len(groups) / (len(groups) - 1)) * np.eye(len(B)),
                  "CR2": inverse_root(B, -0.5), "CR3": inverse_root(B, -1.0)}[way])
    scores = np.array([X[g == j].T @ A[k] @ residual[g == j] for k, j in enumerate(groups)])
    vcov = M @ scores.T @ scores @ M
    for a, term in enumerate(["x", "x:w"]):
        line = lines[way, term]
        assert line["std.error"] == pytest.approx(np.sqrt(vcov[a, a]), rel=1e-7)
        G = np.column_stack([I_H[:, g == j] @ A[k] @ X[g == j] @ M[:, a] for k, j in enumerate(groups)])
        omega = G.T @ G
        assert line["den.df"] == pytest.approx(np.trace(omega) ** 2 / (omega ** 2).sum(), rel=1e-6)


def test_what_dummies_take_is_told(place):
    """No rows of w and the intercept, and the reason."""
    done = merit_json("simulate", "study.toml", cwd=place)
    terms = {(row["estimator"], row["term"]) for row in done["performance"]}
    assert ("FE", "w") not in terms and ("FE", "(Intercept)") not in terms
    assert {("FE", "x"), ("FE", "x:w"), ("REML", "w")} <= terms
    assert done["notes"] == ["FE has no estimate of (Intercept), w: constant within groups, whose dummies "
                             "take what there is to tell of them"]
    merit("simulate", "study.toml", "--output", "out.h5", cwd=place, ranks=2)
    stored = merit_json("summarize", place / "out.h5")
    assert stored["notes"] == done["notes"] and stored["performance"] == done["performance"]


@pytest.mark.parametrize("old, new, mentions", [
    ('"CR3"]', '"kr"]', ["df = 'kr'", "'fixed-effects' has"]),
    ('"CR3"]', '"profile"]', ["df = 'profile'", "'fixed-effects' has"]),
    ('"CR3"]', '"CR3"]\nbootstrap = { replicates = 9 }', ["bootstrap", "random-intercept"]),
    ('"x:w"]', '"sd__(Intercept)"]', ["'FE' does not give the estimand 'sd__(Intercept)'"]),
    ('"CR3"]', '"CR3"]\nformula = "y ~ w + (1 | g)"', ["all of its terms are constant within groups"]),
    ("{ mean = 6, cv = 0.5, min = 2 }", "1", ["no degree of freedom beside their dummies", "group_size = 1"]),
    ('icc = 0.3', 'icc = 0.3\nfamily = "binomial"', ["method = 'fixed-effects'", "agq"]),
])
def test_what_it_is_not(old, new, mentions, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY.replace(old, new, 1), encoding="utf-8")
    check_refusal(merit("simulate", "study.toml", code=USAGE, cwd=tmp_path), "line ", *mentions)
