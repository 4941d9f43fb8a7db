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

import os

from command_line import ArgumentParser, DataError, Replacement, UsageError, check_output, run

FORMATS = ("png", "pdf", "svg")
# What two bootstraps must share to be drawn over each other.
MODEL = ("formula", "where", "family", "link", "method", "offset", "digest")


def main(arguments):
    parser = ArgumentParser(description=__doc__.split("\n\n")[0], prog="plot_results.py")
    parser.add_argument("results", nargs="+", metavar="RESULT.h5")
    parser.add_argument("--output", metavar="FIGURE",
                        help="a .png, .pdf or .svg file (default: RESULT.png)")
    parser.add_argument("--level", type=float, default=0.95, help="of intervals (default 0.95)")
    parser.add_argument("--dpi", type=int, default=150, help="of a .png (default 150)")
    parser.add_argument("--overwrite", action="store_true", help="replace what exists")
    options = parser.parse_args(arguments)
    output = options.output or os.path.splitext(options.results[0])[0] + ".png"
    kind = os.path.splitext(output)[1].lstrip(".").lower()
    if kind not in FORMATS:
        raise UsageError(f"--output {output}: must end in .png, .pdf or .svg")
    if not 0 < options.level < 1:
        raise UsageError(f"--level {options.level:g}: must be between 0 and 1")
    if not 30 <= options.dpi <= 1200:
        raise UsageError(f"--dpi {options.dpi}: must be from 30 to 1200")

    import matplotlib
    from plot_page import draw_page
    from plot_panels import LOOKS
    from result_reader import read_result
    if len(options.results) > len(LOOKS):
        raise UsageError(f"{len(options.results)} result files: at most {len(LOOKS)} can be told "
                         "apart in one picture")
    results = [read_result(path) for path in options.results]
    check_same_model(results)
    check_output(output, options.overwrite, options.results)
    # The same picture whatever a matplotlibrc says; $ in names is no formula.
    matplotlib.rcdefaults()
    matplotlib.rcParams.update({"text.parse_math": False, "svg.hashsalt": "merit"})
    save(draw_page(results, options.level), output, kind, options.dpi)
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


def save(figure, output, kind, dpi):
    """Without times: the same results give the same bytes. @throws IoError"""
    metadata = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    with Replacement(output) as temporary:
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=metadata)


if __name__ == "__main__":
    run(main, modules=("numpy", "h5py", "matplotlib"))
