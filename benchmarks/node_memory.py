#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much memory do the ranks of one node take for a model that keeps its rows?

  node_memory.py                          logit, 10,000,000 rows, p = 10, J = 10,000, 2 ranks
  node_memory.py --type cases --ranks 4
  node_memory.py --groups 28              few large groups

Sum over the ranks of their proportional set size (Pss: memory that k processes share counts 1/k
for each) at its peak, from /proc/PID/smaps_rollup some twenty times a second, against one copy of
the rows: n × (p + 1) doubles, X and y.
"""
import subprocess
import sys
import time
from pathlib import Path

import bench
import h5py


def make_binary(path, rows, groups, columns):
    """The benchmarks' data with y above or below its middle."""
    if not path.exists():
        bench.make_data(path, rows, groups, columns)
        with h5py.File(path, "r+") as file:
            y = file["data/y"]
            for first in range(0, rows, 1_000_000):
                y[first : first + 1_000_000] = y[first : first + 1_000_000] > 5.0
    return path


def ranks_of(launcher):
    """Processes of merit that this mpirun started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:
            continue
        name, parent = text[text.index("(") + 1 : text.rindex(")")], text.split(")")[-1].split()[1]
        if name == "merit" and int(parent) == launcher:
            found.append(status.parent)
    return found


def proportional_size(ranks):
    """Bytes."""
    total = 0
    for rank in ranks:
        try:
            lines = (rank / "smaps_rollup").read_text().splitlines()
        except OSError:
            return 0
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def peak(command, num_ranks):
    """Bytes, all ranks together, while all are there."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        ranks = ranks_of(process.pid)
        if len(ranks) == num_ranks:
            most = max(most, proportional_size(ranks))
        time.sleep(0.05)
    if process.returncode != 0:
        raise SystemExit(f"exit status {process.returncode}")
    return most


def main():
    parser = bench.parser(__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--type", choices=["parametric", "cases"], default="parametric")
    args = parser.parse_args()
    bench.mpi_environment()
    work = bench.workspace(args)
    columns = 9  # and the intercept
    data = make_binary(work / f"binary{args.groups}.h5", args.rows, args.groups, columns)
    one_copy = 8 * args.rows * (columns + 2)
    shares = []
    for _ in range(args.pairs):
        out = work / "out.h5"
        shares.append(peak(["mpirun", "-n", args.ranks, "--bind-to", "none", args.merit,
                            "bootstrap", data, bench.formula(columns), "--family", "binomial",
                            "--type", args.type, "--threads", 1, "--replicates", args.ranks,
                            "--max-failed", 1, "--progress", "none", "--output", out,
                            "--overwrite"], args.ranks) / one_copy)
        out.unlink()
    bench.report(args, "node_memory",
                 [(f"{args.type}, {args.ranks} ranks: memory, copies of the rows", "< 1.2", shares)])


if __name__ == "__main__":
    sys.exit(main())
