#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long do small-sample tests and refits without groups take?

    benchmarks/inference_time.py

Kenward and Roger's tests of all coefficients, n = 100,000 rows in J = 1,000 groups, next to
pbkrtest on the largest part of them that it does in seconds (it forms n × n matrices); the exact
distribution of the restricted likelihood ratio of τ = 0, 10⁶ draws, n = 4,000, J = 28, next to
RLRsim; a logit model, n = 4,000, J = 26, refitted without each institution and each pair of them.
merit's times are of whole runs less runs without the thing; of the last, the whole run.
"""
import sys

import bench
from glmm_rate import make_data as make_family_data

COLUMNS = 10
PEER_ROWS, PEER_GROUPS = 3000, 30
PEER_DRAWS = 100_000


def peer_seconds(what, csv, times=0):
    output = bench.run(["Rscript", bench.HERE / "peer_inference.R", what, csv,
                        bench.formula(COLUMNS), times])
    return float(output.split()[1])


def main():
    args = bench.parser(__doc__.splitlines()[0]).parse_args()
    work = bench.workspace(args)
    model = bench.formula(COLUMNS)
    large = bench.make_data(work / "large.h5", 100_000, 1000, COLUMNS)
    part = work / "part.csv"
    of_part = bench.make_data(work / "part.h5", PEER_ROWS, PEER_GROUPS, COLUMNS, part)
    csv = work / "small.csv"
    small = bench.make_data(work / "small.h5", 4000, 28, COLUMNS, csv)
    logit = make_family_data(work / "logit.h5", "logit", 4000, 26, COLUMNS)
    (work / "left_out.toml").write_text(
        f'snapshot = "{logit.name}"\nformula = "{model}"\nfamily = "binomial"\n'
        '[left_out]\ngroups = ["one", "two"]\n', encoding="utf-8")

    def fit(data, *options):
        return bench.timed([args.merit, "fit", data, model, *options])[0]

    kr, kr_part, kr_ratio, rlrt, rlrt_ratio, left_out = ([] for _ in range(6))
    for _ in range(args.pairs):
        kr.append(fit(large, "--df", "kr") - fit(large))
        kr_part.append(max(fit(of_part, "--df", "kr") - fit(of_part), 1e-4))
        kr_ratio.append(peer_seconds("kr", part) / kr_part[-1])
        rlrt.append(fit(small, "--tau-test", "exact") - fit(small))
        rlrt_ratio.append(peer_seconds("rlrt", csv, PEER_DRAWS) * 1_000_000 / PEER_DRAWS / rlrt[-1])
        left_out.append(bench.timed([args.merit, "sensitivity", work / "left_out.toml",
                                     "--progress", "none"], (0, 1))[0])
    bench.report(args, "inference_time", [
        ("Kenward-Roger, n = 100,000, J = 1,000: s", "< 0.1", kr),
        (f"the same, n = {PEER_ROWS:,}: ratio to pbkrtest", "", kr_ratio),
        ("exact RLRT of τ = 0, 10⁶ draws: s", "< 1", rlrt),
        ("the same: ratio to RLRsim", "", rlrt_ratio),
        ("logit, J = 26: base, 26 and 325 fits without one and two groups: s", "< 1", left_out)])


if __name__ == "__main__":
    sys.exit(main())
