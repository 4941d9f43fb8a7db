# SPDX-License-Identifier: MIT
"""Partners' ratings, aggregated to institution × wave: mean, number, sd and reliability.

One-way random-effects model within a wave, partner i of institution j: x_ij = μ + a_j + e_ij
with var a = τ², var e = σ². With n_j partners the reliability of the mean x̄_j is

    rel_j = τ² / (τ² + σ² / n_j),

the share of its variance that lies between institutions (Snijders & Bosker 2012, § 3.5). By
analysis of variance σ² = MSW, τ² = max(0, (MSB − MSW) / n₀), n₀ = (N − Σ n_j² / N) / (J − 1).
"""

import numpy as np

from command_line import DataError
from tables import Column


def scale_score(table, name, items):
    """Mean of a partner's items, of those that are there: n, NaN where none is.

    @throws DataError if an item is missing from the table or is no number
    """
    values = []
    for item in items:
        column = table.column(item)
        if column.levels is not None:
            raise DataError(f"{table.name}: column '{item}' of the scale '{name}' holds "
                            f"'{column.levels[0]}' and the like; ratings must be numbers")
        values.append(np.where(column.missing, np.nan, column.values))
    count = np.sum(~np.isnan(values), axis=0)
    return np.where(count > 0, np.nansum(values, axis=0) / np.maximum(count, 1), np.nan)


def aggregate(score, cell, wave_of_cell):
    """Statistics of `score` in each cell (institution × wave).

    score         n, NaN is missing
    cell          n, 0 … C − 1, or −1 for rows to leave out
    wave_of_cell  C, variances are pooled over the cells of one wave
    Returns {"": mean, "_n": number, "_sd": sd, "_rel": reliability}, C each; NaN where there is
    no rating (sd: fewer than two).
    """
    used = (cell >= 0) & ~np.isnan(score)
    score, cell = score[used], cell[used]
    num_cells = len(wave_of_cell)
    size = np.bincount(cell, minlength=num_cells).astype(float)
    rated = size > 0
    mean = np.full(num_cells, np.nan)
    mean[rated] = np.bincount(cell, score, num_cells)[rated] / size[rated]
    squares = np.bincount(cell, (score - mean[cell])**2, num_cells)
    sd = np.full(num_cells, np.nan)
    sd[size > 1] = np.sqrt(squares[size > 1] / (size[size > 1] - 1.0))
    reliability = np.full(num_cells, np.nan)
    for wave in np.unique(wave_of_cell):
        here = rated & (wave_of_cell == wave)
        tau2, sigma2 = _variances(mean[here], size[here], squares[here])
        with np.errstate(invalid="ignore"):   # 0 / 0, all ratings equal: no reliability
            reliability[here] = tau2 / (tau2 + sigma2 / size[here])
    return {"": Column(mean), "_n": Column(size.astype(np.int64)), "_sd": Column(sd),
            "_rel": Column(reliability)}


def _variances(mean, size, squares):
    """τ² and σ² by analysis of variance; NaN where the ratings do not determine them."""
    groups, total = len(size), size.sum()
    if groups < 2 or total <= groups:
        return np.nan, np.nan
    sigma2 = squares.sum() / (total - groups)
    grand = np.sum(size * mean) / total
    between = np.sum(size * (mean - grand)**2) / (groups - 1)
    n0 = (total - np.sum(size**2) / total) / (groups - 1)
    return max(0.0, (between - sigma2) / n0), sigma2
