#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws what merit sensitivity has found: each term's estimates in their order.

    merit sensitivity study.toml --format csv > study.csv
    scripts/plot_sensitivity.py study.csv                         # study.png, every coefficient
    scripts/plot_sensitivity.py study.csv --term facilitation --output curve.svg

A column per term. Above, every fit's estimate and interval from the lowest to the highest (a
specification curve), coloured by what a test says; the base is black. Below, which fit it is: a
dot for each thing that was changed. Needs no screen.
"""

from command_line import (ArgumentParser, DataError, InputError, UsageError, check_output, nearest,
                          run)
from figure_file import add_figure_options, figure_name, save, use_plain_style

COLOURS = {"positive": "#1b6ca8", "none": "#9a9a9a", "negative": "#c0392b"}
NOT_CHANGES = {"analysis", "kind", "label", "effect", "term", "estimate", "std.error", "statistic",
               "df", "p.value", "conf.low", "conf.high", "conf.type", "fmi", "dfbetas", "decision", "differs",
               "nobs", "ngroups", "converged", "boundary", "logLik", "cooks.distance", "replicates",
               "failed", "message"}
MOST_DOTS = 24  # lines of dots; of things with more values there is one line
MOST_TERMS = 4


def read(path):
    """@throws InputError, DataError"""
    import pandas as pd
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as CSV: {str(error).splitlines()[0]}") from error
    missing = sorted(NOT_CHANGES - set(table.columns))
    if missing:
        raise DataError(f"{path}: has no column {missing[0]}: give what merit sensitivity "
                        "--format csv prints")
    table = table[(table["effect"] == "fixed") & (table["kind"] != "interaction")
                  & (table["estimate"] != "")].copy()
    of_replicates = ~table["conf.type"].isin(["wald", ""])
    if of_replicates.any():  # a fit's own intervals are there too
        table = table[of_replicates].copy()
    for column in ("estimate", "conf.low", "conf.high"):
        table[column] = pd.to_numeric(table[column])
    return table


def chosen_terms(table, wanted, path):
    """@throws UsageError for a term that is not there, or too many"""
    there = list(dict.fromkeys(table["term"]))
    for term in wanted or []:
        if term not in there:
            raise UsageError(f"--term {term}: {path} has no such coefficient{nearest(term, there)}")
    terms = wanted or [term for term in there if term != "(Intercept)"]
    if not terms:
        raise DataError(f"{path}: has no coefficient to draw")
    if len(terms) > MOST_TERMS:
        raise UsageError(f"{path}: has {len(terms)} coefficients; choose up to {MOST_TERMS} with "
                         "--term")
    return terms


def dot_lines(table):
    """[(label, function of a row: whether it has a dot)], from what was changed."""
    lines = []
    for thing in [column for column in table.columns if column not in NOT_CHANGES]:
        rows = table[table[thing] != ""]
        values = list(dict.fromkeys(rows[thing]))
        if thing == "where":  # "" is a choice there: all rows
            specification = table["kind"] == "specification"
            if (table.loc[specification, thing] == "").any():
                values.insert(0, "")
        if len(values) + len(lines) > MOST_DOTS or thing == "left out":
            lines.append((thing, lambda row, thing=thing: row[thing] != ""))
            continue
        for value in values:
            lines.append((f"{thing}: {value or 'as it is'}",
                          lambda row, thing=thing, value=value: row[thing] == value and
                          (value != "" or row["kind"] == "specification")))
    if (table["kind"] == "pooled").any():
        lines.append(("waves pooled", lambda row: row["kind"] == "pooled"))
    return lines


def draw_term(table, term, lines, axes, dots):
    rows = table[table["term"] == term].sort_values(["estimate", "analysis"]).reset_index(drop=True)
    for at, row in rows.iterrows():
        colour = "black" if row["kind"] == "base" else COLOURS.get(row["decision"], "#555555")
        axes.plot([at, at], [row["conf.low"], row["conf.high"]], color=colour, linewidth=1,
                  alpha=0.55)
        axes.plot(at, row["estimate"], "o", color=colour, markersize=3.5)
        for line, (_, has) in enumerate(lines):
            if has(row):
                dots.plot(at, line, "s", color=colour, markersize=2.5)
    base = rows[rows["kind"] == "base"]
    if len(base):
        axes.axhline(base["estimate"].iloc[0], color="black", linewidth=0.6, linestyle=":")
    axes.axhline(0, color="#bbbbbb", linewidth=0.8)
    axes.set_title(term, fontsize=10)
    axes.tick_params(labelbottom=False)
    dots.set(ylim=(len(lines) - 0.5, -0.5), xlabel=f"{len(rows)} fits, by estimate")
    dots.grid(axis="y", color="#eeeeee")


def draw(table, terms):
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    lines = dot_lines(table)
    height = 3.2 + 0.17 * len(lines)
    figure = Figure(figsize=(1.8 + 3.4 * len(terms), height), layout="constrained")
    panels = figure.subplots(2, len(terms), squeeze=False, sharex="col",
                             height_ratios=[2.6, 0.6 + 0.17 * len(lines)])
    for column, term in enumerate(terms):
        draw_term(table, term, lines, panels[0][column], panels[1][column])
        labelled = column == 0
        panels[1][column].set_yticks(range(len(lines)),
                                     [name for name, _ in lines] if labelled else [""] * len(lines),
                                     fontsize=7)
    panels[0][0].set_ylabel("estimate, confidence interval")
    handles = [Line2D([], [], color="black", marker="o", markersize=4, label="base")]
    handles += [Line2D([], [], color=COLOURS[name], marker="o", markersize=4, label=label)
                for name, label in (("positive", "positive"), ("none", "not told from 0"),
                                    ("negative", "negative"))]
    panels[0][-1].legend(handles=handles, loc="upper left", fontsize=7, frameon=False)
    return figure


def main(arguments):
    parser = ArgumentParser(description=__doc__.split("\n\n")[0], prog="plot_sensitivity.py")
    parser.add_argument("table", metavar="STUDY.csv",
                        help="what merit sensitivity --format csv printed")
    parser.add_argument("--term", action="append", help="a coefficient; may be repeated")
    add_figure_options(parser, "STUDY.png")
    options = parser.parse_args(arguments)
    output = figure_name(options, options.table)
    table = read(options.table)
    terms = chosen_terms(table, options.term, options.table)
    check_output(output, options.overwrite, [options.table])

    use_plain_style()
    save(draw(table, terms), output, options.dpi)
    print(output)


if __name__ == "__main__":
    run(main, modules=("numpy", "pandas", "matplotlib"))
