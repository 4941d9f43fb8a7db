#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long do the 40 cells × 2,000 repetitions of Huang, Zhang & Li (2022) take with PQL and
quadrature together, and are the published numbers reproduced?

    benchmarks/huang2022.py
    benchmarks/huang2022.py --repetitions 200 --json huang.json

The authors needed 31 core-hours in R. Prints the time beside its bar, every summary of the 20
published cells that breaks the rule of tests/oracle/huang2022.json, and the mean over cells of
published and found summaries, PQL beside quadrature."""
import json
import statistics
import sys

import bench

sys.path.append(str(bench.HERE.parent / "tests" / "oracle"))
import huang_rule  # noqa: E402

STUDY = bench.HERE.parent / "examples" / "huang2022.toml"
BAR_SECONDS = 120


def main():
    options = bench.parser(__doc__.split("\n\n")[0])
    options.add_argument("--repetitions", type=int, default=2000, help="per cell (default 2000)")
    args = options.parse_args()
    work = bench.workspace(args)
    study = work / "huang.toml"
    study.write_text(STUDY.read_text(encoding="utf-8").replace(
        "repetitions = 2000", f"repetitions = {args.repetitions}"), encoding="utf-8")
    output = work / "huang.h5"
    seconds, _, printed = bench.timed([args.merit, "simulate", study, "--output", output,
                                       "--overwrite", "--format", "json", "--progress", "none"])
    rows = json.loads(printed)["performance"]
    cells = {row["cell"]: row["factors"] for row in rows}
    differences = huang_rule.compare(output, [cells[c] for c in sorted(cells)])
    broken = huang_rule.outside(differences)
    print(f"40 cells × {args.repetitions} repetitions, PQL and AGQ: {seconds:.1f} s "
          f"(bar {BAR_SECONDS} s for 2,000)")
    print(f"{len(differences)} published numbers, {len(broken)} outside the rule")
    for sentence in broken:
        print("  " + sentence)
    print("\n| mean over the 20 published cells | published | PQL | AGQ |\n|---|---|---|---|")
    published_cells = {d[0] + 1 for d in differences}
    for what, column in (("coverage", "coverage"), ("rejection", "rej_rate")):
        for term in huang_rule.TERMS:
            these = [d for d in differences if d[1] == f"pql_reml {what}" and d[2] == term]
            if not these:
                continue
            agq = statistics.mean(row[column] for row in rows if row["estimator"] == "AGQ"
                                  and row["term"] == term and row["cell"] in published_cells)
            print(f"| {what} of {term} | {statistics.mean(d[4] for d in these):.4f} "
                  f"| {statistics.mean(d[3] for d in these):.4f} | {agq:.4f} |")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"seconds": seconds, "broken": broken, "differences": differences}, file)


if __name__ == "__main__":
    main()
