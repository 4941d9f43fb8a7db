#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What does a fit of a large snapshot cost beyond reading it, and how much memory?

  streaming_fit.py                       10,000,000 rows × 10 columns, 1,000 groups
  streaming_fit.py --threads 1           not on all the cores that merit would take
  streaming_fit.py --rows 100000000      larger than memory, too
  streaming_fit.py --lme4-rows 1000000   lme4 on as many rows as it can hold

The peer, read_columns, reads the same columns in the same blocks with HDF5 and does nothing
with them. Both find the file in the page cache; runs alternate.
"""
import sys
from pathlib import Path

import bench


def main():
    parser = bench.parser(__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--threads", type=int, help="default: merit's own, every core")
    parser.add_argument("--lme4-rows", type=int, default=0)
    parser.add_argument("--read-columns", help="default: beside merit, in benchmarks/")
    args = parser.parse_args()
    work = bench.workspace(args)
    columns = 9
    data = bench.make_data(work / "wide.h5", args.rows, args.groups, columns)
    reader = args.read_columns or Path(args.merit).resolve().parent / "benchmarks/read_columns"
    names = ["y", "g"] + [f"x{k + 1}" for k in range(columns)]
    read = [reader, data, *names]
    fit = [args.merit, "fit", data, bench.formula(columns), "--format", "json"]
    threads = "default threads"
    if args.threads:
        fit += ["--threads", args.threads]
        threads = f"{args.threads} thread{'s' if args.threads > 1 else ''}"
    bench.timed(read)  # fills the page cache
    reading, fitting, ratios, memory = [], [], [], []
    for _ in range(args.pairs):
        reading.append(bench.timed(read)[0])
        seconds, peak, _ = bench.timed(fit)
        fitting.append(seconds)
        memory.append(peak)
        ratios.append(fitting[-1] / reading[-1])
    rows = [(f"reading {args.rows:,} rows: seconds", "", reading),
            (f"merit fit, {threads}: seconds", "", fitting),
            ("merit fit against reading", "≤ 2", ratios),
            ("peak memory, MB", "< 300", memory)]
    if args.lme4_rows:
        csv = work / "lme4.csv"
        bench.make_data(work / "lme4.h5", args.lme4_rows, args.groups, columns, csv)
        seconds = bench.lme4_seconds("fit", csv, bench.formula(columns), 1)
        per_row = min(fitting) / args.rows
        rows.append((f"lme4 per row against merit ({args.lme4_rows:,} rows)", "",
                     [seconds / args.lme4_rows / per_row]))
    bench.report(args, "streaming_fit", rows)


if __name__ == "__main__":
    sys.exit(main())
