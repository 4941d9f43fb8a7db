# SPDX-License-Identifier: MIT
"""A run of examples/huang2022.toml against the published results, by the rule in huang2022.json:
single entries within 3.5 standard errors of the difference of two independent runs, the mean
signed difference over the 20 published cells within 3.

Summaries and exclusions are those of the file, from merit's rows of estimates."""

import json
import math
import pathlib

import h5py
import numpy as np

PUBLISHED = json.loads(
    (pathlib.Path(__file__).resolve().parent / "huang2022.json").read_text(encoding="utf-8"))
TERMS = ["(Intercept)", "T", "W", "X", "W:X"]  # b0 … b4
PUBLISHED_RUNS = 2000


def t_quantile(df):
    """t(.975, df) by Cornish & Fisher's expansion, right to 2e-4 from df = 7 on."""
    z = 1.959963984540054
    return (z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
            + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * df**3))


def read_rows(path, estimators):
    """{estimator: (estimates, standard errors)}, each cells × repetitions × columns, columns in
    the order TERMS, then sd__(Intercept) among the estimates. Failed fits are NaN."""
    with h5py.File(path, "r") as file:
        cells, repetitions = file["job"].attrs["cells"], file["job"].attrs["repetitions"]
        found = []
        for name, wanted in (("estimate", [*TERMS, "sd__(Intercept)"]), ("std_error", TERMS)):
            rows = file[f"replicates/{name}"]
            columns = [list(rows.attrs["columns"]).index(term) for term in wanted]
            rows = rows[:].reshape(repetitions, cells, len(estimators), -1)
            found.append(rows.swapaxes(0, 1)[..., columns])
    return {estimator: tuple(part[:, :, e] for part in found)
            for e, estimator in enumerate(estimators)}


def summaries(estimate, std_error, J, b0, keep, factor=1.0):
    """Coverage and rejection rate of b0 … b4, mean tau00 and its standard deviation."""
    truth = np.array([b0, 0.3, 0.3, 0.3, 0.3])
    rows_df = 100 * J - J - 3  # normal in practice
    critical = np.array([t_quantile(J - 3)] * 3 + [t_quantile(rows_df)] * 2)
    half = critical * std_error[keep] * factor
    estimates = estimate[keep]
    tau00 = estimates[:, 5] ** 2
    tau00 = tau00[tau00 <= 5]
    return {"coverage": np.mean(np.abs(estimates[:, :5] - truth) <= half, axis=0),
            "rejection": np.mean(np.abs(estimates[:, :5]) > half, axis=0),
            "tau00": np.mean(tau00), "tau00_sd": np.std(tau00, ddof=1), "kept": int(keep.sum())}


def compare(path, cells, estimators=("PQL", "AGQ"), ml=None):
    """Differences from the published numbers, as rows (cell, what, term, found, published, in
    standard errors); the published cell of each is added.

    @param cells  the study's cells: dicts of groups, group_size, tau, (Intercept)
    @param ml     estimator that is PQL with ML inside, if there is one"""
    rows = read_rows(path, list(estimators))
    pairs = [("PQL", "pql_reml")] + ([(ml, "pql_ml")] if ml else [])
    out = []
    for number, cell in enumerate(cells):
        published = [p for p in PUBLISHED["cells"] if cell["group_size"] == p["GS"]
                     and (p["J"], p["b0"], p["sigma_u"])
                     == (cell["groups"], cell["(Intercept)"], cell["tau"])]
        if not published:
            continue
        J, b0 = published[0]["J"], published[0]["b0"]
        exclude_ml = np.zeros(rows["PQL"][0].shape[1], bool)
        if ml:
            exclude_ml = ~(rows[ml][1][number][:, 1] <= 5)
        for estimator, key in pairs:
            estimate, std_error = rows[estimator][0][number], rows[estimator][1][number]
            keep = np.isfinite(std_error).all(axis=1) & ~exclude_ml
            factor = math.sqrt(100 * J / (100 * J - 5)) if key == "pql_ml" else 1.0
            if key == "pql_reml":
                keep &= (std_error[:, :2] <= 2).all(axis=1)
            found = summaries(estimate, std_error, J, b0, keep, factor)
            variance = 1 / found["kept"] + 1 / PUBLISHED_RUNS
            entries = [("coverage", k, published[0][key]["coverage_pct"][k] / 100)
                       for k in range(5)]
            # nlme tests b0 with other degrees of freedom than those of its interval.
            entries += [("rejection", k, published[0][key]["rejection_rate"][k])
                        for k in range(1, 5)]
            for what, k, value in entries:
                p = min(max((found[what][k] + value) / 2, 0.001), 0.999)
                error = math.sqrt(p * (1 - p) * variance)
                out.append((number, f"{key} {what}", TERMS[k], found[what][k], value, error))
            if key == "pql_reml":
                error = found["tau00_sd"] * math.sqrt(variance)
                out.append((number, "pql_reml tau00", "var__(Intercept)", found["tau00"],
                            published[0]["mean_tau00"], error))
    return out


def outside(differences):
    """What breaks the rule, as sentences."""
    found = [f"cell {cell + 1}: {what} of {term}: {value:.4f}, published {published:.4f}"
             for cell, what, term, value, published, error in differences
             if abs(value - published) > 3.5 * error]
    for kind in sorted({(what, term) for _, what, term, *_ in differences}):
        these = [d for d in differences if (d[1], d[2]) == kind]
        shift = np.mean([value - published for *_, value, published, _ in these])
        error = math.sqrt(np.sum([d[5] ** 2 for d in these])) / len(these)
        if abs(shift) > 3 * error:
            found.append(f"mean difference of {kind[0]} of {kind[1]}: {shift:.4f}, "
                         f"{shift / error:.1f} standard errors")
    return found
