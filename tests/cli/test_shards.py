# SPDX-License-Identifier: MIT
"""Shards of a job joined are the file of the job; what does not fit together is named."""

import itertools
import re
import shutil

import h5py
import pytest
from interrupted_job import FORMULA, STOPPED, run, same, write_study
from program import IO, USAGE, check_refusal, contents, merit, merit_json

REPLICATES = 1_019  # 64 blocks of 16, the last one short


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    """whole.h5, and as I-of-N.h5 the shards of 1, 2, 3 and 5."""
    place = tmp_path_factory.mktemp("shards")
    write_study(place)
    run(place, REPLICATES, "whole.h5")
    for n in (1, 2, 3, 5):
        for i in range(1, n + 1):
            run(place, REPLICATES, f"{i}-of-{n}.h5", "--shard", f"{i}/{n}")
    return place


def merge(place, output, *shards, code=0):
    return merit("merge", output, *shards, cwd=place, code=code)


@pytest.mark.parametrize("order", itertools.permutations(["1-of-3.h5", "2-of-3.h5", "3-of-3.h5"]))
def test_any_order(order, place, tmp_path):
    merge(place, tmp_path / "out.h5", *order)
    same(tmp_path / "out.h5", place / "whole.h5")
    sessions = merit_json("inspect", tmp_path / "out.h5")["sessions"]
    assert sum(session["replicates"] for session in sessions) == REPLICATES


def test_one_shard_of_one_is_the_whole(place, tmp_path):
    same(place / "1-of-1.h5", place / "whole.h5")
    merge(place, tmp_path / "out.h5", "whole.h5")
    same(tmp_path / "out.h5", place / "whole.h5")


def test_shards_under_mpi_and_resumed(place, tmp_path):
    run(place, REPLICATES, tmp_path / "a.h5", "--shard", "1/2", ranks=3, threads=2)
    run(place, 300_000, tmp_path / "b.h5", "--shard", "2/2", "--time-limit", "0.2", code=STOPPED)
    run(place, 300_000, tmp_path / "b.h5", "--shard", "2/2", "--resume", threads=2)
    merge(place, tmp_path / "out.h5", tmp_path / "a.h5", "2-of-2.h5")
    same(tmp_path / "out.h5", place / "whole.h5")
    with h5py.File(tmp_path / "b.h5") as file:
        assert len(file["replicates/status"]) < 150_100


@pytest.mark.parametrize("given", [[*pair] for count in (1, 2) for pair in itertools.combinations(
    ["1-of-3.h5", "2-of-3.h5", "3-of-3.h5"], count)])
def test_missing_shards_are_named(given, place, tmp_path):
    """The remedy is followed word for word."""
    before = contents(tmp_path)
    done = merge(place, tmp_path / "out.h5", *given, code=USAGE)
    check_refusal(done, "not all replicates")
    assert contents(tmp_path) == before
    named = re.findall(r"--shard (\S+)", done.stderr)
    assert named == [f"{i}/3" for i in (1, 2, 3) if f"{i}-of-3.h5" not in given]


def test_gaps_between_unlike_cuts(place, tmp_path):
    """2/5 and 3/3 leave gaps that no shard of 5 or 3 fills alone."""
    done = merge(place, tmp_path / "out.h5", "2-of-5.h5", "3-of-3.h5", code=USAGE)
    made = []
    for shard in re.findall(r"--shard (\S+)", done.stderr):
        made.append(tmp_path / f"{shard.replace('/', '-of-')}.h5")
        run(place, REPLICATES, made[-1], "--shard", shard)
    merge(place, tmp_path / "out.h5", "2-of-5.h5", "3-of-3.h5", *made)
    same(tmp_path / "out.h5", place / "whole.h5")


def test_a_file_given_twice(place, tmp_path):
    done = merge(place, tmp_path / "out.h5", "1-of-3.h5", "2-of-3.h5", "1-of-3.h5", code=USAGE)
    check_refusal(done, "1-of-3.h5: is given twice")


