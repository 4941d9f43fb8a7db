# SPDX-License-Identifier: MIT
"""A job that is killed, stopped and starved at random instants, on other ranks and threads each
time, ends with the bits of one that was left alone: a bootstrap, and a chain of draws.

MERIT_INSTANTS=100 makes a long test of it (150 blows); MERIT_SEED=n another. With seed 20261126 it
passed on 2026-11-26, on a machine with twice as many busy processes as cores, in 300 s.
"""

import functools
import os
import pathlib
import random
import re
import signal
import time

import h5py
import pytest
from interrupted_job import (STOPPED, descendants, hurt, marks, num_replicates, outcome,
                             processes_of, ranks_of, rows_of, run, same, started, wait_until,
                             write_study)
from program import IO, MERIT, check_refusal, merit, merit_json, own_lines

INSTANTS = int(os.environ.get("MERIT_INSTANTS", "10"))
SEED = int(os.environ.get("MERIT_SEED", "1"))
# As many as a core makes in some 2 s: 256 to a block.
REPLICATES = 300_000
DRAWS = 60_000  # of one chain
ROWS = {"bootstrap": REPLICATES, "sample": DRAWS}
LAYOUTS = [(None, 1), (None, 2), (1, 2), (2, 1), (3, 1)]


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("interrupted")
    write_study(place)
    run(place, REPLICATES, "whole.h5", threads=2)
    run(place, DRAWS, "whole-sample.h5", threads=2, job="sample")
    return place


def whole(place, job):
    return place / {"bootstrap": "whole.h5", "sample": "whole-sample.h5"}[job]


def is_in_use(stderr):
    """A rank of the job before still lives: its launcher died first, and it has not noticed."""
    return "in use by another job" in stderr


def kill_all(job, _):
    hurt(descendants(job.pid), signal.SIGKILL)


def ranks_there(job):
    """The ranks, of which mpirun on a busy machine has started none yet for a while."""
    limit = time.monotonic() + 10
    while not (ranks := ranks_of(job.pid)) and job.poll() is None and time.monotonic() < limit:
        time.sleep(0.005)
    return ranks


def kill_one_rank(job, rng):
    hurt(rng.sample(ranks_there(job) or [job.pid], 1), signal.SIGKILL)


def kill_launcher(job, _):
    hurt([job.pid], signal.SIGKILL)


def ask(number, whom):
    def act(job, rng):
        ranks = ranks_there(job) if whom != "launcher" else []
        # A scheduler's signal to all reaches the children of ranks too.
        hurt({"all": processes_of(job.pid), "one": rng.sample(ranks, min(1, len(ranks))),
              "launcher": [job.pid]}[whom], number)
    return act


def starve(job, rng):
    """Some ranks get no processor for a while; then all are killed."""
    ranks = ranks_there(job)
    chosen = rng.sample(ranks, rng.randint(0, len(ranks)))
    hurt(chosen, signal.SIGSTOP)
    time.sleep(0.3)
    hurt(chosen, signal.SIGCONT)
    time.sleep(0.1)
    kill_all(job, rng)


BLOWS = {"kill all": kill_all, "kill one rank": kill_one_rank, "kill launcher": kill_launcher,
         "starve": starve,
         **{f"{number.name} to {whom}": ask(number, whom)
            for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
            for whom in ("all", "one", "launcher")}}


