#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much faster are two ranks than one?

  rank_scaling.py                        three bootstraps, 5 pairs, at least 20 s per job
  rank_scaling.py --jobs logit --seconds 60 --pairs 9
  rank_scaling.py --merit ~/bin/merit --json scaling.json

mpirun binds each rank to a core of its own, with one thread: the single rank, too, has one
core for computing, communicating and writing. Runs alternate, and with each pair goes what
this machine gives to two processes that know nothing of each other: two single ranks side by
side, a core and half of the replicates each. Cores share caches, memory and the hypervisor's
favour, so that this is the most that two ranks can reach.
"""
import subprocess
import sys
import time

import bench
from glmm_rate import make_data

COLUMNS = 10
# job: (merit's options, replicates to find its rate)
JOBS = {"parametric": (["--type", "parametric"], 400_000),
        "cases": (["--type", "cases"], 80_000),
        "logit": (["--type", "parametric", "--family", "binomial"], 800)}


def main():
    parser = bench.parser(__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of the one-rank job")
    parser.add_argument("--jobs", choices=JOBS, nargs="+", default=list(JOBS))
    args = parser.parse_args()
    bench.mpi_environment()
    work = bench.workspace(args)
    gaussian = bench.make_data(work / "small.h5", 4000, 28, COLUMNS)
    logit = make_data(work / "logit.h5", "logit", 4000, 28, COLUMNS)
    rows = []
    for kind in args.jobs:
        options, pilot = JOBS[kind]
        data = logit if kind == "logit" else gaussian

        def command(out, replicates, data=data, options=options):
            return [args.merit, "bootstrap", data, bench.formula(COLUMNS), *options,
                    "--threads", 1, "--output", out, "--overwrite", "--progress", "none",
                    "--keep", "estimates", "--replicates", replicates]

        def job(ranks, replicates, command=command):
            out = work / "out.h5"
            seconds, _, _ = bench.timed(["mpirun", "-n", ranks, "--bind-to", "core",
                                         *command(out, replicates)])
            out.unlink()
            return seconds

        def side_by_side(replicates, command=command):
            outs = [work / "out0.h5", work / "out1.h5"]
            start = time.perf_counter()
            halves = [subprocess.Popen(
                [str(part) for part in ["taskset", "-c", core, "mpirun", "-n", 1, "--bind-to",
                                        "none", *command(out, replicates // 2)]],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for core, out in enumerate(outs)]
            if any([half.wait() for half in halves]):
                raise RuntimeError("a job failed")
            seconds = time.perf_counter() - start
            for out in outs:
                out.unlink()
            return seconds

        rate = pilot * 4 / (job(1, pilot * 5) - job(1, pilot))
        replicates = int(rate * args.seconds * 1.2)
        singles, ratios, shares = [], [], []
        for _ in range(args.pairs):
            singles.append(job(1, replicates))
            two = job(2, replicates)
            ratios.append(singles[-1] / two)
            shares.append(side_by_side(replicates) / two)
        rows.append((f"{kind}, {replicates:,} replicates: seconds on 1 rank", "≥ 20", singles))
        rows.append((f"{kind}: 2 ranks against 1", "≥ 1.9", ratios))
        rows.append((f"{kind}: 2 ranks against two processes side by side", "", shares))
    bench.report(args, "rank_scaling", rows)


if __name__ == "__main__":
    sys.exit(main())