@pytest.mark.parametrize("given", [["1-of-3.h5", "./1-of-3.h5", "2-of-3.h5", "3-of-3.h5"],
                                   ["1-of-2.h5", "1-of-3.h5", "2-of-2.h5"],
                                   ["2-of-2.h5", "whole.h5"]])
def test_doubled_replicates_are_named(given, place, tmp_path):
    done = merge(place, tmp_path / "out.h5", *given, code=USAGE)
    check_refusal(done, "both hold replicates", *[name for name in given if "1-of-3" in name])


def test_shard_of_another_job(place, tmp_path):
    run(place, REPLICATES, tmp_path / "other.h5", "--shard", "2/2", "--seed", "7")
    done = merge(place, tmp_path / "out.h5", "1-of-2.h5", tmp_path / "other.h5", code=USAGE)
    check_refusal(done, "other.h5: is of another job than 1-of-2.h5", "seed: stored 1, given 7")


def test_fit_is_no_shard(place, tmp_path):
    merit("fit", place / "study.h5", FORMULA, "--output", tmp_path / "fit.h5")
    done = merge(place, tmp_path / "out.h5", tmp_path / "fit.h5", code=USAGE)
    check_refusal(done, "fit.h5", "without replicates")


def test_unfinished_shard(place, tmp_path):
    run(place, 300_000, tmp_path / "a.h5", "--shard", "1/2", "--time-limit", "0.2", code=STOPPED)
    run(place, 300_000, tmp_path / "b.h5", "--shard", "2/2")
    done = merge(place, tmp_path / "out.h5", tmp_path / "a.h5", tmp_path / "b.h5", code=USAGE)
    check_refusal(done, "a.h5", "--resume")
    assert "--shard" not in done.stderr


def test_damaged_shard_is_not_merged(place, tmp_path):
    run(place, REPLICATES, tmp_path / "a.h5", "--shard", "1/2")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["replicates/estimate"][20, 1] += 1e-9
    done = merge(place, tmp_path / "out.h5", tmp_path / "a.h5", "2-of-2.h5", code=IO)
    assert "replicates 16 to 31 do not match their checksum" in done.stderr
    assert not (tmp_path / "out.h5").exists()


def test_existing_output(place, tmp_path):
    (tmp_path / "out.h5").write_bytes(b"precious")
    done = merge(place, tmp_path / "out.h5", "1-of-2.h5", "2-of-2.h5", code=USAGE)
    check_refusal(done, "out.h5: exists; --overwrite replaces it")
    done = merge(place, tmp_path / "out.h5", "1-of-2.h5", "2-of-2.h5", "--overwrite",
                 code=USAGE)
    check_refusal(done, "out.h5: is not a result file")
    assert (tmp_path / "out.h5").read_bytes() == b"precious"
    shutil.copy(place / "1-of-2.h5", tmp_path / "out.h5")
    merge(place, tmp_path / "out.h5", "1-of-2.h5", "2-of-2.h5", "--overwrite")
    same(tmp_path / "out.h5", place / "whole.h5")


def test_shard_says_what_it_is(place):
    result = merit_json("summarize", "2-of-3.h5", cwd=place)
    assert any("partial" in note and "shard 2/3" in note for note in result["notes"])
    assert "of shard 2/3 (complete)" in merit("inspect", "2-of-3.h5", cwd=place).stdout


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "1/0", "-1/3", "1/3x", "x/3", "/", "1/65"])
def test_impossible_shards(shard, place, tmp_path):
    done = run(place, REPLICATES, tmp_path / "out.h5", f"--shard={shard}", code=USAGE)
    check_refusal(done, "--shard", shard)


@pytest.mark.parametrize("shard", ["1/64", "64/64"])
def test_one_block(shard, place, tmp_path):
    run(place, REPLICATES, tmp_path / "out.h5", "--shard", shard)
    with h5py.File(tmp_path / "out.h5") as file:
        assert len(file["replicates/status"]) == (16 if shard == "1/64" else 11)
