# SPDX-License-Identifier: MIT
"""What --resume accepts, and what it refuses: field, stored value, given value, remedy."""

import os
import re

import pytest
from interrupted_job import FORMULA, STOPPED, command, marks, run, same, write_study
from program import USAGE, check_refusal, contents, merit, two_level, write_group

REPLICATES = 300_000


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    """stopped.h5, in parts, and whole.h5, of one job."""
    place = tmp_path_factory.mktemp("resume")
    write_study(place)
    write_group(place / "other.h5", two_level(20, 25, seed=9))
    run(place, REPLICATES, "whole.h5", threads=2)
    run(place, REPLICATES, "stopped.h5", "--time-limit", "0.3", code=STOPPED)
    return place



CHANGES = {
    "seed": (["--resume", "--seed", "2"], "seed: stored 1, given 2 (--seed 1)"),
    "replicates": (["--replicates", "1000"],
                   "replicates: stored 300000, given 1000 (--replicates 300000)"),
    "resample": (["--resample", "rows"], "resample: stored both, given rows (--resample both)"),
    "formula": (["y ~ x + w + (1 | g)", "y ~ x + (1 | g)"], "formula: stored 'y ~ x + w"),
    "method": (["--resume", "--method", "ml"], "method: stored reml, given ml (--method reml)"),
    "keep": (["--resume", "--keep", "estimates"], "keep: stored all, given estimates"),
    "where": (["--resume", "--where", "x > 0"], "where: stored none, given 'x > 0'"),
    "digest": (["study.h5", "other.h5"], "the data have changed"),
    "shard": (["--resume", "--shard", "1/2"], "shard: stored 1/1, given 1/2 (without --shard)"),
}


@pytest.mark.parametrize("output", ["stopped.h5", "whole.h5"])
@pytest.mark.parametrize("change", CHANGES)
def test_another_job_is_refused(change, output, place):
    words = command(REPLICATES, output, "--resume")[1:]
    replaced, says = CHANGES[change]
    at = words.index(replaced[0])
    if change in ("formula", "digest"):
        words[at] = replaced[1]
    elif replaced[0] == "--resume":
        words[at:at + 1] = replaced
    else:
        words[at:at + 2] = replaced
    before = contents(place)
    done = merit(*words, cwd=place, code=USAGE)
    check_refusal(done, output, says, "--overwrite")
    # One line: what follows from a change, as the digest of other columns, is no other.
    assert len([line for line in done.stderr.splitlines() if ": stored" in line]) == 1
    assert contents(place) == before


@pytest.mark.parametrize("output", ["stopped.h5", "whole.h5"])
def test_results_of_another_command_are_refused(output, place):
    """Before any data are read, and nothing but that."""
    before = contents(place)
    done = merit("sample", "study.h5", FORMULA, "--output", output, "--resume", cwd=place,
                 code=USAGE)
    check_refusal(done, output, "merit bootstrap, not of merit sample", "--overwrite")
    assert len(done.stderr.splitlines()) == 1
    assert contents(place) == before


def test_remedies_are_options(place, tmp_path):
    """Given as the refusal says, they lead to the job."""
    words = ["bootstrap", "study.h5", FORMULA, "--replicates", 10, "--type", "wild", "--resume",
             "--output", tmp_path / "wild.h5"]
    merit(*words, "--wild-hc", 3, "--wild-weights", "webb", cwd=place)
    done = merit(*words, cwd=place, code=USAGE)
    remedies = re.findall(r"\((--\S+) (\S+)\)", done.stderr)
    assert remedies == [("--wild-hc", "3"), ("--wild-weights", "webb")]
    merit(*words, *[word for remedy in remedies for word in remedy], cwd=place)


