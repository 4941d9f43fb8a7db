# SPDX-License-Identifier: MIT
"""Files, data and formulas that cannot be used: the exit code, one sentence that names the
thing and the remedy, alone and on two ranks, and nothing left behind."""

import pytest
from bad_snapshots import CUTS, write_all
from program import (BAD_DATA, IO, NO_INPUT, USAGE, check_refusal, contents, merit, merit_json,
                     write_group, two_level)

GOOD = "y ~ x + (1 | g)"

# name: (arguments, exit code, what the sentence must hold)
FILES = {
    "missing file": (["fit", "gone.h5", GOOD], NO_INPUT, ["gone.h5", "no such file"]),
    "directory": (["fit", "folder", GOOD], NO_INPUT, ["folder", "is a directory", "HDF5"]),
    "CSV": (["fit", "table.csv", GOOD], NO_INPUT,
            ["table.csv", "not an HDF5 file", "comma-separated", "make_snapshot.py"]),
    "empty file": (["fit", "nothing.h5", GOOD], NO_INPUT, ["nothing.h5", "empty"]),
    "pipe": (["fit", "pipe", GOOD], NO_INPUT, ["pipe", "not a regular file"]),
    "no name": (["fit", "", GOOD], USAGE, ["SNAPSHOT"]),
    "result file": (["fit", "result.h5", GOOD], NO_INPUT,
                    ["result.h5", "not a snapshot", "merit summarize"]),
    "later version": (["fit", "later.h5", GOOD], NO_INPUT, ["later.h5", "99", "up to 1"]),
    "no such table": (["fit", "study.h5", GOOD, "--table", "/wave3"], BAD_DATA,
                      ["study.h5", "/wave3", "/data", "--table"]),
    "table that is an array": (["fit", "study.h5", GOOD, "--table", "/image"], BAD_DATA,
                               ["/image", "float64"]),
    "table without rows": (["fit", "study.h5", GOOD, "--table", "/empty"], BAD_DATA,
                           ["/empty", "no rows"]),
    "column too short": (["fit", "shapes.h5", "y ~ short + (1 | g)"], BAD_DATA,
                         ["short", "50", "60"]),
    "matrix": (["fit", "shapes.h5", "y ~ matrix + (1 | g)"], BAD_DATA, ["matrix", "6 × 10"]),
    "complex numbers": (["fit", "shapes.h5", "y ~ complex + (1 | g)"], BAD_DATA,
                        ["complex", "numbers"]),
    "single value": (["fit", "shapes.h5", "y ~ single + (1 | g)"], BAD_DATA, ["single"]),
    "external link": (["fit", "shapes.h5", "y ~ elsewhere + (1 | g)"], BAD_DATA, ["elsewhere"]),
    "field of a compound": (["fit", "nested.h5", "y ~ pair + (1 | g)"], BAD_DATA, ["pair"]),
    "code without category": (["fit", "frame.h5", "y ~ beyond + (1 | g)"], BAD_DATA,
                              ["beyond", "row 42", "9"]),
    "codes not integer": (["fit", "frame.h5", "y ~ real_codes + (1 | g)"], BAD_DATA,
                          ["real_codes", "float64", "integers"]),
    "no categories": (["fit", "frame.h5", "y ~ no_categories + (1 | g)"], BAD_DATA,
                      ["no_categories", "without categories"]),
    "category twice": (["fit", "frame.h5", "y ~ twice + (1 | g)"], BAD_DATA, ["twice", '"b"']),
    "mask too short": (["fit", "frame.h5", "y ~ mask + (1 | g)"], BAD_DATA, ["mask", "50", "60"]),
    "snapshot as result": (["summarize", "study.h5"], NO_INPUT, ["study.h5", "not a result file"]),
    "missing result": (["summarize", "gone.h5"], NO_INPUT, ["gone.h5", "no such file"]),
    "damaged result": (["summarize", "cut_result.h5"], IO, ["cut_result.h5", "truncated"]),
    "missing file, inspect": (["inspect", "gone.h5"], NO_INPUT, ["gone.h5"]),
}
DATA = {
    "missing column": (["fit", "study.h5", "prepardness ~ x + (1 | g)"], BAD_DATA,
                       ["'prepardness'", "did you mean 'preparedness'"]),
    "missing grouping column": (["fit", "study.h5", "y ~ x + (1 | gg)"], BAD_DATA,
                                ["'gg'", "did you mean 'g'"]),
    "missing column in --where": (["fit", "study.h5", GOOD, "--where", "preparednes > 0"],
                                  BAD_DATA, ["--where", "did you mean 'preparedness'"]),
    "missing offset": (["fit", "study.h5", GOOD, "--offset", "ww"], BAD_DATA,
                       ["--offset", "'ww'", "did you mean 'w'"]),
    "text as response": (["fit", "study.h5", "wing ~ x + (1 | g)"], BAD_DATA,
                         ["wing", "text", "numbers"]),
    "text in a function": (["fit", "study.h5", "y ~ log(wing) + (1 | g)"], BAD_DATA,
                           ["log()", "'wing'", "text", "numbers"]),
    "infinity": (["fit", "study.h5", "y ~ infinite + (1 | g)"], BAD_DATA,
                 ["infinite", "Inf", "row 38", "--where"]),
    "infinite response": (["fit", "study.h5", "minus_infinite ~ x + (1 | g)"], BAD_DATA,
                          ["minus_infinite", "-Inf", "row 6"]),
    "infinity that a function makes": (["fit", "study.h5", "y ~ I(x / zero) + (1 | g)"], BAD_DATA,
                                       ["I(x/zero)", "row 1", "zero = 0"]),
    "logarithm of a negative": (["fit", "study.h5", "y ~ log(0 - abs(x)) + (1 | g)"], BAD_DATA,
                                ["log(0 - abs(x))", "NaN", "row 1"]),
    "all missing": (["fit", "study.h5", "y ~ missing + (1 | g)"], BAD_DATA,
                    ["'missing'", "60", "no row"]),
    "constant response": (["fit", "study.h5", "half ~ x + (1 | g)"], BAD_DATA,
                          ["half", "response is constant"]),
    "response beyond squaring": (["fit", "study.h5", "I(y * 1e155) ~ x + (1 | g)"], BAD_DATA,
                                 ["I(y * 1e+155)", "e+155", "too large", "divide"]),
    "response below squaring": (["fit", "study.h5", "I(y * 1e-160) ~ x + (1 | g)"], BAD_DATA,
                                ["I(y * 1e-160)", "too small", "multiply"]),
    "covariate beyond squaring": (["fit", "study.h5", "y ~ I(x * 1e200) + (1 | g)"], BAD_DATA,
                                  ["I(x * 1e+200)", "too large", "divide"]),
    "response made of groups": (["fit", "study.h5", "by_group ~ 1 + (1 | g)"], BAD_DATA,
                                ["by_group", "no residual variation"]),
    "one group": (["fit", "study.h5", "y ~ x + (1 | zero)"], BAD_DATA,
                  ["(1 | zero)", "1 group", "at least 2"]),
    "one group left": (["fit", "study.h5", GOOD, "--where", "g == 3"], BAD_DATA,
                       ["(1 | g)", "1 group"]),
    "groups of size one": (["fit", "study.h5", "y ~ x + (1 | row)"], BAD_DATA,
                           ["(1 | row)", "60 groups has one row"]),
    "collinear": (["fit", "study.h5", "y ~ x + twice_x + (1 | g)"], BAD_DATA,
                  ["twice_x is a combination of x", "--drop-collinear"]),
    "constant column": (["fit", "study.h5", "y ~ x + half + (1 | g)"], BAD_DATA,
                        ["half is constant", "--drop-collinear"]),
    "factor with one level": (["fit", "study.h5", "y ~ factor(zero) + (1 | g)"], BAD_DATA,
                              ["factor(zero)", "single level"]),
    "empty --where": (["fit", "study.h5", GOOD, "--where", ""], USAGE, ["--where", "empty"]),
    "--where without rows": (["fit", "study.h5", GOOD, "--where", "x > 1000"], BAD_DATA,
                             ["--where x > 1000", "60"]),
    "--where cut off": (["fit", "study.h5", GOOD, "--where", "x >"], USAGE, ["--where", "the end"]),
    "--where that assigns": (["fit", "study.h5", GOOD, "--where", "x = 1"], USAGE, ["=="]),
    "--where that is no condition": (["fit", "study.h5", GOOD, "--where", "x"], USAGE,
                                     ["--where", "true or false"]),
    "--where with a level that is not there":
        (["fit", "study.h5", GOOD, "--where", 'wing == "wing X"'], USAGE, ["'wing X'", "'wing A'"]),
}
FORMULAS = {
    "second random term": ("y ~ x + (1 | g) + (1 | row)", ["(1 | row)", "second", "factor(row)"]),
    "same random term twice": ("y ~ x + (1 | g) + (1 | g)", ["(1 | g)", "twice"]),
    "random slope": ("y ~ x + (x | g)", ["(x | g)", "random slope", "(1 | g)"]),
    "slope without intercept": ("y ~ x + (0 + x | g)", ["random slope", "(1 | g)"]),
    "uncorrelated slope": ("y ~ x + (x || g)", ["slope", "(1 | g)"]),
    "nested": ("y ~ x + (1 | g/row)", ["(1 | g/row)", "nested", "(1 | g)"]),
    "grouping by a combination": ("y ~ x + (1 | g:row)", ["g:row", "combination", "one column"]),
    "no random term": ("y ~ x", ["no random intercept", "(1 | school)"]),
    "no response": ("~ x + (1 | g)", ["response"]),
    "no tilde": ("y x", ["'x'"]),
    "open parenthesis": ("y ~ x + (1 | g", ["')'"]),
    "response on both sides": ("y ~ y + (1 | g)", ["both sides"]),
    "no such function": ("y ~ lgo(x) + (1 | g)", ["lgo()", "did you mean 'log'"]),
    "full stop": ("y ~ . + (1 | g)", ["'.'"]),
    "no fixed effects": ("y ~ 0 + (1 | g)", ["no fixed effects"]),
    "empty": ("", ["formula", "empty"]),
}
CASES = {**FILES, **DATA,
         **{f"formula: {name}": (["fit", "study.h5", formula], USAGE, mentions)
            for name, (formula, mentions) in FORMULAS.items()}}
