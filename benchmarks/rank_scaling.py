#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much faster are two ranks than one?

  rank_scaling.py                        both bootstraps, 5 pairs, at least 20 s per job
  rank_scaling.py --seconds 60 --pairs 9
  rank_scaling.py --merit ~/bin/merit --json scaling.json

mpirun binds each rank to a core of its own, with one thread: the single rank, too, has one
core for computing, communicating and writing. Runs alternate, 1, 2, 1, 2, …
"""
import sys

import bench


def main():
    parser = bench.parser(__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of the one-rank job")
    args = parser.parse_args()
    bench.mpi_environment()
    work = bench.workspace(args)
    small = bench.make_data(work / "small.h5", 4000, 28, 10)
    rows = []
    for kind in ["parametric", "cases"]:
        def job(ranks, replicates, kind=kind):
            out = work / "out.h5"
            seconds, _, _ = bench.timed(
                ["mpirun", "-n", ranks, "--bind-to", "core", args.merit, "bootstrap", small,
                 bench.formula(10), "--type", kind, "--threads", 1, "--output", out,
                 "--overwrite", "--progress", "none", "--keep", "estimates",
                 "--replicates", replicates])
            out.unlink()
            return seconds

        pilot = 400_000 if kind == "parametric" else 80_000
        rate = pilot * 4 / (job(1, pilot * 5) - job(1, pilot))
        replicates = int(rate * args.seconds * 1.2)
        singles, ratios = [], []
        for _ in range(args.pairs):
            singles.append(job(1, replicates))
            ratios.append(singles[-1] / job(2, replicates))
        rows.append((f"{kind}, {replicates:,} replicates: seconds on 1 rank", "≥ 20", singles))
        rows.append((f"{kind}: 2 ranks against 1", "≥ 1.9", ratios))
    bench.report(args, "rank_scaling", rows)


if __name__ == "__main__":
    sys.exit(main())
