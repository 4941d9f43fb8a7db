#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long does a sensitivity analysis of 432,000 logistic fits take on two ranks, and how much of
it is not fitting?

    benchmarks/sensitivity_rate.py                       # all of examples/multiverse.toml
    benchmarks/sensitivity_rate.py --replicates 100      # a tenth of it

Two ranks, a thread each, on the demo's synthetic study, which is made here. What is not fitting is
measured in processor time on some of the analyses: the study of them against `merit bootstrap` of
each, whose replicates are the same to the bit, less what the same command takes with two replicates
(starting, reading, the fit itself)."""
import sys
import tomllib

import bench

EXAMPLES = bench.HERE.parent / "examples"
SCRIPTS = bench.HERE.parent / "scripts"
BAR_SECONDS, BAR_PERCENT = 600, 2
SAMPLE = {"contact": ["probation", "volunteer"], "where": ["wave == 2019"], "person": ["1"],
          "detention": ["served", "served + regime + legal"], "partners": ["facilitation"]}


def make_study(work):
    """The demo's snapshot, as scripts/demo.sh makes it."""
    sources, snapshot = work / "study", work / "study.h5"
    if not snapshot.exists():
        bench.run([sys.executable, SCRIPTS / "synthesize.py", "--output", sources, "--seed", 1,
                   "--overwrite"])
        bench.run([sys.executable, SCRIPTS / "merge_sources.py", "--survey",
                   sources / "survey.csv", "--registry", sources / "registry.csv", "--partners",
                   sources / "partners.csv", "--output", snapshot, "--title", "Synthetic study"])
    return snapshot


def study_file(path, snapshot, replicates, choices=None):
    """The example of other data and replicates, and with some of its choices only."""
    lines = []
    for line in (EXAMPLES / "multiverse.toml").read_text(encoding="utf-8").splitlines():
        key = line.split(" = ")[0]
        if key == "snapshot":
            line = f'snapshot = "{snapshot}"'
        elif key == "replicates":
            line = f"replicates = {replicates}"
        elif choices and key in choices:
            line = f"{key} = {choices[key]}".replace("'", '"')
        lines.append(line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def analyses(path):
    """(formula, where) of the base and of every combination in a study file."""
    study = tomllib.loads(path.read_text(encoding="utf-8"))
    grid = study["multiverse"]
    out = [(study["formula"], study.get("where", ""))]
    for contact in grid["contact"]:
        for detention in grid["detention"]:
            out.append((grid["formula"].format(contact=contact, person=grid["person"][0],
                                               detention=detention, partners=grid["partners"][0]),
                        grid["where"][0]))
    return out


def main():
    options = bench.parser(__doc__.split("\n\n")[0])
    options.add_argument("--replicates", type=int, default=1000, help="of every fit")
    args = options.parse_args()
    work = bench.workspace(args)
    bench.mpi_environment()
    snapshot = make_study(work)
    quiet = ["--progress", "none", "--format", "json", "--threads", 1, "--overwrite", "--output"]

    some = study_file(work / "some.toml", snapshot, args.replicates, SAMPLE)
    fits = analyses(some)

    def bootstrap(formula, where, replicates):
        # 1 where some replicates failed.
        return bench.cpu_seconds(
            [args.merit, "bootstrap", snapshot, formula, *(["--where", where] if where else []),
             "--family", "binomial", "--keep", "estimates", "--replicates", replicates,
             *quiet, work / "one.h5"], (0, 1))

    shares = []
    for _ in range(args.pairs):
        fitting = sum(bootstrap(*fit, args.replicates) - bootstrap(*fit, 2) for fit in fits)
        whole = bench.cpu_seconds([args.merit, "sensitivity", some, *quiet, work / "some.h5"], (0, 1))
        shares.append(100 * (1 - fitting * args.replicates / (args.replicates - 2) / whole))

    study = study_file(work / "multiverse.toml", snapshot, args.replicates)
    seconds = bench.timed(["mpirun", "-n", 2, "--oversubscribe", args.merit, "sensitivity", study,
                           *quiet, work / "multiverse.h5"], (0, 1))[0]
    bench.report(args, "sensitivity_rate", [
        (f"433 logistic fits, {args.replicates:,} replicates each, 2 ranks: s",
         f"< {BAR_SECONDS * args.replicates / 1000:g}", [seconds]),
        (f"of {len(fits)} of them: not fitting, % of processor time", f"< {BAR_PERCENT}", shares)])


if __name__ == "__main__":
    main()
