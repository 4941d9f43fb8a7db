#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What does it cost that nothing is lost?

  checkpoint_cost.py --disk DIR          a logit and a Gaussian job on a disk and in memory;
                                         the start of a job that has 10⁷ replicates already
  checkpoint_cost.py --disk DIR --pairs 5

A job is the same wherever its file is; on a file system in memory (--work, default /dev/shm)
fsync has nothing to do. So the time that a disk (--disk) adds is the price of durable rows:
writing them out, fsync, marks. Both jobs run on one rank and one thread, and runs alternate.
Resuming is measured from the command to its end, with a time limit of 0.1 s of work in it.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import bench
from glmm_rate import make_data

COLUMNS = 10
STOPPED = 75


def main():
    parser = bench.parser(__doc__.splitlines()[0])
    parser.add_argument("--disk", required=True, help="a directory on a disk")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each job")
    args = parser.parse_args()
    memory = tempfile.TemporaryDirectory(dir="/dev/shm")
    args.work = args.work or memory.name
    work = bench.workspace(args)
    on_disk = tempfile.TemporaryDirectory(dir=args.disk)
    disk = Path(on_disk.name)
    gaussian = bench.make_data(work / "small.h5", 4000, 28, COLUMNS)
    logit = make_data(work / "logit.h5", "logit", 4000, 28, COLUMNS)
    jobs = {"logit": ([logit, "--family", "binomial"], 800, "< 2"),
            "Gaussian, estimates kept": ([gaussian], 400_000, "< 20")}

    def command(options, replicates, output):
        data, *family = options
        return [args.merit, "bootstrap", data, bench.formula(COLUMNS), *family, "--threads", 1,
                "--keep", "estimates", "--progress", "none", "--replicates", replicates,
                "--output", output]

    def seconds(options, replicates, place):
        output = place / "out.h5"
        taken, _, _ = bench.timed(command(options, replicates, output))
        output.unlink()
        return taken

    rows = []
    for name, (options, pilot, bar) in jobs.items():
        rate = pilot * 4 / (seconds(options, pilot * 5, work) - seconds(options, pilot, work))
        replicates = int(rate * args.seconds)
        added = []
        for _ in range(args.pairs):
            in_memory = seconds(options, replicates, work)
            added.append(100 * (seconds(options, replicates, disk) / in_memory - 1))
        rows.append((f"{name}, {replicates:,} replicates: a disk adds, %", bar, added))

    output = disk / "resumed.h5"
    whole = command([gaussian], 20_000_000, output) + ["--resume", "--time-limit"]
    subprocess.run([str(part) for part in whole + ["6s"]], check=False,
                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    starts = [bench.timed(whole + ["0.1s"], accepted=(0, STOPPED))[0] for _ in range(args.pairs)]
    rows.append(("a job with 10⁷ replicates and more there: --resume and stop, s", "< 2", starts))
    bench.report(args, "checkpoint_cost", rows)


if __name__ == "__main__":
    sys.exit(main())
