#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws what merit simulate has found: performance over the cells of a study.

    merit simulate study.toml --format csv > performance.csv
    scripts/plot_simulation.py performance.csv                       # performance.png
    scripts/plot_simulation.py performance.csv --term x --measure coverage --output coverage.svg

A nested-loop plot (Ruecker and Schwarzer 2014, BMC Medical Research Methodology 14: 129) per estimand:
cells in the order of the grid from left to right, a line per estimator, Monte-Carlo errors as
bars of two standard errors, and below, as steps, which values the factors have. Needs no screen.
"""

from command_line import (ArgumentParser, DataError, InputError, UsageError, check_output, nearest,
                          run)
from figure_file import add_figure_options, figure_name, save, use_plain_style

# Name of a column: what its axis says, and where an ideal estimator would be.
MEASURES = {
    "bias": ("bias", 0.0),
    "rbias": ("relative bias", 0.0),
    "empse": ("empirical standard error", None),
    "modelse": ("model standard error", None),
    "relerror": ("error of the model SE, %", 0.0),
    "mse": ("mean squared error", None),
    "rmse": ("root mean squared error", None),
    "coverage": ("coverage", None),
    "width": ("width of intervals", None),
    "rej_rate": ("rejected", None),
    "failed": ("failed", 0.0),
    "boundary": ("on the boundary", None),
}
OF_INTERVALS = ("coverage", "width", "rej_rate")  # these differ between an estimator's df
FIRST = ("bias", "relerror", "coverage")
MOST_TERMS = 4
KEYS = 4  # of the legend in a row
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e5ea2", "#d68910", "#5d6d7e")
DASHES = ("-", "--", ":", "-.")


def read(path):
    """@throws InputError, DataError"""
    import pandas as pd
    try:
        table = pd.read_csv(path, keep_default_na=False, dtype=str)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as CSV: {str(error).splitlines()[0]}") from error
    for column in ("cell", "estimator", "df", "term", "nsim", *MEASURES):
        if column not in table.columns:
            raise DataError(f"{path}: has no column {column}: give what merit simulate --format csv "
                            "prints")
    numbers = ["cell", *MEASURES, *(f"{name}_mcse" for name in MEASURES)]
    try:
        table[numbers] = table[numbers].apply(pd.to_numeric)
    except ValueError as error:
        raise DataError(f"{path}: not a number where one should be: {error}") from error
    if table.empty:
        raise DataError(f"{path}: has no rows to draw")
    return table


def factors(table):
    """Columns between the cell's number and the estimator's name."""
    columns = list(table.columns)
    return columns[columns.index("cell") + 1:columns.index("estimator")]


def chosen_terms(table, wanted, path):
    """@throws UsageError for a term that is not there, or too many"""
    there = list(dict.fromkeys(table["term"]))
    for term in wanted or []:
        if term not in there:
            raise UsageError(f"--term {term}: {path} has no such estimand{nearest(term, there)}")
    terms = wanted or [term for term in there if term != "(Intercept)"][:MOST_TERMS] or there
    if len(terms) > MOST_TERMS:
        raise UsageError(f"--term: {len(terms)} estimands; choose up to {MOST_TERMS}")
    return terms


def lines_of(table, term, measure):
    """[(name, estimator, df, rows)] with numbers to draw; an estimator's intervals may differ."""
    rows = table[(table["term"] == term) & table[measure].notna()]
    out = []
    for estimator in dict.fromkeys(rows["estimator"]):
        of = rows[rows["estimator"] == estimator]
        kinds = list(dict.fromkeys(of["df"]))
        if measure not in OF_INTERVALS:
            kinds = kinds[:1]
        for kind in kinds:
            name = f"{estimator}, {kind}" if kind and len(kinds) > 1 else estimator
            out.append((name, estimator, kind, of[of["df"] == kind].sort_values("cell")))
    return out


def draw_measure(axes, table, term, measure, looks, level):
    lines = lines_of(table, term, measure)
    if not lines:
        axes.text(0.5, 0.5, "not defined", transform=axes.transAxes, ha="center", fontsize=7,
                  color="#777777")
        axes.set_yticks([])
        return
    for place, (name, estimator, kind, rows) in enumerate(lines):
        colour, dashes = looks[estimator, kind]
        beside = 0.1 * (place - 0.5 * (len(lines) - 1))  # else the last hides the others
        axes.errorbar(rows["cell"] + beside, rows[measure], yerr=2 * rows[f"{measure}_mcse"].fillna(0),
                      color=colour, linestyle=dashes, linewidth=1, marker="o", markersize=2.5,
                      elinewidth=0.6, capsize=0, label=name)
    ideal = level if measure == "coverage" else MEASURES[measure][1]
    if ideal is not None:
        axes.axhline(ideal, color="#999999", linewidth=0.7, zorder=0)
    axes.tick_params(labelsize=7)


