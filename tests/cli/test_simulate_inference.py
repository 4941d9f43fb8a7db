# SPDX-License-Identifier: MIT
"""merit simulate: standard errors and degrees of freedom that every data set has of its own."""

import csv
import io
import math

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json

from h5same import differences

# Of one repetition, and of `merit fit` on its data.
WAYS = {"normal": ["--df", "normal"], "satterthwaite": ["--df", "satterthwaite"],
        "kr": ["--df", "kr"],
        **{cr: ["--vcov", cr, "--df", "satterthwaite"] for cr in ("CR0", "CR1", "CR2", "CR3")}}
STUDY = """
repetitions = 30
[data]
formula = "y ~ x + w + (1 | g)"
groups = [5, 9]
group_size = { mean = 6, cv = 0.4, min = 2 }
icc = 0.3
[data.covariates]
x = { kind = "normal" }
w = { kind = "halves" }
[data.coefficients]
"(Intercept)" = 1
x = 0.3
w = 0
[[estimator]]
name = "REML"
df = ["normal", "satterthwaite", "kr", "CR0", "CR1", "CR2", "CR3"]
[[estimator]]
name = "OLS"
method = "pooled"
df = ["normal", "CR1"]
[[estimator]]
name = "ML"
method = "ml"
df = "satterthwaite"
"""


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("inference")
    (place / "study.toml").write_text(STUDY, encoding="utf-8")
    merit("simulate", "study.toml", "--output", "whole.h5", cwd=place)
    return place


def one(place, repetition):
    """{(estimator, way, term): line} of a repetition of the second cell, and its data."""
    data = place / f"data{repetition}.h5"
    shown = merit_json("simulate", place / "study.toml", "--only", f"cell=2,rep={repetition}",
                       "--dump-data", data)
    return {(line["estimator"], line["df"], line["term"]): line for line in shown["fits"]}, data


@pytest.mark.parametrize("way", WAYS)
def test_as_merit_fit_has_it(way, place):
    repetition = 4 + list(WAYS).index(way)
    lines, data = one(place, repetition)
    fit = merit_json("fit", data, "y ~ x + w + (1 | g)", *WAYS[way])
    for row in fit["tidy"]:
        if row["effect"] == "fixed":
            line = lines["REML", way, row["term"]]
            assert line["std.error"] == pytest.approx(row["std.error"], rel=1e-9)
            assert way == "normal" or line["den.df"] == pytest.approx(row["df"], rel=1e-7)


def test_pooled_regression_by_hand(place):
    """Least squares, and White's estimator summed over groups times J/(J − 1): CR1."""
    lines, data = one(place, 2)
    with h5py.File(data) as file:
        y, x, w, g = (file["data"][name][:] for name in ("y", "x", "w", "g"))
    X = np.column_stack([np.ones_like(x), x, w])
    beta, *_ = np.linalg.lstsq(X, y, rcond=None)
    residual = y - X @ beta
    bread = np.linalg.inv(X.T @ X)
    scores = np.array([X[g == j].T @ residual[g == j] for j in np.unique(g)])
    J = len(scores)
    robust = bread @ (scores.T @ scores) @ bread * J / (J - 1)
    sigma2 = residual @ residual / (len(y) - 3)
    for a, term in enumerate(["(Intercept)", "x", "w"]):
        plain, clustered = lines["OLS", "normal", term], lines["OLS", "CR1", term]
        assert plain["estimate"] == pytest.approx(beta[a], rel=1e-9)
        assert plain["std.error"] == pytest.approx(np.sqrt(sigma2 * bread[a, a]), rel=1e-9)
        assert clustered["std.error"] == pytest.approx(np.sqrt(robust[a, a]), rel=1e-9)
    assert ("OLS", None, "sd__(Intercept)") not in lines


def quantile_of_t(df):
    """97.5%, by bisection: with t = √df tan θ the density is that of cos^(df − 1) θ."""
    scale = math.gamma((df + 1) / 2) / (math.gamma(df / 2) * math.sqrt(math.pi))
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        end = (low + high) / 2
        theta = (np.arange(20_000) + 0.5) * end / 20_000
        low, high = ((end, high) if scale * (np.cos(theta) ** (df - 1)).mean() * end < 0.475
                     else (low, end))
    return math.sqrt(df) * math.tan(low)


def test_table_from_the_rows(place):
    """Coverage of one row of the table, counted from the file's columns."""
    table = list(csv.DictReader(io.StringIO(
        merit("summarize", place / "whole.h5", "--format", "csv").stdout)))
    row, = (row for row in table if (row["cell"], row["estimator"], row["df"], row["term"])
            == ("2", "REML", "kr", "w"))
    with h5py.File(place / "whole.h5") as file:
        estimates, errors = (file[f"replicates/{name}"] for name in ("estimate", "std_error"))
        column = {name: at for at, name in enumerate(estimates.attrs["columns"])}
        mine = slice(3, None, 2 * 3)
        value, df = (estimates[mine, column[name]] for name in ("w", "df[kr][w]"))
        error = errors[mine, column["df[kr][w]"]]
    half = np.array([quantile_of_t(v) for v in df]) * error
    assert float(row["coverage"]) == pytest.approx((np.abs(value) <= half).mean())
    assert float(row["width"]) == pytest.approx(2 * half.mean(), rel=1e-6)
    assert float(row["modelse"]) == pytest.approx(np.sqrt((error ** 2).mean()))


def test_the_same_bits_on_two_ranks(place):
    merit("simulate", "study.toml", "--output", "ranks.h5", cwd=place, ranks=2)
    with h5py.File(place / "whole.h5") as one, h5py.File(place / "ranks.h5") as other:
        assert not list(differences(one, other, {"/provenance"}))


def test_ways_that_an_estimator_does_not_have(place, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(STUDY.replace('"satterthwaite"\n', '"kr"\n')
                    .replace('["normal", "CR1"]', '["CR1", "kr", "CR4"]'), encoding="utf-8")
    done = merit("simulate", path, code=USAGE)
    check_refusal(done, "df = 'kr': not one of normal, between-within, satterthwaite, CR0",
                  "which 'ml' has", "df = 'kr': not one of normal, between-within, CR0",
                  "which 'pooled' has", "df = 'CR4'")
    path.write_text(STUDY.replace("icc = 0.3", 'icc = 0.3\nfamily = "binomial"')
                    .replace('method = "pooled"', 'method = "agq"')
                    .replace('method = "ml"', 'method = "pql"'), encoding="utf-8")
    check_refusal(merit("simulate", path, code=USAGE), "df = 'CR2': not one of normal, between-within")
