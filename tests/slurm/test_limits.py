# SPDX-License-Identifier: MIT
"""What takes Slurm a minute to notice: a time limit, a node that dies. The bits are those of an
undisturbed run all the same."""

import re

import pytest
from cluster import (SLURM, bootstrap, check_went_on, has_begun, same, started_cluster, wait_until,
                     write_study)
from program import merit

TWO_NODES = ["--nodes=2", "--ntasks-per-node=1"]


@pytest.fixture(scope="module", name="cluster")
def fixture_cluster(tmp_path_factory):
    place = tmp_path_factory.mktemp("slurm")
    with started_cluster(place) as cluster:
        write_study(place)
        yield cluster


def restarts(cluster, job):
    """Of a job, once it has come to a good end."""
    facts = cluster.wait_for_end(job, 400)
    assert (facts["JobState"], facts["ExitCode"]) == ("COMPLETED", "0:0"), cluster.log(job)
    return int(facts["Restarts"])


def finish(cluster, job, output, replicates):
    assert restarts(cluster, job) >= 1
    check_went_on(cluster.place / output)
    merit(*bootstrap(replicates, f"whole-{output}"), cwd=cluster.place, timeout=400)
    same(cluster.place / f"whole-{output}", cluster.place / output)


def test_time_limit(cluster):
    # As many as one core makes in a bit more than the limit, on this machine.
    told = merit(*bootstrap(10**6, "told.h5"), "--threads", "1", "--dry-run", cwd=cluster.place)
    rate = float(re.search(r"\((\S+) replicates/s per thread\)", told.stdout).group(1))
    replicates = round(75 * rate)

    def submit():
        return cluster.sbatch("--ntasks=1", "--time=1", "--signal=B:USR1@20", SLURM / "job.sbatch",
                              *bootstrap(replicates, "limit.h5"))

    job = submit()
    if restarts(cluster, job) == 0:  # other work on the machine has ended meanwhile
        (cluster.place / "limit.h5").unlink()
        replicates *= 3
        job = submit()
    finish(cluster, job, "limit.h5", replicates)
    assert "SIGUSR1" in cluster.log(job)


def test_node_that_dies(cluster):
    replicates = 15_000
    job = cluster.sbatch(*TWO_NODES, SLURM / "job.sbatch", *bootstrap(replicates, "node.h5"))
    wait_until(lambda: has_begun(cluster.place, "node.h5"))
    cluster.sandbox("killnode", "node2")  # its rank, its daemon: everything, without a word
    wait_until(lambda: cluster.facts(job)["Restarts"] == "1", 150)
    cluster.sandbox("startnode", "node2")
    finish(cluster, job, "node.h5", replicates)
