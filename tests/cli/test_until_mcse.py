# SPDX-License-Identifier: MIT
"""--until-mcse: jobs that go on until their tables are exact, and end at the same replicate."""

import json
import subprocess
import time

import h5py
import pytest
from interrupted_job import STOPPED, same
from program import MERIT, USAGE, check_refusal, merit, merit_json, two_level, write_group

MODEL = "y ~ x + (1 | g)"
RULE = ["--until-mcse", "0.03", "--intervals", "perc,norm", "--quantity", "icc"]


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    return write_group(tmp_path_factory.mktemp("until") / "study.h5", two_level(30, 10))


def words(study, output, *options, rule=RULE, most=1_000_000):
    return ["bootstrap", study, MODEL, "--replicates", most, "--output", output, "--progress",
            "none", "--type", "cases", "--resample", "both", *rule, *options]


@pytest.fixture(scope="module", name="whole")
def fixture_whole(study):
    """A job of one rank."""
    output = study.with_name("whole.h5")
    merit(*words(study, output, "--threads", 1))
    return output


def num_replicates(path):
    with h5py.File(path) as file:
        assert file["job"].attrs["replicates"] == 1_000_000
        assert file["replicates/committed"][:].all()
        return file["replicates"].attrs["num_replicates"]


def largest_error(path):
    """In standard errors, of the table of a file."""
    tidy = merit_json("summarize", path, *RULE[2:])["tidy"]
    return max(row[end] / row["std.error"] for row in tidy
               for end in ("conf.low.mcse", "conf.high.mcse") if row[end] is not None)


def test_ends_when_every_end_is_exact(study, whole):
    """About (2.67/0.03)² replicates for a 2.5% quantile of a normal distribution, whose density
    there is 0.0584: √(0.025 · 0.975)/0.0584 = 2.67."""
    assert largest_error(whole) < 0.03
    assert 4_000 < num_replicates(whole) < 30_000
    text = merit(*words(study, whole, "--resume")).stdout
    assert "--until-mcse 0.03: reached with" in " ".join(text.split())


def test_its_replicates_are_those_of_a_job_of_so_many(study, whole, tmp_path):
    count = num_replicates(whole)
    merit(*words(study, tmp_path / "fixed.h5", rule=[], most=count))
    with h5py.File(whole) as one, h5py.File(tmp_path / "fixed.h5") as other:
        for name in ("estimate", "std_error", "status"):
            assert (one[f"replicates/{name}"][:] == other[f"replicates/{name}"][:]).all()


def test_the_same_bits_on_three_ranks(study, whole, tmp_path):
    merit(*words(study, tmp_path / "out.h5"), ranks=3)
    same(whole, tmp_path / "out.h5")


def test_the_same_bits_however_often_it_is_killed(study, whole, tmp_path):
    output = tmp_path / "out.h5"
    command = [MERIT, *map(str, words(study, output, "--resume", "--threads", 1))]
    kills = 0
    for wait in (0.1, 0.15, 0.2, 0.3):
        job = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        kills += job.poll() is None
        job.kill()
        job.wait()
    merit(*words(study, output, "--resume"), ranks=2)
    same(whole, output)
    assert not output.with_name("out.h5.parts").exists()
    assert kills > 0


def test_stopped_at_its_time_limit(study, whole, tmp_path):
    output = tmp_path / "out.h5"
    merit(*words(study, output, "--resume", "--threads", 1, "--time-limit", "0.15"), code=None)
    done = merit(*words(study, output, "--resume"), code=None)
    assert done.returncode in (0, STOPPED)
    same(whole, output)


def test_replicates_are_the_most(study, tmp_path):
    """Told, and a result to look at."""
    output = tmp_path / "out.h5"
    done = merit(*words(study, output, "--format", "json", most=1500), code=1)
    report = json.loads(done.stdout)
    assert report["glance"]["replicates"] == 1500
    assert any("--until-mcse 0.03: not reached with 1,500 replicates" in note
               and "more --replicates" in note for note in report["notes"]), report["notes"]


def test_another_rule_is_another_job(study, whole):
    changes = {"0.03": ["0.02", "until_mcse: stored 0.03, given 0.02 (--until-mcse 0.03)"],
               "perc,norm": ["perc", "intervals: stored perc,norm, given perc (--intervals perc,norm)"],
               "icc": ["tau", "quantities: stored icc, given tau"]}
    for old, (new, says) in changes.items():
        given = [new if word == old else word for word in words(study, whole, "--resume")]
        check_refusal(merit(*given, code=USAGE), says)
    given = words(study, whole, "--resume", rule=[])
    check_refusal(merit(*given, code=USAGE), "until_mcse: stored 0.03, given none")


REFUSED = {"0": ["--until-mcse", "0"], "shard": [*RULE, "--shard", "1/2"],
           "null": ["--until-mcse", "0.03", "--type", "parametric", "--null", "y ~ 1 + (1 | g)"]}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case, study, tmp_path):
    done = merit("bootstrap", study, MODEL, "--replicates", 1000, "--output", tmp_path / "out.h5",
                 *REFUSED[case], code=USAGE)
    check_refusal(done, "--until-mcse")


def test_a_dry_run_says_when_it_looks(study, tmp_path):
    text = merit(*words(study, tmp_path / "out.h5", "--dry-run")).stdout
    assert "at most: --until-mcse 0.03" in text and "after 1024 replicates" in text