def test_how_it_is_shown_and_run_may_change(place, tmp_path):
    """Intervals, level, format, threads, SIMD level: no part of the job."""
    run(place, REPLICATES, tmp_path / "out.h5", "--time-limit", "0.3", code=STOPPED)
    done = run(place, REPLICATES, tmp_path / "out.h5", "--resume", "--intervals", "norm,basic",
               "--level", "0.9", "--format", "csv", "--simd", "x86-64-v4", threads=2)
    assert "basic" in done.stdout
    same(tmp_path / "out.h5", place / "whole.h5")


def test_without_resume_what_is_there_is_kept(place):
    before = contents(place)
    done = run(place, REPLICATES, "stopped.h5", code=USAGE)
    check_refusal(done, "stopped.h5.parts", "--resume goes on", "--overwrite")
    assert contents(place) == before


def test_overwrite_and_resume_contradict_each_other(place):
    done = run(place, REPLICATES, "out.h5", "--resume", "--overwrite", code=USAGE)
    check_refusal(done, "--overwrite with --resume")


@pytest.mark.parametrize("ranks", [None, 2])
def test_finished_job_shows_its_tables(ranks, place):
    before = contents(place)
    alone = run(place, REPLICATES, "whole.h5", "--resume", ranks=ranks)
    assert alone.stdout == merit("summarize", "whole.h5", cwd=place).stdout
    assert contents(place) == before


def test_finished_job_that_was_killed_while_it_tidied_up(place, tmp_path):
    run(place, 1000, tmp_path / "out.h5")
    (tmp_path / "out.h5.parts").mkdir()
    (tmp_path / "out.h5.parts" / "lock").touch()
    run(place, 1000, tmp_path / "out.h5", "--resume")
    assert not (tmp_path / "out.h5.parts").exists()


@pytest.mark.parametrize("word", ["0", "-5m", "5x", "1h2h", "30m1h", "1:2:3:4", "1-", "nan",
                                  "inf", "1e3", "5 m", "0:00"])
def test_what_is_no_time_limit(word, place):
    done = run(place, 1000, "out.h5", f"--time-limit={word}", code=USAGE)
    check_refusal(done, "--time-limit", "1-12:00:00")


def test_partial_job_is_read(place):
    stored = int((marks(place / "stopped.h5") == 1).sum()) * 256
    text = merit("inspect", "stopped.h5", cwd=place).stdout
    assert f"{stored:,} of 300,000 replicates (partial), their checksums are right" in text
    assert "1 × 1 threads" in text
    done = merit("summarize", "stopped.h5", cwd=place)
    assert f"partial: {stored} of 300000 replicates are there" in done.stdout


def without_progress(words):
    return [word for word in words if word not in ("--progress", "none")]


@pytest.mark.parametrize("resume, says", [
    ([], "if it stops, run the same command with --resume"),
    (["--resume"], "if it stops, run the same command again")])
def test_start_line_says_where_the_job_runs_and_how_it_goes_on(resume, says, place, tmp_path):
    words = command(1000, tmp_path / "out.h5", *resume, threads=3)[1:]
    first = merit(*without_progress(words), cwd=place).stderr.splitlines()[0]
    assert first.startswith("merit: 1 rank × 3 threads, ") and "CPU" in first and says in first


STUDY = """
repetitions = 20
[data]
formula = "y ~ 1 + (1 | school)"
groups = 6
group_size = 5
icc = 0.2
[data.coefficients]
"(Intercept)" = 1
[[estimator]]
name = "REML"
"""


@pytest.mark.parametrize("name", ["bootstrap", "fit", "simulate"])
def test_too_many_threads_are_warned_of_by_every_command(name, place, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    words = {"bootstrap": command(1000, tmp_path / "out.h5", threads=3)[1:],
             "fit": ["fit", "study.h5", FORMULA, "--threads", 3],
             "simulate": ["simulate", tmp_path / "study.toml", "--threads", 3]}[name]
    cpu = min(os.sched_getaffinity(0))
    done = merit(*words, cwd=place, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert len(warnings) == 1 and "3 threads on 1 CPU" in warnings[0], done.stderr
