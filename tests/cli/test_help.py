# SPDX-License-Identifier: MIT
"""--help, --version and what the command line promises."""

import re

import pytest
from program import USAGE, check_refusal, merit

EVERYWHERE = ["--format"]
MODEL = ["SNAPSHOT", "FORMULA", "--family", "--link", "--method", "--nagq", "--trials", "--fweights", "--pweights",
         "--group-pweights", "--weight-scaling", "--where", "--offset", "--table",
         "--drop-collinear", "--simd", "--level", "--seed", "--threads", "--output", "--overwrite",
         "--progress", "--dry-run", "--ranef"]
COMMANDS = {
    "fit": [*EVERYWHERE, *MODEL, "--df", "--vcov", "--ci", "--tau-test", "--contrast", "--null", "--pql-inner",
            "--pql-scale"],
    "bootstrap": [*EVERYWHERE, *MODEL, "--replicates", "--type", "--resample", "--strata", "--reb-type",
                  "--wild-hc", "--wild-weights", "--intervals", "--inner", "--until-mcse", "--pql-inner", "--pql-scale",
                  "--quantity", "--null", "--keep", "--max-failed", "--resume", "--time-limit", "--shard"],
    "sample": [*EVERYWHERE, *[word for word in MODEL if word != "--ranef"], "--draws", "--chains",
               "--warmup", "--prior", "--prior-grid", "--prior-only", "--cmdstan-csv", "--netcdf", "--save-groups", "--loo", "--ppc", "--resume", "--time-limit"],
    "simulate": [*EVERYWHERE, "STUDY", "--level", "--seed", "--threads", "--simd", "--max-tasks",
                 "--progress", "--dry-run", "--output", "--overwrite", "--resume", "--time-limit",
                 "--shard", "--only", "--dump-data", "--until-mcse"],
    "sensitivity": [*EVERYWHERE, "STUDY", "--level", "--seed", "--threads", "--simd", "--max-tasks",
                    "--progress", "--dry-run", "--output", "--overwrite", "--resume",
                    "--time-limit", "--shard"],
    "merge": ["OUT", "SHARDS", "--overwrite"],
    "summarize": [*EVERYWHERE, "RESULTS", "--level", "--intervals", "--quantity", "--ranef"],
    "inspect": [*EVERYWHERE, "FILE", "--table"],
}
# Words that an option takes.
WORDS = {"fit": ["table", "csv", "json", "auto", "plain", "none", "normal", "residual",
                 "between-within", "satterthwaite", "kr", "CR0", "CR1", "CR2", "CR3", "wald", "profile",
                 "lrt", "exact", "reml", "ml"],
         "bootstrap": ["parametric", "cases", "residual", "reb", "wild", "rademacher", "mammen", "webb",
                       "groups", "rows", "both", "norm", "basic", "perc", "calibrated",
                       "estimates", "all", "55m"]}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_option(command):
    done = merit(command, "--help")
    words = set(re.findall(r"[\w-]+", done.stdout))
    assert words >= {*COMMANDS[command], *WORDS.get(command, [])}
    assert not done.stderr
    options = {word for word in words if re.fullmatch(r"--[a-z][a-z-]+", word)}
    assert options == {word for word in COMMANDS[command] if word.startswith("--")} | {"--help"}


@pytest.mark.parametrize("command", ["bootstrap", "sample", "simulate", "sensitivity"])
def test_help_says_the_unit_of_time_limits(command):
    """As 55 of sbatch's --time are minutes."""
    said = " ".join(merit(command, "--help").stdout.split())
    assert "a plain number is seconds" in said


def test_program_help_names_every_command_and_exit_code():
    text = merit("--help").stdout
    for word in [*COMMANDS, "--version", "0", "1", "64", "65", "66", "70", "74", "75"]:
        assert re.search(rf"(?<![\w-]){re.escape(word)}\b", text), word
    assert merit("-h").stdout == text


@pytest.mark.parametrize("ranks", [None, 2])
def test_version(ranks):
    """Once, however many ranks there are."""
    done = merit("--version", ranks=ranks)
    assert re.match(r"merit \d+\.\d+\.\d+ \(commit \S+\)\n", done.stdout)
    for part in ("compiler", "MPI", "HDF5", "SIMD"):
        assert len(re.findall(rf"^{part}\s+\S", done.stdout, re.MULTILINE)) == 1
    assert len(done.stdout.strip().splitlines()) == 5


@pytest.mark.parametrize("word", ["fti", "mrege", "SAMPLE", ""])
def test_unknown_command(word):
    done = merit(word, "study.h5", code=USAGE)
    check_refusal(done, word, *COMMANDS)
