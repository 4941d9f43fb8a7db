# SPDX-License-Identifier: MIT
"""Lays out the picture of results: heading, a grid of panels, the groups beside it, notes.

All lengths are in inches; the page grows with the number of panels and groups.
"""

import textwrap

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from plot_labels import (describe_data, describe_job, kind_of, response_of, shortened, unit_of)
from plot_panels import (INK, LONGEST, LOOKS, MOST_LABELS, QUIET, draw_estimate, draw_groups)

ACROSS = 4                     # panels in a row
PANEL, GAP = (1.95, 1.18), (0.22, 0.72)  # width, height
LEFT, RIGHT = 0.25, 0.5
GROUPS, GROUPS_ALONE = 2.35, 4.5         # width of the groups' panel
LEAST_HEIGHT, MOST_GROUPS_HEIGHT = 3.2, 9.0
LABEL = 0.16                   # height of a group's name
LINE = 0.16                    # of text
KEYS = 4                       # of the legend in a row
SYNTHETIC = "Synthetic data"


def draw_page(results, level):
    """A matplotlib Figure. `results`: of one model; bootstraps, or one fit without replicates."""
    first = results[0]
    fit, formula = first.fit, str(first.job["formula"])
    columns = first.replicates.column if first.replicates else []
    across = min(ACROSS, len(columns))
    down = -(-len(columns) // across) if columns else 0
    named = fit.level if len(fit.level) <= MOST_LABELS else []

    margin = 0.4 + 0.06 * min(max(map(len, named), default=0), LONGEST)  # for the groups' names
    grid_width = across * (PANEL[0] + GAP[0]) - GAP[0] if columns else 0.0
    groups_width = GROUPS if columns else GROUPS_ALONE
    width = LEFT + grid_width + margin + groups_width + RIGHT

    body = max(down * (PANEL[1] + GAP[1]) - GAP[1], LABEL * len(named), LEAST_HEIGHT)
    panel_height = (body + GAP[1]) / down - GAP[1] if down else 0.0
    formula_lines = textwrap.wrap(formula, int(13.2 * width))
    notes = footnotes(results, level, int(18.5 * width))
    num_keys = len(results) + 2 if columns else 0
    top = 0.94 + LINE * (len(formula_lines) + -(-num_keys // KEYS))
    height = top + body + 0.6 + LINE * len(notes)
    figure = Figure(figsize=(width, height))

    def axes(x, y, w, h):
        """x: from the left of the page; y: downwards from the top of the grid."""
        return figure.add_axes((x / width, (height - top - y - h) / height, w / width, h / height))

    for number, column in enumerate(columns):
        row, place = divmod(number, across)
        ax = axes(LEFT + place * (PANEL[0] + GAP[0]), row * (panel_height + GAP[1]),
                  PANEL[0], panel_height)
        samples = [result.replicates.estimate[:, number] for result in results]
        draw_estimate(ax, column, samples, fit, level)
        _frame(ax, column, unit_of(column, formula))
    ax = axes(LEFT + grid_width + margin, 0.0, groups_width,
              min(body, max(MOST_GROUPS_HEIGHT, LABEL * len(named))))
    draw_groups(ax, fit, level)
    _frame(ax, fit.group, f"{response_of(formula)}, deviation of group")

    _heading(figure, results, formula_lines)
    for below, text in enumerate(reversed(notes)):
        figure.text(LEFT / width, (0.12 + LINE * below) / height, text, fontsize=7, color=QUIET,
                    va="bottom", weight="bold" if text == SYNTHETIC else "normal")
    return figure


def _frame(ax, title, unit):
    """Title, a long one in smaller type, and the line under the axis."""
    title = shortened(title, 42)
    ax.set_title(title, fontsize=min(8.5, 8.5 * 26 / max(len(title), 1)), loc="left", pad=3,
                 weight="bold", color=INK)
    ax.set_xlabel(shortened(unit, 40), fontsize=6.8, color=QUIET, labelpad=2)


def _heading(figure, results, formula_lines):
    """Title, formula and legend, from the top downwards."""
    width, height = figure.get_size_inches()
    replicates = results[0].replicates

    def write(text, down, **style):
        figure.text(LEFT / width, 1 - down / height, text, color=INK, va="top", **style)

    write("Two-level model: " + ("bootstrap distributions and groups" if replicates else "groups"),
          0.16, fontsize=13, weight="bold")
    write("\n".join(formula_lines), 0.46, fontsize=8.5, family="monospace", linespacing=1.15)
    if not replicates:
        return
    handles = [Line2D([], [], color=INK, linewidth=1.0)]
    labels = ["estimate from the data"]
    for result, look in zip(results, LOOKS):
        handles.append(Patch(facecolor=look.fill, edgecolor=look.line, linewidth=0.6)
                       if look.fill else
                       Line2D([], [], color=look.line, linewidth=1.2, linestyle=look.dashes))
        labels.append(kind_of(result.job))
    handles.append(Line2D([], [], color=INK, linewidth=0.9, linestyle=(0, (4, 2))))
    labels.append("normal curve of the Wald interval")
    down = 0.61 + LINE * len(formula_lines)
    figure.legend(handles, labels, loc="upper left", ncol=KEYS, fontsize=8,
                  frameon=False, bbox_to_anchor=(LEFT / width, 1 - down / height),
                  borderaxespad=0, borderpad=0, handlelength=1.8, columnspacing=1.6,
                  labelcolor=INK)


def footnotes(results, level, columns):
    """Lines of at most `columns` characters: how to read the picture, the jobs, the data."""
    percent = f"{100 * level:g}%"
    reading = f"Groups: conditional mode and {percent} interval from its conditional SD."
    if results[0].replicates:
        reading = (f"Bars under the histograms: {percent} intervals, Wald (dashed) and percentile. "
                   f"Axes span at least the middle 99.8% of the replicates. {reading}")
    jobs = [describe_job(result) for result in results if result.replicates]
    lines = []
    for paragraph in (reading, " ".join(jobs + [describe_data(results[0])])):
        lines += textwrap.wrap(paragraph, columns)
    return lines + [SYNTHETIC] * results[0].synthetic