def draw_factors(axes, table, names):
    """Steps: a factor's values in their order, from the bottom of its band to its top."""
    cells = table.drop_duplicates("cell").sort_values("cell")
    for band, name in enumerate(names):
        values = list(dict.fromkeys(cells[name]))
        height = [0.7 * values.index(value) / max(len(values) - 1, 1) for value in cells[name]]
        axes.step(cells["cell"], [-band + h for h in height], where="mid", color="#444444",
                  linewidth=0.9)
    axes.set_ylim(-len(names) + 0.7, 0.95)
    axes.set_xlabel(f"{len(cells)} cells", fontsize=8)
    axes.tick_params(labelsize=7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def factor_labels(table, names):
    labels = []
    for name in names:
        values = list(dict.fromkeys(table.sort_values("cell")[name]))
        shown = values if len(values) <= 5 else [*values[:2], "…", values[-1]]
        labels.append(f"{name}: {', '.join(shown)}")
    return labels


def looks_of(table):
    """A colour per estimator, a dash per kind of its intervals."""
    looks = {}
    for number, estimator in enumerate(dict.fromkeys(table["estimator"])):
        kinds = dict.fromkeys(table.loc[table["estimator"] == estimator, "df"])
        for place, kind in enumerate(kind for kind in kinds if kind):
            looks[estimator, kind] = (COLOURS[number % len(COLOURS)], DASHES[place % len(DASHES)])
        looks[estimator, ""] = (COLOURS[number % len(COLOURS)], DASHES[0])
    return looks


def draw(table, terms, measures, level):
    from matplotlib.figure import Figure
    names = factors(table)
    looks = looks_of(table)
    steps = 0.25 + 0.22 * len(names)
    num_cells = table["cell"].nunique()
    width = min(2.4 + 0.05 * num_cells, 6.0)
    num_keys = len({line[0] for term in terms for measure in measures
                    for line in lines_of(table, term, measure)})
    keys_height = 0.15 + 0.16 * -(-num_keys // KEYS)
    height = 0.7 + 1.6 * len(measures) + steps + keys_height
    figure = Figure(figsize=(1.6 + width * len(terms), height), layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - keys_height / height))
    panels = figure.subplots(len(measures) + 1, len(terms), squeeze=False, sharex="col",
                             height_ratios=[1.6] * len(measures) + [steps])
    keys = {}
    for column, term in enumerate(terms):
        for row, measure in enumerate(measures):
            axes = panels[row][column]
            draw_measure(axes, table, term, measure, looks, level)
            for handle, label in zip(*axes.get_legend_handles_labels()):
                keys.setdefault(label, handle)
            if column == 0:
                axes.set_ylabel(MEASURES[measure][0], fontsize=8)
        panels[0][column].set_title(term, fontsize=9)
        below = panels[-1][column]
        draw_factors(below, table, names)
        below.set_yticks([-band + 0.35 for band in range(len(names))],
                         factor_labels(table, names) if column == 0 else [""] * len(names))
    figure.legend(keys.values(), keys.keys(), loc="upper left", fontsize=7, frameon=False, ncols=KEYS)
    return figure


def main(arguments):
    parser = ArgumentParser(description=__doc__.split("\n\n")[0], prog="plot_simulation.py")
    parser.add_argument("table", metavar="PERFORMANCE.csv",
                        help="what merit simulate --format csv printed")
    parser.add_argument("--term", action="append",
                        help=f"an estimand; may be repeated (default: the first {MOST_TERMS})")
    parser.add_argument("--measure", action="append",
                        help=f"a column; may be repeated (default: {', '.join(FIRST)})")
    parser.add_argument("--level", type=float, default=0.95,
                        help="that intervals should cover (default 0.95)")
    add_figure_options(parser, "PERFORMANCE.png")
    options = parser.parse_args(arguments)
    output = figure_name(options, options.table)
    if not 0 < options.level < 1:
        raise UsageError(f"--level {options.level:g}: must be between 0 and 1")
    measures = options.measure or list(FIRST)
    for measure in measures:
        if measure not in MEASURES:
            raise UsageError(f"--measure {measure}: is none of {', '.join(MEASURES)}"
                             f"{nearest(measure, MEASURES)}")
    table = read(options.table)
    terms = chosen_terms(table, options.term, options.table)
    check_output(output, options.overwrite, [options.table])

    use_plain_style()
    save(draw(table, terms, measures, options.level), output, options.dpi)
    print(output)


if __name__ == "__main__":
    run(main, modules=("numpy", "pandas", "matplotlib"))
