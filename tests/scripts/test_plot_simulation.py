# SPDX-License-Identifier: MIT
"""plot_simulation.py draws what merit simulate prints (tests/cli/test_simulate.py)."""

import os
import subprocess

import pytest
from scripting import SCRIPTS, run

STUDY = """
repetitions = 40
[data]
formula = "y ~ x + (1 | g)"
groups = [8, 12]
group_size = 5
icc = [0.1, 0.3, 0.5]
[data.covariates]
x = { kind = "normal" }
[data.coefficients]
"(Intercept)" = 0
x = 0.5
[[estimator]]
name = "REML"
df = ["normal", "between-within"]
[[estimator]]
name = "ML"
method = "ml"
"""


@pytest.fixture(scope="module", name="table")
def fixture_table(tmp_path_factory):
    place = tmp_path_factory.mktemp("simulation")
    (place / "study.toml").write_text(STUDY, encoding="utf-8")
    with open(place / "performance.csv", "w", encoding="utf-8") as file:
        subprocess.run([os.environ["MERIT"], "simulate", place / "study.toml", "--format", "csv"],
                       stdout=file, stderr=subprocess.DEVNULL, check=True)
    return place / "performance.csv"


def words_of(path):
    """The words of an .svg: matplotlib writes each as a comment beside its glyphs."""
    return [line.strip()[5:-4] for line in path.read_text(encoding="utf-8").splitlines()
            if line.strip().startswith("<!-- ")]


def test_what_is_drawn(table, tmp_path):
    out = tmp_path / "f.svg"
    assert run("plot_simulation.py", table, "--output", out).stdout == f"{out}\n"
    words = words_of(out)
    for word in ("x", "sd__(Intercept)", "bias", "error of the model SE, %", "coverage", "ML",
                 "REML, normal", "REML, between-within", "groups: 8, 12", "icc: 0.1, 0.3, 0.5",
                 "6 cells"):
        assert word in words, word
    assert words.count("not defined") == 4  # intervals and standard errors of the two sds
    run("plot_simulation.py", table, "--term", "x", "--measure", "rmse", "--output", out,
        "--overwrite")
    words = words_of(out)
    assert "root mean squared error" in words and "bias" not in words and "REML" in words


def test_lines_are_the_rows_of_the_table(table, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    from plot_simulation import factors, lines_of, read
    rows = read(table)
    assert factors(rows) == ["groups", "icc"]
    assert [line[0] for line in lines_of(rows, "x", "bias")] == ["REML", "ML"]
    names = [line[0] for line in lines_of(rows, "x", "coverage")]
    assert names == ["REML, normal", "REML, between-within", "ML"]
    assert all(list(line[3]["cell"]) == [1, 2, 3, 4, 5, 6]
               for line in lines_of(rows, "x", "coverage"))
    assert lines_of(rows, "sd__(Intercept)", "coverage") == []


def test_the_same_bytes_again(table, tmp_path):
    run("plot_simulation.py", table, "--output", tmp_path / "a.png")
    run("plot_simulation.py", table, "--output", tmp_path / "b.png")
    first = (tmp_path / "a.png").read_bytes()
    assert first.startswith(b"\x89PNG") and first == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("options, says", [
    (["--term", "zz"], "no such estimand"),
    (["--measure", "coverge"], "did you mean 'coverage'?"),
    (["--level", "95"], "between 0 and 1"),
    (["--output", "f.bmp"], "must end in .png, .pdf or .svg"),
    (["--dpi", "3"], "from 30 to 1200"),
])
def test_options_that_cannot_be(options, says, table):
    run("plot_simulation.py", table, *options, code=64, says=says)


def test_files_that_cannot_be_drawn(table, tmp_path):
    run("plot_simulation.py", tmp_path / "none.csv", code=66, says="none.csv: no such file")
    header, *_ = table.read_text(encoding="utf-8").splitlines()
    (tmp_path / "empty.csv").write_text(header + "\n", encoding="utf-8")
    run("plot_simulation.py", tmp_path / "empty.csv", code=65, says="has no rows")
    (tmp_path / "other.csv").write_text("cell,term\n1,x\n", encoding="utf-8")
    run("plot_simulation.py", tmp_path / "other.csv", code=65, says="has no column estimator")
    (tmp_path / "words.csv").write_text(f"{header}\n1{',a' * header.count(',')}\n", encoding="utf-8")
    run("plot_simulation.py", tmp_path / "words.csv", code=65, says="not a number")
    (tmp_path / "there.png").write_bytes(b"")
    run("plot_simulation.py", table, "--output", tmp_path / "there.png", code=64, says="--overwrite")
