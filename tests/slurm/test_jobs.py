# SPDX-License-Identifier: MIT
"""The job scripts on a real Slurm: jobs that run, are stopped, preempted, cancelled and cut into
shards end with the bits of one that was left alone."""

import pytest
from cluster import (FORMULA, SLURM, bootstrap, check_went_on, has_begun, same, sample, sensitivity,
                     simulate, started_cluster, wait_until, write_study)
from program import merit

REPLICATES = 12_000
DRAWS = 250_000  # of one chain
TWO_NODES = ["--nodes=2", "--ntasks-per-node=1"]


@pytest.fixture(scope="module", name="cluster")
def fixture_cluster(tmp_path_factory):
    place = tmp_path_factory.mktemp("slurm")
    with started_cluster(place) as cluster:
        write_study(place)
        merit(*bootstrap(REPLICATES, "whole.h5"), cwd=place, timeout=300)
        yield cluster


def check_result(cluster, job, output, code="0:0", whole="whole.h5"):
    """The job is done, and its file is that of an undisturbed run."""
    facts = cluster.wait_for_end(job)
    assert (facts["JobState"], facts["ExitCode"]) == ("COMPLETED", code), cluster.log(job)
    same(cluster.place / whole, cluster.place / output)


@pytest.mark.parametrize("launcher", ["srun", "mpirun"])
def test_two_nodes(launcher, cluster):
    job = cluster.sbatch(*TWO_NODES, "--cpus-per-task=2", SLURM / "job.sbatch",
                         *bootstrap(REPLICATES, f"{launcher}.h5"), MERIT_LAUNCHER=launcher)
    check_result(cluster, job, f"{launcher}.h5")
    log = cluster.log(job)
    assert "2 ranks × 2 threads on 2 nodes, 2 CPUs per rank" in log
    assert "WARNING" not in log
    assert cluster.facts(job)["Restarts"] == "0"


@pytest.mark.parametrize("launcher", ["srun", "mpirun"])
def test_signalled_job_requeues_itself(launcher, cluster):
    output = f"signalled-{launcher}.h5"
    job = cluster.sbatch(*TWO_NODES, SLURM / "job.sbatch", *bootstrap(REPLICATES, output),
                         MERIT_LAUNCHER=launcher)
    wait_until(lambda: has_begun(cluster.place, output))
    cluster.run("scancel", "--batch", "--signal=USR1", job)  # as --signal=B:USR1@120 does
    check_result(cluster, job, output)
    check_went_on(cluster.place / output)
    log = cluster.log(job)
    assert "stopped early; Slurm starts it again" in log and "start 2 on" in log


def test_chains_and_studies_requeue_themselves(cluster):
    """Draws stopped in mid-chain, fits of a simulation study, the bootstraps of a sensitivity
    analysis; one waits for its second start while another has its first."""
    jobs = {}
    for words in (sample(DRAWS, "chain.h5"), simulate("fits.h5"), sensitivity("checks.h5")):
        output = words[-1]
        jobs[output] = cluster.sbatch(*TWO_NODES, SLURM / "job.sbatch", *words)
        wait_until(lambda at=output: has_begun(cluster.place, at))
        cluster.run("scancel", "--batch", "--signal=USR1", jobs[output])
    merit(*sample(DRAWS, "whole-chain.h5"), cwd=cluster.place, timeout=300)
    merit(*simulate("whole-fits.h5"), cwd=cluster.place, timeout=300)
    merit(*sensitivity("whole-checks.h5"), cwd=cluster.place, timeout=300)
    for output, job in jobs.items():
        check_result(cluster, job, output, whole=f"whole-{output}")
        check_went_on(cluster.place / output)
        assert "start 2 on" in cluster.log(job)


def test_requeues_are_bounded(cluster):
    job = cluster.sbatch(*TWO_NODES, SLURM / "job.sbatch", *bootstrap(REPLICATES, "bounded.h5"),
                         MERIT_MAX_REQUEUES="0")
    wait_until(lambda: has_begun(cluster.place, "bounded.h5"))
    cluster.run("scancel", "--batch", "--signal=USR1", job)
    facts = cluster.wait_for_end(job)
    assert (facts["JobState"], facts["ExitCode"]) == ("FAILED", "75:0")
    assert "MERIT_MAX_REQUEUES" in cluster.log(job)


