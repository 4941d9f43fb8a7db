# SPDX-License-Identifier: MIT
"""Command lines that merit cannot follow: exit code 64, one sentence that names the option, the
value found and what would be accepted, and no file made or changed."""

import pytest
from program import USAGE, check_refusal, contents, merit, two_level, write_group

FIT = ["fit", "study.h5", "y ~ x + (1 | g)"]
BOOTSTRAP = ["bootstrap", "study.h5", "y ~ x + (1 | g)"]
FIFTY = [*BOOTSTRAP, "--replicates", "50", "--output", "out.h5"]

CASES = {
    # the command itself
    "no command": ([], ["no command", "fit, bootstrap"]),
    "unknown command": (["fti", *FIT[1:]], ["fti", "did you mean 'fit'"]),
    "no arguments": (["fit"], ["SNAPSHOT"]),
    "no formula": (["fit", "study.h5"], ["FORMULA"]),
    "one argument too many": ([*FIT, "more"], ["more"]),
    "unknown option": ([*FIT, "--frobnicate"],
                       ["--frobnicate is no option of merit fit", "merit fit --help"]),
    "misspelt option": ([*FIT, "--fromat", "csv"], ["--fromat", "did you mean '--format'"]),
    "option without value": ([*FIT, "--level"], ["--level"]),
    "option twice": ([*FIT, "--level", "0.9", "--level", "0.8"], ["--level"]),
    # values
    "family": ([*FIT, "--family", "gamma"],
               ["--family gamma", "gaussian, binomial, poisson, negbinomial or ordinal"]),
    "link": ([*FIT, "--link", "logit"], ["--link logit", "identity"]),
    "method": ([*FIT, "--method", "agq"], ["--method agq", "reml", "ml"]),
    "df": ([*FIT, "--df", "welch"], ["--df welch", "normal", "residual"]),
    "format": ([*FIT, "--format", "xml"], ["--format xml", "csv", "json", "table"]),
    "progress": ([*FIT, "--progress", "bar"], ["--progress bar", "auto", "plain", "none"]),
    "level above 1": ([*FIT, "--level", "95"], ["--level 95", "between 0 and 1"]),
    "level 0": ([*FIT, "--level", "0"], ["--level 0", "between 0 and 1"]),
    "level not a number": ([*FIT, "--level", "nan"], ["--level nan", "between 0 and 1"]),
    "level of summarize": (["summarize", "old.h5", "--level", "2"],
                           ["--level 2", "between 0 and 1"]),
    "threads below 0": ([*FIT, "--threads", "-1"], ["--threads -1", "give 1 to"]),
    "no threads": ([*FIT, "--threads", "0"], ["--threads 0", "give 1 to"]),
    "threads beyond reason": ([*FIT, "--threads", "100000"], ["--threads 100000", "CPU"]),
    "threads not a number": ([*FIT, "--threads", "two"], ["--threads", "two"]),
    "simd": ([*FIT, "--simd", "avx"], ["--simd avx", "x86-64-v2", "x86-64-v3", "x86-64-v4"]),
    "seed below 0": ([*FIFTY, "--seed", "-1"], ["--seed", "-1"]),
    "seed above 64 bits": ([*FIFTY, "--seed", str(2**64)], ["--seed", str(2**64)]),
    "seed not a number": ([*FIFTY, "--seed", "abc"], ["--seed", "abc"]),
    "no replicates": ([*BOOTSTRAP, "--output", "out.h5"], ["--replicates"]),
    "0 replicates": ([*BOOTSTRAP, "--output", "out.h5", "--replicates", "0"],
                     ["--replicates 0", "1 or more"]),
    "replicates below 0": ([*BOOTSTRAP, "--output", "out.h5", "--replicates", "-3"],
                           ["--replicates -3", "1 or more"]),
    "replicates not whole": ([*BOOTSTRAP, "--output", "out.h5", "--replicates", "1e3"],
                             ["--replicates", "1e3"]),
    "replicates above 64 bits": ([*BOOTSTRAP, "--output", "out.h5", "--replicates", "9" * 20],
                                 ["--replicates", "9" * 20]),
    "type": ([*FIFTY, "--type", "jackknife"], ["--type jackknife", "cases", "parametric"]),
    "resample": ([*FIFTY, "--type", "cases", "--resample", "all"],
                 ["--resample all", "groups", "rows", "both"]),
    "interval": ([*FIFTY, "--intervals", "perc,bootstrap-t"], ["--intervals bootstrap-t", "norm", "basic", "perc"]),
    "keep": ([*FIFTY, "--keep", "some"], ["--keep some", "estimates", "all"]),
    "share failed": ([*FIFTY, "--max-failed", "2"], ["--max-failed 2", "between 0 and 1"]),
    # options that contradict each other
    "bootstrap without output": ([*BOOTSTRAP, "--replicates", "50"], ["--output"]),
    "output without name": ([*FIT, "--output", ""], ["--output"]),
    "resample in a parametric bootstrap": ([*FIFTY, "--resample", "rows"],
                                           ["--resample rows", "--type cases"]),
    "overwrite without output": ([*FIT, "--overwrite"], ["--overwrite", "--output"]),
    "output that exists": ([*BOOTSTRAP, "--replicates", "50", "--output", "old.h5"],
                           ["old.h5", "exists", "--overwrite"]),
    "fit's output that exists": ([*FIT, "--output", "old.h5"],
                                 ["old.h5", "exists", "--overwrite"]),
    "output over the snapshot": ([*FIT, "--output", "study.h5", "--overwrite"], ["study.h5"]),
    "bootstrap over the snapshot": ([*BOOTSTRAP, "--replicates", "50", "--output", "./study.h5",
                                     "--overwrite"], ["study.h5"]),
    "a result file as csv": (["inspect", "old.h5", "--format", "csv"],
                             ["--format csv", "merit summarize"]),
}
ON_TWO_RANKS = ["no command", "unknown option", "method", "level above 1", "no replicates",
                "output that exists", "bootstrap over the snapshot"]


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("options")
    write_group(place / "study.h5", two_level(6, 10))
    merit(*FIT, "--output", "old.h5", cwd=place)
    return place


def refuse(place, arguments, mentions, ranks=None):
    before = contents(place)
    done = merit(*arguments, code=USAGE, ranks=ranks, cwd=place)
    check_refusal(done, *mentions)
    assert contents(place) == before


@pytest.mark.parametrize("name", CASES)
def test_refused(name, place):
    refuse(place, *CASES[name])


@pytest.mark.parametrize("name", ON_TWO_RANKS)
def test_refused_on_two_ranks(name, place):
    refuse(place, *CASES[name], ranks=2)


def test_order_of_options_does_not_matter(place):
    first = merit(*FIT, "--method", "ml", "--format", "csv", cwd=place).stdout
    assert merit("fit", "--format=csv", "--method=ml", *FIT[1:], cwd=place).stdout == first
