#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many effective draws per second does one core make from the posteriors of multilevel models?

  sampling_rate.py                          gaussian, logit, Poisson, negative binomial, ordinal;
                                            n = 4,000; JAGS and rstanarm beside the first two
  sampling_rate.py --large                  and logit, n = 1,000,000, J = 10,000, on 1 and 2 ranks
  sampling_rate.py --pairs 3 --peers none   merit alone

n = 4,000 rows in J = 28 groups, p = 11 columns, as in glmm_rate.py. What counts is the smallest bulk
effective sample size of all parameters, as R's package posterior defines it, over the seconds of
drawing alone: merit's are a long run less a short one, both with its result file; the peers' are
without compilation, adaptation and warm-up. All have the same priors but for rstanarm's sd,
Exp(1), and its intercept, which it centres. JAGS has its glm module.
"""
import json
import subprocess
import sys

import bench
import glmm_rate
import h5py
import numpy as np

def priors(*given):
    return [word for prior in ("flat", "b~normal(0, 10)", "sd~half_t(3, 2.5)", *given)
            for word in ("--prior", prior)]


INTERCEPT = "(Intercept)~normal(0, 10)"

# family: (merit's options, draws per chain of the long run, bar)
FAMILIES = {
    "gaussian": (priors(INTERCEPT, "sigma~half_t(3, 2.5)"), 100_000, "≥ 200,000"),
    "logit": (["--family", "binomial", *priors(INTERCEPT)], 10_000, "≥ 2,000"),
    "poisson": (["--family", "poisson", *priors(INTERCEPT)], 10_000, "≥ 1,000"),
    "negbinomial": (["--family", "negbinomial", *priors(INTERCEPT, "theta~gamma(2, 0.5)")], 5_000,
                    "≥ 500"),
    "ordinal": (["--family", "ordinal", *priors("thresholds~normal(0, 10)")], 5_000, "≥ 500"),
}
PEERS = {"jags": 4000, "rstanarm": 300}  # draws
RATIO_BARS = {("gaussian", "jags"): "≥ 500", ("gaussian", "rstanarm"): "≥ 20,000",
              ("logit", "jags"): "≥ 20", ("logit", "rstanarm"): "≥ 300"}


def make_gaussian(path, csv):
    """The covariates of the logit model with a Gaussian response."""
    glmm_rate.make_data(path, "logit", 4000, 28, 10, csv)
    generator = np.random.default_rng(2)
    with h5py.File(path, "r+") as file:
        data = {name: file[f"data/{name}"][:] for name in ["g", *(f"x{k}" for k in range(1, 11))]}
        eta = sum(data[f"x{k}"] for k in range(1, 11)) * 0.2
        eta += 0.5 * generator.standard_normal(28)[data["g"]]
        y = file["data/y"][:] = eta + generator.standard_normal(4000)
    np.savetxt(csv, np.column_stack([y, *data.values()]), delimiter=",",
               header=",".join(["y", *data]), comments="", fmt="%.17g")
    return path


def rate(args, data, out, options, draws, columns, ranks=None):
    """(draws per second, smallest bulk effective sample size per second)"""
    command = [args.merit, "sample", data, bench.formula(columns), *options, "--threads", 1,
               "--output", out, "--overwrite", "--progress", "none", "--format", "json", "--warmup",
               50, "--draws"]
    if ranks:
        command = ["mpirun", "-n", ranks, *command]
    seconds, text = {}, ""
    for count in (max(draws // 20, 100), draws):
        # 1: done, but the short run has few effective draws.
        done = subprocess.run([str(word) for word in command + [count]], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(map(str, command))}: exit status {done.returncode}")
        text = done.stdout
        with h5py.File(out) as file:  # of the draws alone, without the table
            seconds[count] = float(file["provenance/sessions/seconds"][0])
        out.unlink()
    few, many = sorted(seconds)
    chains = 4
    per_draw = (seconds[many] - seconds[few]) / (chains * (many - few))
    ess = min(row["ess_bulk"] for row in json.loads(text)["tidy"] if row["effect"] != "ran_vals")
    return 1 / per_draw, ess / (chains * many) / per_draw


def peer_rate(peer, family, csv, model, draws):
    output = bench.run(["Rscript", bench.HERE / "peer_posterior.R", peer, family, csv, model, draws])
    return float(output.split("rate")[1].split()[0])


def main():
    parser = bench.parser(__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="logit with n = 1,000,000 too")
    parser.add_argument("--peers", choices=["all", "none"], default="all")
    args = parser.parse_args()
    work = bench.workspace(args)
    bench.mpi_environment()
    columns = 10
    model = bench.formula(columns)
    rows = []
    for family, (options, draws, bar) in FAMILIES.items():
        csv = work / f"{family}.csv"
        data = (make_gaussian(work / "gaussian.h5", csv) if family == "gaussian" else
                glmm_rate.make_data(work / f"{family}.h5", family, 4000, 28, columns, csv))
        peers = PEERS if args.peers == "all" and (family, "jags") in RATIO_BARS else {}
        drawn, effective, with_groups = [], [], []
        ratios = {peer: [] for peer in peers}
        for _ in range(args.pairs):
            a, b = rate(args, data, work / "out.h5", options, draws, columns)
            drawn.append(a)
            effective.append(b)
            with_groups.append(rate(args, data, work / "out.h5",
                                    [*options, "--save-groups", "draws"], draws // 4, columns)[0])
            for peer, measured in ratios.items():
                measured.append(b / peer_rate(peer, family, csv, model, PEERS[peer]))
        exact = family == "gaussian"
        rows.append((f"{family}: draws/s", bar if exact else "", drawn))
        rows.append((f"{family}: draws/s with group intercepts", "≥ 50,000" if exact else "",
                     with_groups))
        rows.append((f"{family}: smallest bulk ESS/s", "" if exact else bar, effective))
        for peer, measured in ratios.items():
            rows.append((f"{family}: ratio to {peer}", RATIO_BARS[family, peer], measured))
    if args.large:
        data = glmm_rate.make_data(work / "large.h5", "logit", 1_000_000, 10_000, 9)
        options = FAMILIES["logit"][0]
        both = {ranks: [rate(args, data, work / "out.h5", options, 250, 9, ranks)[1]
                        for _ in range(args.pairs)] for ranks in (1, 2)}
        rows.append(("logit, n = 1,000,000, J = 10,000, 2 ranks: ESS/s", "≥ 20", both[2]))
        rows.append(("the same: efficiency of 2 ranks", "≥ 0.9",
                     [b / a / 2 for a, b in zip(both[1], both[2])]))
    bench.report(args, "sampling_rate", rows)


if __name__ == "__main__":
    sys.exit(main())