# A run on two ranks takes a second; these stand for the ways in which errors are found.
ON_TWO_RANKS = [
    "missing file", "directory", "CSV", "result file", "no such table", "column too short",
    "code without category", "missing column", "text in a function", "infinity",
    "constant response", "one group", "groups of size one", "collinear", "empty --where",
    "--where without rows", "formula: second random term", "formula: random slope",
    "damaged result"]


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("bad")
    write_all(place)
    return place


def refuse(place, arguments, code, mentions, ranks=None):
    before = contents(place)
    done = merit(*arguments, code=code, ranks=ranks, cwd=place)
    check_refusal(done, *mentions)
    assert contents(place) == before


@pytest.mark.parametrize("name", CASES)
def test_refused(name, place):
    refuse(place, *CASES[name])


@pytest.mark.parametrize("name", ON_TWO_RANKS)
def test_refused_on_two_ranks(name, place):
    refuse(place, *CASES[name], ranks=2)


@pytest.mark.parametrize("cut", CUTS)
def test_truncated(cut, place):
    """Cut within the signature it is no HDF5 file at all, later a damaged one."""
    code = NO_INPUT if cut == 4 else IO
    for command in (["fit", f"cut_{cut}.h5", GOOD], ["inspect", f"cut_{cut}.h5"]):
        refuse(place, command, code, [f"cut_{cut}.h5"])


