#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws what a result file of merit holds: bootstrap distributions and the groups' intercepts.

    scripts/plot_results.py parametric.h5                           # parametric.png
    scripts/plot_results.py parametric.h5 cases.h5 --output both.pdf
    scripts/plot_results.py fit.h5 --output institutions.svg        # of merit fit: only the groups

One panel per estimate: histogram of its replicates, the estimate from the data, percentile
interval, and for coefficients the Wald interval with its normal curve. Beside them the conditional
modes of the groups' intercepts in their order. Up to four bootstraps of one model are drawn
over each other. Needs no screen.
"""

from command_line import ArgumentParser, DataError, UsageError, check_output, run
from figure_file import add_figure_options, figure_name, save, use_plain_style

# What two bootstraps must share to be drawn over each other.
MODEL = ("formula", "where", "family", "link", "method", "offset", "digest")


def main(arguments):
    parser = ArgumentParser(description=__doc__.split("\n\n")[0], prog="plot_results.py")
    parser.add_argument("results", nargs="+", metavar="RESULT.h5")
    parser.add_argument("--level", type=float, default=0.95, help="of intervals (default 0.95)")
    add_figure_options(parser, "RESULT.png")
    options = parser.parse_args(arguments)
    output = figure_name(options, options.results[0])
    if not 0 < options.level < 1:
        raise UsageError(f"--level {options.level:g}: must be between 0 and 1")

    from plot_page import draw_page
    from plot_panels import LOOKS
    from result_reader import read_result
    if len(options.results) > len(LOOKS):
        raise UsageError(f"{len(options.results)} result files: at most {len(LOOKS)} can be told "
                         "apart in one picture")
    results = [read_result(path) for path in options.results]
    check_same_model(results)
    check_output(output, options.overwrite, options.results)
    use_plain_style()
    save(draw_page(results, options.level), output, options.dpi)
    print(output)


def check_same_model(results):
    """@throws DataError naming the first difference, or a file without replicates of estimates"""
    first = results[0]
    for result in results:
        if result.replicates is not None and result.job.get("null"):
            raise DataError(f"{result.path}: holds likelihood ratios of --null, not replicates of "
                            "the estimates; merit summarize shows what they say")
    for other in results[1:]:
        for name in MODEL:
            ours, theirs = (str(result.job.get(name, "")) for result in (first, other))
            if ours != theirs:
                raise DataError(f"{other.path}: is of another model than {first.path}: {name} "
                                f"is '{theirs}', not '{ours}'; draw them one by one")
        for result in (first, other):
            if result.replicates is None:
                raise DataError(f"{result.path}: has no replicates to draw over others (it is of "
                                "merit fit)")


if __name__ == "__main__":
    run(main, modules=("numpy", "h5py", "matplotlib"))
