#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws what merit sample --ppc has found: would the model produce data like these?

    merit sample study.h5 'y ~ x + (1 | g)' --ppc --output posterior.h5
    scripts/plot_predictive.py posterior.h5                          # posterior.png

Each statistic's values in replicated responses as a histogram with the observed value (bayesplot's
ppc_stat), and beside them the groups: observed means on the replicates' mean and 95% (±1.96 sd),
those outside marked. Needs no screen.
"""

from command_line import ArgumentParser, DataError, InputError, check_output, run
from figure_file import add_figure_options, figure_name, save, use_plain_style

TITLES = {"mean": "mean", "sd": "sd", "min": "smallest", "max": "largest",
          "prop_zero": "share of zeros", "sd_group_means": "sd of the group means"}
ACROSS = 3            # panels in a row
BINS = 40
MOST_NAMES = 40       # of groups; more stand without
TAIL = 0.025
FILL, LINE, OUTSIDE = "#9ec1dd", "#1b6ca8", "#c0392b"


def read(path):
    """{"statistics": [(name, check, values of the draws)], "groups": [(level, check)], …}
    @throws InputError, DataError"""
    import h5py
    try:
        file = h5py.File(path, "r")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be opened as HDF5") from error
    with file:
        if "ppc" not in file:
            raise DataError(f"{path}: holds no predictive checks; give a result of merit sample "
                            "--ppc")
        def checks(table):
            columns = {name: file[f"ppc/{table}/{name}"][:]
                       for name in ("observed", "mean", "sd", "p_value", "p_equal")}
            return [dict(zip(columns, row)) for row in zip(*columns.values())]
        names = [str(name) for name in file["ppc/statistics/statistic"].asstr()[:]]
        levels = [str(level) for level in file["fit/groups/level"].asstr()[:]]
        return {"statistics": [(name, check, file[f"ppc/draws/{name}"][:])
                               for name, check in zip(names, checks("statistics"))],
                "groups": list(zip(levels, checks("groups"))),
                "group": str(file["fit"].attrs["group"]),
                "formula": str(file["job"].attrs["formula"]),
                "of_prior": "prior_only" in file["job"].attrs}


def is_outside(check):
    """Outside the central 95% of the replicates, ties counting for the observed side."""
    return check["p_value"] < TAIL or 1 - check["p_value"] + check["p_equal"] < TAIL


def draw_statistic(axes, name, check, values):
    import numpy as np
    spread = np.ptp(values)
    if spread > 0:
        axes.hist(values, bins=min(BINS, np.unique(values).size), color=FILL, edgecolor="none")
    else:
        axes.axvline(values[0], color=FILL, linewidth=6)
    axes.axvline(check["observed"], color=OUTSIDE if is_outside(check) else LINE, linewidth=1.4)
    axes.set_title(TITLES[name], fontsize=9, loc="left")
    axes.set_xlabel(f"P(rep ≥ obs) = {check['p_value']:.3f}", fontsize=7)
    axes.set_yticks([])
    axes.tick_params(labelsize=7)
    axes.locator_params(axis="x", nbins=4)


def draw_groups(axes, groups, name):
    """In the order of their observed means, from the bottom upwards."""
    import numpy as np
    order = sorted((group for group in groups if np.isfinite(group[1]["observed"])),
                   key=lambda group: group[1]["observed"])
    places = range(len(order))
    mean, sd, observed = (np.array([check[name] for _, check in order])
                          for name in ("mean", "sd", "observed"))
    axes.hlines(places, mean - 1.96 * sd, mean + 1.96 * sd, color=FILL,
                linewidth=max(0.6, min(3, 60 / len(order))))
    axes.scatter(observed, places, s=max(1, min(12, 250 / len(order))), zorder=3,
                 color=[OUTSIDE if is_outside(check) else LINE for _, check in order])
    named = len(order) <= MOST_NAMES
    axes.set_yticks(places if named else [], [level for level, _ in order] if named else [])
    axes.tick_params(labelsize=6 if named else 7)
    axes.set_ylim(-1, len(order))
    outside = sum(is_outside(check) for _, check in order)
    axes.set_title(f"means of {name}: {outside} of {len(order)} outside", fontsize=9, loc="left")


def draw(found):
    from matplotlib.figure import Figure
    statistics, groups = found["statistics"], found["groups"]
    down = -(-len(statistics) // ACROSS)
    names = len(groups) if len(groups) <= MOST_NAMES else 0
    height = max(0.6 + 1.7 * down, 0.9 + 0.13 * names, 3.4)
    figure = Figure(figsize=(9.6, height), layout="constrained")
    figure.suptitle(f"{'Prior' if found['of_prior'] else 'Posterior'} predictive checks: "
                    f"{found['formula']}", fontsize=10, x=0.01, ha="left")
    left, right = figure.subfigures(1, 2, width_ratios=[ACROSS * 2.1, 3.3])
    panels = left.subplots(down, ACROSS, squeeze=False).ravel()
    for axes, (name, check, values) in zip(panels, statistics):
        draw_statistic(axes, name, check, values)
    for axes in panels[len(statistics):]:
        axes.set_axis_off()
    draw_groups(right.subplots(), groups, found["group"])
    return figure


def main(arguments):
    parser = ArgumentParser(description=__doc__.split("\n\n")[0], prog="plot_predictive.py")
    parser.add_argument("results", metavar="RESULTS.h5", help="of merit sample --ppc")
    add_figure_options(parser, "RESULTS.png")
    options = parser.parse_args(arguments)
    output = figure_name(options, options.results)
    check_output(output, options.overwrite, [options.results])
    found = read(options.results)
    use_plain_style()
    save(draw(found), output, options.dpi)
    print(output)


if __name__ == "__main__":
    run(main, modules=("numpy", "h5py", "matplotlib"))
