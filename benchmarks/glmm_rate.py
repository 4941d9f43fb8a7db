#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many refits per second does one core make of binary, count and ordinal models?

  glmm_rate.py                              logit, Poisson, negative binomial, ordinal; n = 4,000
  glmm_rate.py --large                      and one logit fit of n = 1,000,000, J = 10,000, next
                                            to lme4 (nAGQ = 0 and 1) and glmmTMB
  glmm_rate.py --pairs 3 --peers none       merit alone

n = 4,000 rows in J = 28 groups, p = 11 columns (two continuous covariates, so that no two rows are
equal), quadrature with 7 points. Each measurement is a whole run of merit on one thread, estimates
and standard errors stored, next to some refits of the same model in R: lme4::bootMer and
glmmTMB::refit for the logit (both by Laplace, their fastest likelihood), glmmTMB for counts,
ordinal::clmm for five categories.
"""
import sys

import bench
import h5py
import numpy as np

# family: (merit's options, peers, refits per measurement, bar)
FAMILIES = {
    "logit": (["--family", "binomial"], ["lme4", "glmmTMB"], 4000, "≥ 1,000"),
    "poisson": (["--family", "poisson"], ["glmmTMB"], 3000, "≥ 500"),
    "negbinomial": (["--family", "negbinomial"], ["glmmTMB"], 1000, "≥ 300"),
    "ordinal": (["--family", "ordinal"], ["clmm"], 1000, "≥ 300"),
}
RATIO_BARS = {("logit", "lme4"): "≥ 1,000", ("logit", "glmmTMB"): "≥ 300"}


def make_data(path, family, rows, groups, columns, csv=None):
    """Unequal groups; x1 and x2 normal, the last covariate of groups, the others 0 or 1."""
    generator = np.random.default_rng(1)
    weight = generator.uniform(0.2, 2.0, groups)
    group = generator.choice(groups, rows, p=weight / weight.sum())
    group[: 2 * groups] = np.arange(2 * groups) % groups
    x = generator.integers(0, 2, (rows, columns)).astype(float)
    x[:, :2] = generator.standard_normal((rows, 2))
    x[:, -1] = generator.standard_normal(groups)[group]
    eta = -0.5 + x @ generator.normal(0.0, 0.2, columns)
    eta += 0.5 * generator.standard_normal(groups)[group]
    if family == "logit":
        y = (generator.random(rows) < 1 / (1 + np.exp(-eta))).astype(float)
    elif family == "ordinal":
        y = 1.0 + np.searchsorted([-1.5, -0.5, 0.5, 1.5], eta + generator.logistic(size=rows))
    else:
        spread = generator.gamma(2.0, 0.5, rows) if family == "negbinomial" else 1.0
        y = generator.poisson(np.exp(eta) * spread).astype(float)
    data = {"y": y, "g": group, **{f"x{k + 1}": x[:, k] for k in range(columns)}}
    with h5py.File(path, "w") as file:
        for name, values in data.items():
            file[f"data/{name}"] = values
    if csv:
        np.savetxt(csv, np.column_stack(list(data.values())), delimiter=",",
                   header=",".join(data), comments="", fmt="%.17g")
    return path


def rate(args, data, out, options, kind, replicates, columns):
    """Refits per second of a whole run, start-up and reading taken off by a short one."""
    command = [args.merit, "bootstrap", data, bench.formula(columns), *options, "--type", kind,
               "--threads", 1, "--output", out, "--overwrite", "--progress", "none",
               "--max-failed", 1, "--replicates"]
    short, _, _ = bench.timed(command + [8])
    long, _, _ = bench.timed(command + [replicates])
    out.unlink()
    return replicates / (long - short)


def peer_seconds(peer, family, csv, model, times):
    output = bench.run(["Rscript", bench.HERE / "peer_glmm.R", peer, family, csv, model, times])
    return float(output.split()[1])


def main():
    parser = bench.parser(__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="one fit of n = 1,000,000 too")
    parser.add_argument("--peers", choices=["all", "none"], default="all")
    args = parser.parse_args()
    work = bench.workspace(args)
    columns = 10
    model = bench.formula(columns)
    rows = []
    for family, (options, peers, replicates, bar) in FAMILIES.items():
        csv = work / f"{family}.csv"
        data = make_data(work / f"{family}.h5", family, 4000, 28, columns, csv)
        rates = {kind: [] for kind in ("parametric", "cases")}
        ratios = {peer: [] for peer in (peers if args.peers == "all" else [])}
        for _ in range(args.pairs):
            for kind, measured in rates.items():
                measured.append(rate(args, data, work / "out.h5", options, kind, replicates,
                                     columns))
            for peer, measured in ratios.items():
                measured.append(rates["parametric"][-1] *
                                peer_seconds(peer, family, csv, model, 2))
        for kind, measured in rates.items():
            rows.append((f"{family}, {kind}: refits/s", bar, measured))
        for peer, measured in ratios.items():
            rows.append((f"{family}, parametric: ratio to {peer}",
                         RATIO_BARS.get((family, peer), ""), measured))
    if args.large:
        csv = work / "large.csv"
        data = make_data(work / "large.h5", "logit", 1_000_000, 10_000, 9, csv)
        times = [bench.timed([args.merit, "fit", data, bench.formula(9), "--family", "binomial",
                              "--threads", 1])[0] for _ in range(args.pairs)]
        rows.append(("logit, one fit, n = 1,000,000, J = 10,000: s", "< 3", times))
        if args.peers == "all":  # minutes each: once
            for peer in ("fit_lme4_0", "fit_lme4_1", "fit_glmmTMB"):
                seconds = peer_seconds(peer, "logit", csv, bench.formula(9), 1)
                rows.append((f"the same: ratio to {peer[4:]}", "",
                             [seconds / time for time in times]))
    bench.report(args, "glmm_rate", rows)


if __name__ == "__main__":
    sys.exit(main())
