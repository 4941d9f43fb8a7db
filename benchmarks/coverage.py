#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How often do bootstrap intervals hold the truth? Coverage of every interval type, for few groups.

Data sets of J groups with 20 rows each, one covariate of persons and one of groups, are made from
a known model; each is fitted and bootstrapped by merit with all interval types at once. Printed is,
for each J, term and type, the share of data sets whose 95% interval holds the true value, and its
Monte-Carlo standard error, √(c (1 − c)/datasets). An interval that does not exist (bc at τ̂ = 0)
is counted apart, as `none`, and not as one that misses.

    benchmarks/coverage.py                                  minutes: a first look
    benchmarks/coverage.py --datasets 1000 --replicates 1999 --type cases --inner 0

Calibrated intervals bootstrap every replicate `--inner` times: most of the time is theirs.
"""
import argparse
import csv
import io
import json
import math
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).resolve().parent
FORMULA = "y ~ x + w + (1 | g)"
ROWS_PER_GROUP = 20
TRUTH = {"(Intercept)": 0.2, "x": 0.5, "w": 0.3}
TAU, SIGMA = 0.5, 1.0
TYPES = ["norm", "basic", "perc", "bc", "bca", "stud", "calibrated"]


def write_dataset(path, num_groups, family, seed):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(num_groups), ROWS_PER_GROUP)
    x, w = rng.standard_normal(g.size), rng.standard_normal(num_groups)[g]
    eta = (TRUTH["(Intercept)"] + TRUTH["x"] * x + TRUTH["w"] * w
           + TAU * rng.standard_normal(num_groups)[g])
    if family == "gaussian":
        y = eta + SIGMA * rng.standard_normal(g.size)
    else:
        y = (rng.random(g.size) < 1 / (1 + np.exp(-eta))).astype(float)
    with h5py.File(path, "w") as file:
        for name, values in {"y": y, "x": x, "w": w, "g": g}.items():
            file[f"data/{name}"] = values


def types_of(args):
    return TYPES if args.inner else TYPES[:-1]


def intervals(args, num_groups, dataset, directory):
    """{(term, type): (low, high) or None} of one data set; None if it has no fit at all."""
    data = Path(directory) / f"{dataset}.h5"
    out = Path(directory) / f"{dataset}-out.h5"
    write_dataset(data, num_groups, args.family, [num_groups, dataset])
    command = [args.merit, "bootstrap", data, FORMULA, "--family", args.family, "--type", args.type,
               "--replicates", args.replicates, "--seed", dataset + 1, "--threads", 1,
               "--intervals", ",".join(types_of(args)), "--max-failed", 1, "--output", out,
               "--format", "csv", "--progress", "none"]
    if args.inner:
        command += ["--inner", args.inner]
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True)
    data.unlink()
    if done.returncode > 1:
        return None
    out.unlink()
    found = {}
    for row in csv.DictReader(io.StringIO(done.stdout)):
        ends = (row["conf.low"], row["conf.high"])
        found[row["term"], row["conf.type"]] = (
            tuple(map(float, ends)) if all(ends) else None)
    return found


def coverage(args, num_groups, directory):
    truth = {**TRUTH, "sd__(Intercept)": TAU}
    if args.family == "gaussian":
        truth["sd__Observation"] = SIGMA
    held = {(term, kind): [0, 0] for term in truth for kind in types_of(args)}
    without_fit = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for found in pool.map(lambda d: intervals(args, num_groups, d, directory),
                              range(args.datasets)):
            if found is None:
                without_fit += 1
                continue
            for (term, kind), counts in held.items():
                ends = found[term, kind]
                if ends is not None:
                    counts[0] += 1
                    counts[1] += ends[0] <= truth[term] <= ends[1]
    made = args.datasets - without_fit
    return [{"J": num_groups, "family": args.family, "bootstrap": args.type, "term": term,
             "interval": kind, "coverage": hits / there if there else math.nan,
             "mcse": math.sqrt(hits * (there - hits) / there**3) if there else math.nan,
             "none": made - there, "datasets": made}
            for (term, kind), (there, hits) in held.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merit", default=str(HERE.parent / "build/release/merit"))
    parser.add_argument("--groups", type=int, nargs="+", default=[10, 26, 50])
    parser.add_argument("--family", choices=["gaussian", "binomial"], default="gaussian")
    parser.add_argument("--type", default="parametric", help="bootstrap (default parametric)")
    parser.add_argument("--datasets", type=int, default=200)
    parser.add_argument("--replicates", type=int, default=999)
    parser.add_argument("--inner", type=int, default=200,
                        help="bootstrap replicates of each replicate; 0: nothing is calibrated")
    parser.add_argument("--jobs", type=int, default=2, help="data sets at a time (default 2)")
    parser.add_argument("--json", help="write the table here too")
    args = parser.parse_args()

    table = []
    with tempfile.TemporaryDirectory(prefix="merit-coverage-") as directory:
        for num_groups in args.groups:
            table += coverage(args, num_groups, directory)
    types = types_of(args)
    print(f"{'J':>3}  {'term':<16} " + " ".join(f"{kind:>12}" for kind in types))
    for start in range(0, len(table), len(types)):
        cells = []
        for row in table[start:start + len(types)]:
            share = "" if math.isnan(row["coverage"]) else f"{row['coverage']:.3f}±{row['mcse']:.3f}"
            cells.append(f"{share:>12}")
        row = table[start]
        print(f"{row['J']:>3}  {row['term']:<16} " + " ".join(cells))
    for row in table:
        if row["none"] and row["interval"] != "stud":
            print(f"J = {row['J']}, {row['term']}: no {row['interval']} interval in {row['none']} of "
                  f"{row['datasets']} data sets", file=sys.stderr)
    if args.json:
        Path(args.json).write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
