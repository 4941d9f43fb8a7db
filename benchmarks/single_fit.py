#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long does one fit take once the rows are in memory (n = 10⁶, J = 10,000, p = 10)?

  single_fit.py
  single_fit.py --merit build/release/merit --pairs 9
  single_fit.py --json single.json

The program fit_in_memory holds the rows, reduces them to sufficient statistics and fits;
the peer is lme4's lmer on the same numbers of rows, groups and columns.
"""
import json
import sys
from pathlib import Path

import bench


def main():
    args = bench.parser(__doc__.splitlines()[0]).parse_args()
    work = bench.workspace(args)
    csv = work / "single.csv"
    bench.make_data(work / "single.h5", 1_000_000, 10_000, 9, csv)
    program = Path(args.merit).resolve().parent / "benchmarks/fit_in_memory"
    fits, reductions, ratios = [], [], []
    for _ in range(args.pairs):
        measured = json.loads(bench.run([program, "--benchmark_format=json"]))
        times = {entry["name"]: entry["real_time"] for entry in measured["benchmarks"]}
        fits.append(times["fit"])
        reductions.append(times["reduce_rows"])
    lme4 = 1000 * bench.lme4_seconds("fit", csv, bench.formula(9), 1)
    ratios = [lme4 / (fit + reduction) for fit, reduction in zip(fits, reductions)]
    bench.report(args, "single_fit", [("fit from statistics, ms", "< 50", fits),
                                      ("rows to statistics, ms", "", reductions),
                                      ("lme4 against both together", "", ratios)])


if __name__ == "__main__":
    sys.exit(main())