def test_pipe_is_not_waited_for(place):
    check_refusal(merit("inspect", "pipe", code=NO_INPUT, cwd=place, timeout=5),
                  "pipe", "not a regular file")


def test_truncated_on_two_ranks(place):
    refuse(place, ["fit", "cut_0.5.h5", GOOD], IO, ["cut_0.5.h5", "truncated"], ranks=2)


@pytest.mark.parametrize("ranks", [None, 2, 3])
@pytest.mark.parametrize("column, row", [("infinite", 65_601), ("far_code", 65_701)])
def test_error_that_one_rank_alone_meets(column, row, ranks, place):
    mentions = [column, f"row {row}", *(["on rank 1"] if ranks == 2 else [])]
    refuse(place, ["fit", "long.h5", f"y ~ {column} + (1 | g)"], BAD_DATA, mentions, ranks=ranks)


def test_bootstrap_refuses_like_fit_and_leaves_no_output(place):
    for name in ("missing file", "missing column", "infinity", "collinear", "one group"):
        (_, *rest), code, mentions = CASES[name]
        command = ["bootstrap", *rest, "--replicates", "50", "--output", "out.h5"]
        refuse(place, command, code, mentions)
    refuse(place, command, code, mentions, ranks=2)


def test_drop_collinear_equals_the_reduced_model(place):
    formula = "y ~ x + twice_x + w + half + x_plus_w + (1 | g)"
    dropped = merit_json("fit", "study.h5", formula, "--drop-collinear", cwd=place)
    reduced = merit_json("fit", "study.h5", "y ~ x + w + (1 | g)", cwd=place)
    assert dropped["tidy"] == reduced["tidy"] and dropped["glance"] == reduced["glance"]
    assert dropped["vcov"] == reduced["vcov"]
    (note,) = dropped["notes"]
    for column in ("twice_x", "half", "x_plus_w"):
        assert column in note
    table = merit("fit", "study.h5", formula, "--drop-collinear", cwd=place).stdout
    assert note in " ".join(table.split())


