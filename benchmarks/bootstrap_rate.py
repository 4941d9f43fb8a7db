#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many bootstrap replicates per second does one core fit and store?

  bootstrap_rate.py                      parametric, group, residual, random-effect block and
                                         wild bootstrap, n = 4,000
  bootstrap_rate.py --large              and the parametric one at n = 4,000,000
  bootstrap_rate.py --merit ~/bin/merit --pairs 9 --json rates.json

Each measurement is a whole run of the program on one thread, reading the snapshot and
writing every replicate's estimates, standard errors and status; next to it, in the same
minute, lme4 does a few of the same (bootMer; a loop of resample and lmer).
"""
import sys

import bench


def rate(args, data, out, kind, replicates, columns):
    """Replicates per second of a whole run, start-up and reading taken off by a short one."""
    command = [args.merit, "bootstrap", data, bench.formula(columns), "--type", kind,
               "--threads", 1, "--output", out, "--overwrite", "--progress", "none",
               "--replicates"]
    short, _, _ = bench.timed(command + [8])
    long, _, _ = bench.timed(command + [replicates])
    out.unlink()
    return replicates / (long - short)


def main():
    parser = bench.parser(__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="n = 4,000,000 too")
    parser.add_argument("--replicates", type=int, default=4_000_000)
    args = parser.parse_args()
    work = bench.workspace(args)
    columns = 10
    csv = work / "small.csv"
    small = bench.make_data(work / "small.h5", 4000, 28, columns, csv)
    model = bench.formula(columns)
    rows = []
    for kind, peer, share, bar, ratio_bar in [
            ("parametric", "bootmer", 1, "≥ 500,000", "≥ 10,000"),
            ("cases", "groups", 8, "≥ 80,000", "≥ 1,000"),
            *((kind, None, 16, "≥ 20,000", "") for kind in ("residual", "reb", "wild"))]:
        rates, ratios = [], []
        for _ in range(args.pairs):
            rates.append(rate(args, small, work / "out.h5", kind, args.replicates // share,
                              columns))
            if peer:
                ratios.append(rates[-1] * bench.lme4_seconds(peer, csv, model, 40))
        rows.append((f"{kind}, n = 4,000: replicates/s", bar, rates))
        if peer:
            rows.append((f"{kind}, n = 4,000: ratio to lme4", ratio_bar, ratios))
    if args.large:
        large = bench.make_data(work / "large.h5", 4_000_000, 28, columns)
        rates = [rate(args, large, work / "out.h5", "parametric", args.replicates, columns)
                 for _ in range(args.pairs)]
        rows.append(("parametric, n = 4,000,000: replicates/s", "≥ 500,000", rates))
    bench.report(args, "bootstrap_rate", rows)


if __name__ == "__main__":
    sys.exit(main())
