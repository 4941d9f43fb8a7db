# SPDX-License-Identifier: MIT
"""merit simulate asks users' own estimators: what it sends, how it reads, and programs that crash,
hang, answer nonsense or are killed."""

import csv
import os
import re
import signal
import stat
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from interrupted_job import descendants, end, hurt, wait_until
from program import MERIT, USAGE, check_refusal, merit, merit_json

from h5same import differences

STUDY = """
repetitions = 12
seed = 5
[data]
formula = "y ~ x + (1 | school)"
groups = [4, 6]
group_size = { mean = 8, sd = 2, min = 2 }
icc = 0.2
[data.covariates]
x = { kind = "normal" }
[data.coefficients]
"(Intercept)" = 1
x = 0.5
[[estimator]]
name = "REML"
[[estimator]]
name = "own"
command = "COMMAND"
timeout = 20
"""
# The mean and its error, and the seed for sd__Observation; `before` is run for every data set.
PROGRAM = """#!{python}
import os, statistics, sys, time
count = 0
for asked in sys.stdin:
    count += 1
    word, cell, repetition, seed, rows = asked.split()
    names = sys.stdin.readline().strip()
    data = [sys.stdin.readline().strip() for _ in range(int(rows))]
    y = [float(line.split(",")[-1]) for line in data]
{before}
    print("std.error,term,estimate,note")
    print(f"{{statistics.stdev(y) / len(y)**0.5!r}},(Intercept),{{statistics.mean(y)!r}},a mean")
    print(f"NA,sd__Observation,{{seed}},")
    print(",of another model,3,")
    print("end", flush=True)
"""