# Half as many blows for the chain.
CASES = [(job, case) for job, tenths in (("bootstrap", INSTANTS // 10), ("sample", INSTANTS // 20))
         for case in range(max(1, tenths))]


@pytest.mark.parametrize("job, case", CASES)
def test_random_instants(job, case, place):
    """Ten blows, and then the rest in peace."""
    rng = random.Random(f"{SEED} {job} {case}")
    output = place / f"{job}{case}.h5"
    history = []
    for _ in range(10):
        ranks, threads = rng.choice(LAYOUTS)
        blow = rng.choice(list(BLOWS))
        delay = rng.uniform(0.0, 0.5 if ranks is None else 1.0)
        history.append((ranks, threads, blow, round(delay, 3)))
        with started(place, ROWS[job], output.name, "--resume", ranks=ranks, threads=threads,
                     job=job) as running:
            time.sleep(delay)
            strike = functools.partial(BLOWS[blow], running, rng)
            strike()
            can_be_lost = blow.endswith("to launcher") and ranks is not None
            code, stderr = outcome(running, ask_again=strike if can_be_lost else None)
            if blow.startswith("SIG") and ranks is None and code != 0 and not is_in_use(stderr):
                # Before main, where its handlers come first, the signal's own way.
                assert code in (STOPPED, -getattr(signal, blow.split()[0])), (history, stderr)
        assert "please report" not in stderr and "HDF5" not in stderr, (history, stderr)
    before = marks(output)
    wait_until(lambda: "in use" not in merit_in_peace(place, output, job))
    same(output, whole(place, job))
    # A rank that outlived its launcher may have ended the job, and be tidying up.
    wait_until(lambda: not (place / f"{output.name}.parts").exists())
    if before.size:  # nothing that was there was made again
        with h5py.File(output) as file:
            block = rows_of(file).attrs["block_rows"]
        made, _ = num_replicates(output)
        assert made[-1] <= ROWS[job] - block * (before == 1).sum() + block


def merit_in_peace(place, output, job):
    with started(place, ROWS[job], output.name, "--resume", ranks=2, job=job) as running:
        _, stderr = running.communicate(timeout=60)
    assert running.returncode == 0 or is_in_use(stderr), stderr
    return stderr


@pytest.mark.parametrize("number, ranks, whom", [
    (signal.SIGTERM, None, "all"), (signal.SIGUSR1, None, "all"), (signal.SIGINT, None, "all"),
    (signal.SIGTERM, 2, "all"), (signal.SIGINT, 3, "one"), (signal.SIGUSR1, 2, "launcher")])
def test_signals(number, ranks, whom, place, tmp_path):
    """It says how much is there and what to do, and everything that it says is there."""
    # (mpirun hands SIGUSR1 on to all ranks, which other signals it answers by ending them.)
    output = tmp_path / "out.h5"
    with started(place, REPLICATES, output, "--resume", ranks=ranks) as job:
        wait_until(lambda: marks(output).any())
        ask(number, whom)(job, random.Random(SEED))
        code, stderr = outcome(job)
        assert code == STOPPED, stderr
    said = [line for line in own_lines(stderr) if line.startswith("merit: stopped by")]
    assert len(said) == 1 and "--resume" in said[0], stderr
    done = int(re.search(r"([\d,]+) of 300,000", said[0])[1].replace(",", ""))
    assert set(marks(output)) <= {0, 1}  # all durable
    summary = merit_json("summarize", output, cwd=place)
    assert summary["glance"]["replicates"] == done
    run(place, REPLICATES, output, "--resume", threads=2)
    made, _ = num_replicates(output)
    assert made == [done, REPLICATES - done]
    same(output, place / "whole.h5")


def test_second_interrupt_ends_at_once(place, tmp_path):
    """Also when the blocks in hand never end: the process is stopped in between."""
    output = tmp_path / "out.h5"
    with started(place, REPLICATES, output) as job:
        wait_until(lambda: marks(output).any())
        job.send_signal(signal.SIGSTOP)
        job.send_signal(signal.SIGINT)
        job.send_signal(signal.SIGCONT)
        job.send_signal(signal.SIGINT)
        job.communicate(timeout=10)
        assert job.returncode in (STOPPED, 130, -signal.SIGINT)
    run(place, REPLICATES, output, "--resume", threads=2)
    same(output, place / "whole.h5")


@pytest.mark.parametrize("ranks", [None, 2])
def test_time_limit(ranks, place, tmp_path):
    """The same command over and over starts, goes on, and is done."""
    output = tmp_path / "out.h5"
    codes = []
    while not codes or codes[-1] == STOPPED:
        with started(place, REPLICATES, output, "--resume", "--time-limit", "0.5s",
                     ranks=ranks) as job:
            _, stderr = job.communicate(timeout=30)
        codes.append(job.returncode)
        assert len(codes) < 40
        if codes[-1] == STOPPED:
            assert "merit: stopped by the time limit" in stderr
    assert codes[-1] == 0 and len(codes) > 2
    same(output, place / "whole.h5")
    # And done it stays.
    before = output.read_bytes()
    done = run(place, REPLICATES, output, "--resume", ranks=ranks)
    assert "Fixed effects" in done.stdout
    assert output.read_bytes() == before


def test_live_owner_is_named_and_dead_owner_does_not_block(place, tmp_path):
    output = tmp_path / "out.h5"
    with started(place, REPLICATES, output, "--resume") as job:
        wait_until(lambda: marks(output).any())
        refused = run(place, REPLICATES, output, "--resume", code=IO)
        check_refusal(refused, "in use by another job", f"process {job.pid}", os.uname().nodename)
        kill_all(job, None)
        job.communicate(timeout=10)
    run(place, REPLICATES, output, "--resume", threads=2)
    same(output, place / "whole.h5")


def test_output_that_vanishes(place, tmp_path):
    """Moved away in mid-job: said within seconds, and what was complete is where it went."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    output = here / "out.h5"
    with started(place, 100 * REPLICATES, output, "--resume") as job:
        wait_until(lambda: marks(output).any())
        here.rename(there)
        _, stderr = job.communicate(timeout=30)
    assert job.returncode == IO and "moved or removed" in stderr
    assert marks(there / "out.h5").any()


def rank_number(pid):
    environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return next(int(word.split(b"=")[1]) for word in environment
                if word.startswith(b"OMPI_COMM_WORLD_RANK="))


def test_killed_rank_ends_the_job(place, tmp_path):
    """And what to do then is said, by rank 0 if it is another that died."""
    output = tmp_path / "out.h5"
    for victim in (0, 2):
        with started(place, REPLICATES, output, "--resume", ranks=3) as job:
            wait_until(lambda: len(ranks_of(job.pid)) == 3)
            before = (marks(output) != 0).sum()
            wait_until(lambda: (marks(output) != 0).sum() > before)
            hurt([pid for pid in ranks_of(job.pid) if rank_number(pid) == victim], signal.SIGKILL)
            code, stderr = outcome(job)
            assert code not in (0, 1)
            if victim != 0:
                assert "to go on, run the same command with --resume" in stderr, stderr
    run(place, REPLICATES, output, "--resume", threads=2)
    same(output, place / "whole.h5")


@pytest.mark.parametrize("victim", [0, 1])
def test_chain_killed_in_its_middle(victim, place, tmp_path):
    """SIGKILL for one rank of two when some of its draws are on disk and others are not; the
    chain goes on from there on other ranks."""
    output = tmp_path / "out.h5"
    with started(place, DRAWS, output, "--resume", ranks=2, job="sample") as job:
        wait_until(lambda: marks(output).any())
        hurt([pid for pid in ranks_of(job.pid) if rank_number(pid) == victim], signal.SIGKILL)
        code, _ = outcome(job)
        assert code not in (0, 1)
    done = (marks(output) != 0).sum()
    assert 0 < done < marks(output).size
    run(place, DRAWS, output, "--resume", ranks=3, job="sample")
    same(output, place / "whole-sample.h5")
    made, _ = num_replicates(output)
    with h5py.File(output) as file:
        block = rows_of(file).attrs["block_rows"]
        status = file["draws/status"][:]
    assert made[-1] <= DRAWS - block * done + block  # nothing that was there was made again
    assert (status == 1).any()  # a draw is sometimes the one before it: a chain


def status_of(pid, field):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s*(\w+)", text, re.MULTILINE)[1], 16)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_signals_while_mpi_starts(number, place, tmp_path):
    """From main's first lines on a signal ends a job that can go on with 75."""
    def starts_mpi(pid):  # Open MPI has loaded the first of its plugins
        return "/mca_" in pathlib.Path(f"/proc/{pid}/maps").read_text()

    with started(place, REPLICATES, tmp_path / "out.h5", "--resume", ranks=2) as job:
        wait_until(lambda: len(ranks_of(job.pid)) == 2 and all(map(starts_mpi, ranks_of(job.pid))))
        for pid in ranks_of(job.pid):
            assert status_of(pid, "SigCgt") & 1 << number - 1
        hurt(ranks_of(job.pid), number)
        code, stderr = outcome(job)
        # Nothing if mpirun waits on although both have ended.
        assert code in (STOPPED, None), stderr


def test_merit_is_the_program_under_test():
    assert os.access(MERIT, os.X_OK) and merit("--version").stdout
