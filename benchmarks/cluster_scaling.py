#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How does one job scale on a cluster that we do not have?

  cluster_scaling.py                                  10⁷ tasks of 1 ms on 16, 128, 512 ranks
  cluster_scaling.py --ranks 2048 --tasks 409600 --task-seconds 0.02 --block-tasks 1
  cluster_scaling.py --json cluster.json --plot cluster.png

merit's runner and its result file are real (benchmarks/simgrid/runner.cpp says what is not);
time, network and disk are SimGrid's (Debian: libsimgrid-dev): nodes of 32 cores on 25 Gb/s
Ethernet, a file system that writes 500 MB/s and takes 0.5 s for an fsync. Efficiency is ideal
work / (ranks × time from start to closed file).

The time that a simulation takes is quadratic in the number of messages with SimGrid 3 and linear
with 4 (not in Debian): for thousands of ranks put the latter's bin/ first in PATH.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SIMGRID = HERE / "simgrid"
CORES = 32


def build(program, libraries):
    """Compiles the runner against SimGrid's MPI; the rest comes from a release build."""
    run = [path for path in sorted((ROOT / "engine/run").glob("*.cpp"))
           if not path.stem.endswith(("_single", "mpi_version"))]
    archives = [libraries / "libmerit_io.a", libraries / "libmerit_statistics.a"]
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "eigen3", "hdf5-serial", "fmt",
                            "libxxhash", "zlib"],
                           check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    subprocess.run(["smpicxx", "-std=c++20", "-O1", "-fopenmp", f"-I{ROOT}",
                    f"-I{libraries}/generated", SIMGRID / "runner.cpp", *run, *archives, *archives,
                    *flags, "-lhdf5", "-o", program], check=True)


def simulate(program, ranks, args, work):
    hosts = work / "hosts"
    hosts.write_text("".join(f"node{rank // CORES}\n" for rank in range(ranks)), encoding="utf-8")
    done = subprocess.run(
        ["smpirun", "-np", str(ranks), "-platform", SIMGRID / "cluster.xml", "-hostfile", hosts,
         "--cfg=smpi/simulate-computation:no", "--cfg=smpi/privatization:no",
         # What a look at MPI costs, always the same.
         "--cfg=smpi/grow-injected-times:no", "--cfg=smpi/iprobe:5e-7", "--cfg=smpi/test:5e-7",
         "--log=root.thresh:error", program, str(args.tasks), str(args.task_seconds),
         str(args.block_tasks), "11", "500e6", "0.5", work / "out.h5"],
        check=True, text=True, stdout=subprocess.PIPE)
    size, tasks, seconds, ideal, storage = done.stdout.split()[-5:]
    assert int(size) == ranks and int(tasks) == args.tasks
    return {"ranks": ranks, "tasks": args.tasks, "task_seconds": args.task_seconds,
            "seconds": float(seconds), "efficiency": float(ideal) / float(seconds),
            "storage_seconds": float(storage)}


def plot(rows, path):
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    figure, axes = pyplot.subplots(figsize=(5, 3), constrained_layout=True)
    axes.semilogx([row["ranks"] for row in rows], [row["efficiency"] for row in rows], "o-",
                  base=2)
    axes.axhline(0.95, linestyle=":", color="gray")
    axes.set(xlabel="ranks (simulated)", ylabel="efficiency", ylim=(0.5, 1.01))
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", type=int, nargs="+", default=[16, 128, 512])
    parser.add_argument("--tasks", type=int, default=10_000_000)
    parser.add_argument("--task-seconds", type=float, default=0.001)
    parser.add_argument("--block-tasks", type=int, default=16)
    parser.add_argument("--libraries", type=Path, default=ROOT / "build/release")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="merit-cluster-") as place:
        work = Path(place)
        build(work / "runner", args.libraries)
        print("ranks  tasks     task, s  job, s    efficiency")
        for ranks in args.ranks:
            row = simulate(work / "runner", ranks, args, work)
            rows.append(row)
            print(f"{ranks:5}  {row['tasks']:8}  {row['task_seconds']:<7g}  {row['seconds']:8.2f}  "
                  f"{row['efficiency']:.3f}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if args.plot:
        plot(rows, args.plot)


if __name__ == "__main__":
    sys.exit(main())