@pytest.fixture(name="study")
def fixture_study(tmp_path):
    """Writes a study whose estimator runs `before` on each data set; its path."""
    def write(before="    pass", text=STUDY, command=None):
        program = tmp_path / "own.py"
        program.write_text(PROGRAM.format(python=sys.executable, before=before), encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        path = tmp_path / "study.toml"
        path.write_text(text.replace("COMMAND", command or f"exec {program}"), encoding="utf-8")
        return path
    return write


def rows_of(path):
    """(estimates, standard errors, status) of the own estimator's rows."""
    with h5py.File(path) as file:
        rows = file["replicates"]
        return tuple(rows[name][1::2] for name in ("estimate", "std_error", "status"))


def codes(path):
    with h5py.File(path) as file:
        return [code.decode() if isinstance(code, bytes) else code
                for code in file["replicates/status"].attrs["codes"]]


def test_what_is_asked_and_how_the_answer_is_read(study, tmp_path):
    log = tmp_path / "log"
    path = study(f"    open('{log}', 'a').write(asked + names + chr(10) + "
                 "chr(10).join(data) + chr(10))")
    merit("simulate", path, "--output", tmp_path / "out.h5", "--threads", 1)
    estimate, std_error, status = rows_of(tmp_path / "out.h5")
    assert (status == 0).all()
    asked = re.findall(r"data (\d+) (\d+) (\d+) (\d+)\nschool,x,y\n((?:[^d\n].*\n)*)",
                       log.read_text())
    assert len(asked) == 24
    assert len({seed for _, _, seed, _, _ in asked}) == 24
    for row, (cell, repetition, seed, n, lines) in enumerate(asked):
        assert (int(cell), int(repetition)) == (row % 2 + 1, row // 2 + 1)
        values = np.array([line.split(",") for line in lines.splitlines()], dtype=float)
        assert len(values) == int(n)
        y = values[:, 2]
        assert estimate[row][0] == pytest.approx(np.mean(y), rel=1e-15)
        assert std_error[row][0] == pytest.approx(np.std(y, ddof=1) / np.sqrt(len(y)), rel=1e-12)
        assert np.isnan(estimate[row][1]) and np.isnan(std_error[row][1])  # x: not answered
        assert np.isnan(estimate[row][2]) and estimate[row][3] == int(seed)
    # The data are those that --only shows.
    merit("simulate", path, "--only", "cell=2,rep=3", "--dump-data", tmp_path / "d.h5")
    with h5py.File(tmp_path / "d.h5") as file:
        values = np.array([line.split(",") for line in asked[5][4].splitlines()], dtype=float)
        assert np.array_equal(file["data/y"][:], values[:, 2])
        assert np.array_equal(file["data/x"][:], values[:, 1])


@pytest.mark.parametrize("ranks, threads", [(None, 2), (2, 1), (3, 2)])
def test_same_bits_on_any_layout(ranks, threads, study, tmp_path):
    path = study()
    merit("simulate", path, "--output", tmp_path / "one.h5", "--threads", 1)
    merit("simulate", path, "--output", tmp_path / "many.h5", "--threads", threads, ranks=ranks)
    with h5py.File(tmp_path / "one.h5") as one, h5py.File(tmp_path / "many.h5") as many:
        assert not list(differences(one, many, {"/provenance"}))


FAILING = {
    "crash": ("    os._exit(3)", "no_answer"),
    "hang": ("    time.sleep(1000)", "no_answer"),
    "nonsense": ("    print('hello'); print('end', flush=True); continue", "no_answer"),
    "no number": ("    print('term,estimate'); print('x,much'); print('end', flush=True); continue",
                  "no_answer"),
    "infinite": ("    print('term,estimate'); print('x,inf'); print('end', flush=True); continue",
                 "no_answer"),
    "nothing": ("    print('term,estimate'); print('end', flush=True); continue", "no_answer"),
    "half a line": ("    print('term,estimate'); print('x'); print('end', flush=True); continue",
                    "no_answer"),
    "without end": ("    sys.stdout.close(); time.sleep(1000)", "no_answer"),
    "no fit": ("    print('failed to converge', flush=True); continue", "not_converged"),
}


@pytest.mark.parametrize("name", FAILING)
def test_programs_that_fail_leave_failed_rows(name, study, tmp_path):
    before, reason = FAILING[name]
    text = STUDY.replace("repetitions = 12", "repetitions = 2")
    if "sleep" in before:  # others answer, however busy the machine is
        text = text.replace("timeout = 20", "timeout = 0.3")
    out = tmp_path / "out.h5"
    merit("simulate", study(before, text), "--output", out, code=None)
    estimate, _, status = rows_of(out)
    assert np.isnan(estimate).all() and (status == codes(out).index(reason)).all()
    with h5py.File(out) as file:  # merit's own are untouched
        assert (file["replicates/status"][::2] <= 1).all()
    rows = csv.DictReader(merit("summarize", out, "--format", "csv", code=None)
                          .stdout.splitlines())
    own = [row for row in rows if row["estimator"] == "own"]
    assert own and all(row[reason] == "2" and row["bias"] == "" for row in own)


def test_commands_that_are_none_leave_failed_rows(study, tmp_path):
    out = tmp_path / "out.h5"
    merit("simulate", study(command="/nowhere/program"), "--output", out, code=None)
    assert (rows_of(out)[2] == codes(out).index("no_answer")).all()


def test_a_program_that_dies_is_started_again(study, tmp_path):
    """After three answers each time."""
    path = study("    if count == 4: os._exit(1)")
    merit("simulate", path, "--output", tmp_path / "dies.h5", "--threads", 2)
    assert (rows_of(tmp_path / "dies.h5")[2] == 0).all()
    merit("simulate", study(), "--output", tmp_path / "lives.h5")
    for mine, other in zip(rows_of(tmp_path / "dies.h5"), rows_of(tmp_path / "lives.h5"),
                           strict=True):
        assert np.array_equal(mine, other, equal_nan=True)


def test_large_data_and_programs_that_write_before_they_read(study, tmp_path):
    """More than a pipe holds, both ways at once."""
    text = (STUDY.replace("groups = [4, 6]", "groups = 40")
            .replace("{ mean = 8, sd = 2, min = 2 }", "500")
            .replace("repetitions = 12", "repetitions = 2"))
    path = study("    print('x' * 300_000, file=sys.stderr)", text)
    merit("simulate", path, "--output", tmp_path / "out.h5")
    assert (rows_of(tmp_path / "out.h5")[2] == 0).all()


def test_scheduler_signals_reach_programs_too(study, tmp_path):
    """SIGTERM to every process of the job: it stops, and goes on to the bits of one in peace."""
    slow = study("    time.sleep(0.02)")
    merit("simulate", slow, "--output", tmp_path / "whole.h5")
    out = tmp_path / "out.h5"
    command = [MERIT, "simulate", slow, "--output", out, "--resume", "--threads", "1",
               "--progress", "none"]
    codes_seen = []
    while not codes_seen or codes_seen[-1] == 75:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as job:
            try:
                wait_until(lambda: len(descendants(job.pid)) > 1 or job.poll() is not None)
                time.sleep(0.15)
                if len(codes_seen) < 3:
                    hurt(descendants(job.pid), signal.SIGTERM)
                job.communicate(timeout=30)
            finally:
                end(job)
        codes_seen.append(job.returncode)
        assert len(codes_seen) < 20
    assert codes_seen[-1] == 0 and 75 in codes_seen, codes_seen
    with h5py.File(out) as one, h5py.File(tmp_path / "whole.h5") as whole:
        assert not list(differences(one, whole, {"/provenance"}))


def test_nothing_is_left_running(study):
    """Also of a program that does not end when its input does."""
    mark = f"{os.getpid()} of test_external"
    path = study(command=f"./own.py; sleep 1000 # {mark}")
    merit("simulate", path, cwd=path.parent)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                    assert mark not in file.read()
            except OSError:
                pass


WRONG = {
    "no name": ('name = "own"\n', "", ["lacks name"]),
    "a method too": ('command = "COMMAND"', 'command = "a"\nmethod = "ml"',
                     ["method", "does not go with command"]),
    "timeout of 0": ("timeout = 20", "timeout = 0", ["timeout = 0", "above 0"]),
    "timeout of our own": ('name = "REML"', 'name = "REML"\ntimeout = 3', ["goes with command"]),
    "an empty command": ("COMMAND", "", ["command", "line for the shell"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_that_are_wrong(name, study):
    old, new, mentions = WRONG[name]
    assert old in STUDY
    check_refusal(merit("simulate", study(text=STUDY.replace(old, new)), code=USAGE), *mentions)


def test_another_command_is_another_job(study, tmp_path):
    out = tmp_path / "out.h5"
    merit("simulate", study(), "--output", out)
    done = merit("simulate", study(command="true"), "--output", out, "--resume", code=USAGE)
    check_refusal(done, "--overwrite")


def test_only_shows_what_a_program_writes_to_stderr(study):
    path = study("    print('look here', file=sys.stderr)")
    assert "look here" in merit("simulate", path, "--only", "cell=1,rep=1").stderr
    assert "look here" not in merit("simulate", path).stderr
    result = merit_json("simulate", path)
    assert {row["estimator"] for row in result["performance"]} == {"REML", "own"}
