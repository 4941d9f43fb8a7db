# SPDX-License-Identifier: MIT
"""Draws one panel each: the replicates of one estimate, or the groups' intercepts."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from plot_labels import shortened
from result_reader import SIGMA, TAU

INK, QUIET, FAINT = "#1a1a1a", "#666666", "#cccccc"
MOST_LABELS = 70   # groups with a name each
MOST_LINES = 1500  # groups with a line each; more become a band
LONGEST = 24       # characters of a group's name
SHOWN_AT_ZERO = 0.005  # share of boundary replicates from which a spike is drawn


@dataclass(frozen=True)
class Look:
    """How the replicates of one file are drawn. Told apart without colour: the first is filled,
    the others are outlines of different dashes (colours: Okabe and Ito, safe for the
    colour-blind)."""
    line: str
    fill: str = ""
    dashes: object = "-"
    cap: str = "|"


LOOKS = (Look("#0072B2", fill="#b5d5ea", cap=""), Look("#D55E00"),
         Look("#007a5a", dashes=(0, (4, 1.5))), Look("#8a3a6c", dashes=(0, (1.5, 1.2))))


def percentile_interval(values, level):
    """Ends of the percentile interval, as merit and R's boot::boot.ci compute them.

    The order statistic at (R+1) q, interpolated between two on the scale of normal quantiles
    (Davison & Hinkley 1997, ch. 5).
    """
    count = len(values)
    if count < 2:
        return math.nan, math.nan

    def quantile(probability):
        rank = (count + 1) * probability
        k = int(rank)
        if k < 1 or k >= count or k == rank:
            at = min(max(k, 1), count)
            return float(np.partition(values, at - 1)[at - 1])
        below, above = np.partition(values, (k - 1, k))[k - 1:k + 1]
        z = [NormalDist().inv_cdf(q) for q in (probability, k / (count + 1), (k + 1) / (count + 1))]
        return float(below + (z[0] - z[1]) / (z[2] - z[1]) * (above - below))

    return quantile((1.0 - level) / 2.0), quantile((1.0 + level) / 2.0)


def wald_interval(estimate, std_error, level):
    half = NormalDist().inv_cdf((1.0 + level) / 2.0) * std_error
    return estimate - half, estimate + half


def axis_limits(samples, estimate, std_error):
    """Where the middle 99.8 % of each sample lies, and the estimate."""
    ends = [estimate]
    for values in samples:
        ends += list(np.quantile(values, (0.001, 0.999)))
    if std_error > 0:
        ends += wald_interval(estimate, std_error, 0.99)
    low, high = min(ends), max(ends)
    margin = 0.04 * (high - low) or 0.5 * abs(low) or 0.5
    return low - margin, high + margin


def histograms(samples, low, high):
    """(edges, [density per bin, one array per sample]); the bins suit the smallest sample.

    Densities are of the whole sample: replicates outside [low, high] and zeros that are
    drawn as a spike (see draw_estimate) keep their share of the area.
    """
    count = int(np.clip(2.0 * min(map(len, samples)) ** (1 / 3), 12, 56))
    edges = np.linspace(low, high, count + 1)
    width = edges[1] - edges[0]
    return edges, [np.histogram(values, edges)[0] / (len(values) * width) for values in samples]


def draw_estimate(ax, column, samples, fit, level):
    """Histograms of `samples` (one per file), the estimate, intervals and the normal curve.

    Under the histograms one bar per interval: Wald, then one per file. Replicates of τ that
    are 0 are a spike, if they are many enough to be seen.
    """
    estimate, std_error = fit.of(column)
    has_wald = bool(std_error > 0)  # not for SDs
    at_zero = [float(np.mean(values == 0.0)) if column == TAU else 0.0 for values in samples]
    spikes = max(at_zero) >= SHOWN_AT_ZERO
    low, high = axis_limits(samples, estimate, std_error)
    if column in (TAU, SIGMA):  # never negative
        low = -0.05 * high if spikes else max(low, 0.0)
    edges, heights = histograms(
        [np.where(values == 0.0, np.nan, values) for values in samples] if spikes else samples,
        0.0 if spikes else low, high)

    for density, look in zip(heights, LOOKS):
        if look.fill:
            ax.stairs(density, edges, fill=True, color=look.fill, zorder=1)
        ax.stairs(density, edges, color=look.line, linewidth=0.6 if look.fill else 1.1,
                  linestyle=look.dashes, zorder=3 if look.fill else 4)
    peak = max(float(density.max()) for density in heights)
    intervals = [(percentile_interval(values, level), look)
                 for values, look in zip(samples, LOOKS)]
    if has_wald:
        normal = NormalDist(estimate, std_error)
        x = np.linspace(low, high, 241)
        ax.plot(x, [normal.pdf(value) for value in x], color=INK, linewidth=0.9,
                linestyle=(0, (4, 2)), zorder=5)
        peak = max(peak, normal.pdf(estimate))
        intervals.insert(0, (wald_interval(estimate, std_error, level), None))
    for place, (ends, look) in enumerate(intervals):
        _draw_interval(ax, ends, -(0.10 + 0.10 * place) * peak, look)

    if spikes:
        _draw_spikes(ax, at_zero, edges[1] - edges[0], peak)
    elif low < 0.0 < high:
        ax.axvline(0.0, color=QUIET, linewidth=0.7, linestyle=(0, (1, 2)), zorder=2)
    ax.axvline(estimate, color=INK, linewidth=1.0, zorder=6)
    ax.axhline(0.0, color=FAINT, linewidth=0.6, zorder=0)
    ax.set_xlim(low, high)
    ax.set_ylim(-(0.08 + 0.10 * len(intervals)) * peak, 1.08 * peak)
    _tidy(ax)


def _draw_interval(ax, ends, y, look):
    """One interval; look None is the Wald interval."""
    if look is None:
        ax.plot(ends, (y, y), color=INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=3)
        return
    ax.plot(ends, (y, y), color=look.line, linewidth=2.6 if look.fill else 1.2,
            linestyle="-" if look.fill else look.dashes, solid_capstyle="butt",
            marker=look.cap or None, markersize=4.5, zorder=3)


def _draw_spikes(ax, shares, width, peak):
    """Replicates with τ̂* = 0: as high as a bin that holds them, cut at the top of the panel.

    Spikes of several files stand side by side; their shares are written in the corner.
    """
    for number, (share, look) in enumerate(zip(shares, LOOKS)):
        beside = ScaledTranslation(-3.0 * number / 72.0, 0.0, ax.figure.dpi_scale_trans)
        ax.plot((0.0, 0.0), (0.0, min(share / width, 1.08 * peak)), color=look.line, linewidth=2.2,
                solid_capstyle="butt", transform=ax.transData + beside, zorder=7)
        ax.annotate(f"{100 * share:.2g}% at 0", (1.0, 1.0), xytext=(0, -9 * number),
                    xycoords="axes fraction", textcoords="offset points", fontsize=6.5,
                    color=look.line, ha="right", va="top", zorder=8)


def draw_groups(ax, fit, level):
    """Caterpillar plot: conditional modes in order, with mode ± z × conditional SD."""
    order = np.argsort(fit.mode, kind="stable")
    y = np.arange(len(order))
    mode, sd = fit.mode[order], fit.conditional_sd[order]
    low, high = wald_interval(mode, sd, level)
    labelled = len(order) <= MOST_LABELS
    ax.axvline(0.0, color=QUIET, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    if len(order) <= MOST_LINES:
        ax.hlines(y, low, high, color=LOOKS[0].line, linewidth=np.clip(100 / len(order), 0.4, 1.4),
                  zorder=2)
    else:
        ax.fill_betweenx(y, low, high, color=LOOKS[0].fill, linewidth=0, zorder=2)
    ax.plot(mode, y, linestyle="", marker="o", color=INK,
            markersize=np.clip(240 / len(order), 0.8, 3.4), markeredgewidth=0, zorder=3)
    ax.set_ylim(-0.8, len(order) - 0.2)
    _tidy(ax)
    if labelled:
        ax.set_yticks(y, [shortened(fit.level[group], LONGEST) for group in order], fontsize=7)
        sizes = ax.secondary_yaxis("right")
        sizes.set_yticks(y, [f"{fit.size[group]:,}" for group in order], fontsize=6.5, color=QUIET)
        sizes.tick_params(length=0, pad=2)
        sizes.spines["right"].set_visible(False)
        ax.text(1.02, 1.004, "rows", transform=ax.transAxes, fontsize=6.5, color=QUIET,
                va="bottom")


def _tidy(ax):
    """Only the x axis, few ticks."""
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.set_yticks([])
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=(1, 2, 2.5, 5, 10)))
    ax.tick_params(axis="x", labelsize=7, color=FAINT, length=2.5, pad=2)
    ax.tick_params(axis="y", length=0, pad=3)
    ax.xaxis.get_offset_text().set_fontsize(6.5)
