#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Synthetic two-level data for the benchmarks, as a snapshot and (if small) as CSV.

  make_data.py --rows 4000 --groups 28 --columns 10 small.h5 --csv small.csv
  make_data.py --rows 4000000 --groups 28 --columns 10 large.h5
  make_data.py --rows 10000000 --groups 10000 --columns 9 wide.h5

y = 5 + 0.3 x1 + b_group + e with sd(b) = 0.3, sd(e) = 1; x1 ... are normal covariates of
persons, the last one of groups. Group sizes are unequal (the largest about ten times the
smallest). Everything is made up by a seeded generator.
"""
import argparse
import sys

import h5py
import numpy as np

ROWS_AT_ONCE = 1_000_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--groups", type=int, default=28)
    parser.add_argument("--columns", type=int, default=10, help="covariates x1, x2, …")
    parser.add_argument("--csv", help="the same as text, for other programs")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    args = arguments()
    generator = np.random.default_rng(args.seed)
    weight = generator.uniform(0.2, 2.0, args.groups)
    effect = generator.normal(0.0, 0.3, args.groups)
    of_group = generator.normal(0.0, 1.0, args.groups)
    names = [f"x{k + 1}" for k in range(args.columns)]
    with h5py.File(args.output, "w") as file:
        file.attrs["format"] = "merit-snapshot"
        file.attrs["version"] = np.int64(1)
        file.attrs["title"] = "synthetic benchmark data"
        data = file.create_group("data")
        for name in ["y", *names]:
            data.create_dataset(name, (args.rows,), "f8")
        data.create_dataset("g", (args.rows,), "i4")
        for first in range(0, args.rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, args.rows - first)
            group = generator.choice(args.groups, count, p=weight / weight.sum())
            if first == 0:  # no group is empty
                group[: 2 * args.groups] = np.arange(2 * args.groups) % args.groups
            y = 5.0 + effect[group] + generator.normal(0.0, 1.0, count)
            for name in names:
                x = generator.normal(0.0, 1.0, count)
                if name == names[-1]:
                    x = of_group[group]
                if name == "x1":
                    y += 0.3 * x
                data[name][first : first + count] = x
            data["y"][first : first + count] = y
            data["g"][first : first + count] = group
    if args.csv:
        with h5py.File(args.output) as file:
            columns = np.column_stack([file["data"][name] for name in ["y", "g", *names]])
        np.savetxt(args.csv, columns, delimiter=",", header=",".join(["y", "g", *names]),
                   comments="", fmt="%.17g")


if __name__ == "__main__":
    sys.exit(main())
