# SPDX-License-Identifier: MIT
"""merit simulate --until-mcse: studies that go on until their measures are exact."""

import csv
import io
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest
from program import MERIT, USAGE, check_refusal, merit, merit_json

from h5same import differences

STUDY = """
repetitions = 20000
[data]
formula = "y ~ x + (1 | g)"
groups = [6, 10, 12]
group_size = 4
icc = 0.2
[data.covariates]
x = { kind = "normal" }
[data.coefficients]
"(Intercept)" = 0
x = 0.3
[[estimator]]
name = "REML"
df = ["normal", "kr"]
"""
RULE = ["--until-mcse", "coverage=0.006"]


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("until")
    (place / "study.toml").write_text(STUDY, encoding="utf-8")
    done = merit("simulate", "study.toml", *RULE, "--output", "whole.h5", cwd=place)
    (place / "shown").write_text(done.stdout, encoding="utf-8")
    return place


def table(path):
    return list(csv.DictReader(io.StringIO(
        merit("summarize", path, "--format", "csv").stdout)))


def same(a, b):
    with h5py.File(a) as one, h5py.File(b) as other:
        assert not list(differences(one, other, {"/provenance"}))


def test_it_ends_where_the_errors_are_small_enough(place):
    rows = table(place / "whole.h5")
    made = {row["nsim"] for row in rows}
    assert len(made) == 1 and 1000 <= int(made.pop()) < 20_000
    errors = [float(row["coverage_mcse"]) for row in rows if row["coverage_mcse"]]
    assert max(errors) < 0.006
    shown = " ".join((place / "shown").read_text(encoding="utf-8").split())
    assert "--until-mcse coverage=0.006: reached with" in shown


def test_it_does_not_end_before(place):
    """At the first count, 1,000 repetitions in whole blocks, some error was too large."""
    with h5py.File(place / "whole.h5") as file:
        rows = file["replicates/estimate"][:]
        errors = file["replicates/std_error"][:]
        column = list(file["replicates/estimate"].attrs["columns"]).index("x")
        block = file["replicates"].attrs["block_rows"]  # of data sets: there is one estimator
    unit = block // np.gcd(block, 3)
    first = -(-1000 // unit) * unit
    assert len(rows) > 3 * first
    seen = []
    for cell in range(3):
        value, error = rows[cell:3 * first:3, column], errors[cell:3 * first:3, column]
        covered = np.mean(np.abs(value - 0.3) <= 1.959963984540054 * error)
        seen.append(np.sqrt(covered * (1 - covered) / first))
    assert max(seen) >= 0.006


def test_its_repetitions_are_those_of_any_study(place):
    """As many and no rule: the same rows."""
    made = int(table(place / "whole.h5")[0]["nsim"])
    (place / "plain.toml").write_text(STUDY.replace("20000", str(made)), encoding="utf-8")
    merit("simulate", "plain.toml", "--output", "plain.h5", "--overwrite", cwd=place)
    with h5py.File(place / "whole.h5") as one, h5py.File(place / "plain.h5") as other:
        for name in ("estimate", "std_error", "status"):
            a, b = one[f"replicates/{name}"][:], other[f"replicates/{name}"][:]
            assert np.array_equal(a, b, equal_nan=name != "status")


def test_the_same_end_on_three_ranks(place):
    merit("simulate", "study.toml", *RULE, "--output", "ranks.h5", cwd=place, ranks=3)
    same(place / "whole.h5", place / "ranks.h5")


def test_the_same_end_after_a_kill(place):
    command = [MERIT, "simulate", "study.toml", *RULE, "--output", "killed.h5", "--threads", "1"]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    for _ in range(2000):
        if (place / "killed.h5.parts").exists() or process.poll() is not None:
            break
        time.sleep(0.001)
    time.sleep(0.03)
    process.send_signal(signal.SIGKILL)
    process.wait()
    merit(*command[1:], "--resume", cwd=place)
    same(place / "whole.h5", place / "killed.h5")


def test_a_study_that_does_not_get_there(place):
    (place / "short.toml").write_text(STUDY.replace("20000", "300"), encoding="utf-8")
    done = merit("simulate", "short.toml", "--until-mcse", "bias=1e-6,coverage=0.01", "--output",
                 "short.h5", "--format", "json", cwd=place, code=1)
    assert "not reached with 300 repetitions; the farthest from it is bias of" in done.stdout
    assert {row["nsim"] for row in table(place / "short.h5")} == {"300"}


def test_a_changed_rule_is_another_job(place):
    given = ["simulate", place / "study.toml", "--output", place / "whole.h5", "--resume"]
    check_refusal(merit(*given, "--until-mcse", "coverage=0.005", code=USAGE),
                  "until_mcse: stored coverage=0.006, given coverage=0.005",
                  "--until-mcse coverage=0.006")
    check_refusal(merit(*given, code=USAGE), "until_mcse: stored coverage=0.006, given none")
    merit(*given, *RULE)


@pytest.mark.parametrize("given, says", [
    (["--until-mcse", "covrage=0.01"], "did you mean 'coverage'?"),
    (["--until-mcse", "coverage"], "coverage=0.002"),
    (["--until-mcse", "coverage=0"], "above 0"),
    (["--until-mcse", "coverage=0.1,coverage=0.2"], "twice"),
    ([*RULE, "--shard", "1/2"], "--shard"),
    ([*RULE, "--only", "cell=1,rep=1"], "--only"),
])
def test_refused(given, says, place):
    output = [] if "--only" in given else ["--output", "x.h5"]
    check_refusal(merit("simulate", "study.toml", *given, *output, cwd=place, code=USAGE), says)


def test_without_a_file_and_dry(place):
    check_refusal(merit("simulate", "study.toml", *RULE, cwd=place, code=USAGE), "--output")
    shown = merit("simulate", "study.toml", *RULE, "--dry-run", cwd=place).stdout
    assert "at most: --until-mcse coverage=0.006" in shown
    assert merit_json("summarize", place / "whole.h5")["study"]["repetitions"] < 20_000