def test_preempted_job_goes_on(cluster):
    job = cluster.sbatch(*TWO_NODES, "--exclusive", "--partition=scavenge", SLURM / "job.sbatch",
                         *bootstrap(REPLICATES, "preempted.h5"))
    wait_until(lambda: has_begun(cluster.place, "preempted.h5"))
    other = cluster.sbatch(*TWO_NODES, "--exclusive", "--output=other.log", "--wrap=sleep 5")
    assert cluster.wait_for_end(other)["JobState"] == "COMPLETED"
    check_result(cluster, job, "preempted.h5")
    check_went_on(cluster.place / "preempted.h5")


def test_cancelled_job_stays_so_until_submitted_again(cluster):
    submit = [*TWO_NODES, SLURM / "job.sbatch", *bootstrap(REPLICATES, "cancelled.h5")]
    job = cluster.sbatch(*submit)
    wait_until(lambda: has_begun(cluster.place, "cancelled.h5"))
    cluster.run("scancel", job)
    facts = cluster.wait_for_end(job)
    assert (facts["JobState"], facts["Restarts"]) == ("CANCELLED", "0"), cluster.log(job)
    check_result(cluster, cluster.sbatch(*submit), "cancelled.h5")
    check_went_on(cluster.place / "cancelled.h5")


def numbers(text):
    """The array's and the merge job's, from what submit.sh says."""
    words = text.replace(":", "").split()
    return words[words.index("array") + 1], words[words.index("job") + 1]


def test_array_with_merge(cluster):
    said = cluster.run(SLURM / "submit.sh", "--shards=3", *bootstrap(REPLICATES, "array.h5"))
    assert "result file:" in said  # the check beforehand
    array, merge = numbers(said[said.index("array "):])
    # Element 3 bears the number of the array: what it does to itself must not befall the rest.
    shard = "array.shard3of3.h5"
    wait_until(lambda: has_begun(cluster.place, shard))
    cluster.run("scancel", "--batch", "--signal=USR1", f"{array}_3")
    facts = cluster.wait_for_end(merge)
    log = cluster.log(merge, "merit-merge")
    assert (facts["JobState"], facts["ExitCode"]) == ("COMPLETED", "0:0"), log
    same(cluster.place / "whole.h5", cluster.place / "array.h5")
    assert f"Replicates  {REPLICATES:,}: {REPLICATES:,} used" in log and "Fixed effects" in log
    check_went_on(cluster.place / shard)
    assert [cluster.facts(f"{array}_{i}")["Restarts"] for i in (1, 2, 3)] == ["0", "0", "1"]


def test_failed_shards_are_told_and_not_merged(cluster):
    words = ["bootstrap", "study.h5", FORMULA.replace("x", "nothing"), "--replicates", "10",
             "--output", "failed.h5"]
    cluster.run(SLURM / "submit.sh", "--shards=2", *words, code=65)  # nothing submitted
    array, merge = numbers(cluster.run(SLURM / "submit.sh", "--no-check", "--shards=2", *words))
    for element in (f"{array}_1", f"{array}_2"):
        facts = cluster.wait_for_end(element)
        assert (facts["JobState"], facts["ExitCode"]) == ("FAILED", "65:0")
    assert cluster.wait_for_end(merge)["JobState"] == "CANCELLED"
    assert not (cluster.place / "failed.h5").exists()


def test_many_failed_replicates_end_as_in_one_run(cluster):
    """Exit code 1 of a shard is for the merged whole to give."""
    words = [*bootstrap(1000, "look.h5"), "--max-failed", "0"]
    words[words.index("rows")] = "groups"
    # Only groups 0 and 1 differ in this column: a resample without them is collinear.
    words[2] = "y ~ I(g < 2) + (1 | g)"
    merit(*words[:-4], "--output", "look-whole.h5", "--max-failed", "0", code=1,
          cwd=cluster.place)
    array, merge = numbers(cluster.run(SLURM / "submit.sh", "--no-check", "--shards=2", *words))
    facts = cluster.wait_for_end(merge)
    assert [cluster.state(f"{array}_{i}") for i in (1, 2)] == ["COMPLETED"] * 2
    assert (facts["JobState"], facts["ExitCode"]) == ("FAILED", "1:0")
    same(cluster.place / "look-whole.h5", cluster.place / "look.h5")