def test_remedies_in_the_messages_work(place):
    """--where 'is.finite(…)' and --drop-collinear, as the sentences propose."""
    result = merit_json("fit", "study.h5", "y ~ infinite + (1 | g)",
                        "--where", "is.finite(infinite)", cwd=place)
    assert result["data"]["rows_excluded_by_where"] == 1
    assert result["glance"]["nobs"] == 59


def test_missing_values_are_dropped_and_counted(tmp_path):
    columns = two_level(6, 10)
    columns["x"][[3, 30]] = float("nan")
    columns["w"][[3, 40, 41]] = float("nan")
    path = write_group(tmp_path / "holes.h5", columns)
    result = merit_json("fit", path, "y ~ x + w + (1 | g)")
    assert result["data"]["rows_dropped"] == {"x": 2, "w": 3}  # row 4 has neither
    assert (result["data"]["rows_read"], result["data"]["rows_used"]) == (60, 56)


@pytest.mark.parametrize("there, mention", [(None, "no such file"), ((10, 9), "60 rows, not 90"),
                                            ((6, 10), "other values")])
def test_second_rank_sees_another_file(there, mention, tmp_path):
    """A copy on one node's own disk that is missing or stale: an error, never a mixture."""
    for rank in ("0", "1"):
        (tmp_path / rank).mkdir()
    write_group(tmp_path / "0/study.h5", two_level(6, 10))
    if there:
        write_group(tmp_path / "1/study.h5", two_level(*there, seed=7))
    # Open MPI's name of the rank, or that of MPI libraries with PMI.
    prefix = ["sh", "-c", 'cd "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" && exec "$@"', "sh"]
    done = merit("fit", "study.h5", GOOD, ranks=2, prefix=prefix, code=NO_INPUT, cwd=tmp_path)
    check_refusal(done, "study.h5", mention, "rank 1")
