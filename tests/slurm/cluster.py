# SPDX-License-Identifier: MIT
"""A Slurm cluster for tests: started, asked and stopped; and the job that runs on it."""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLURM = ROOT / "slurm"
SANDBOX = ROOT / "tests" / "slurm" / "slurm-sandbox.sh"
sys.path.append(str(ROOT / "tests" / "cli"))

from interrupted_job import marks, num_replicates, same  # noqa: E402,F401
from program import MERIT, two_level, write_group  # noqa: E402

NEEDED = ["slurmctld", "slurmd", "sbatch", "srun", "munged", "unshare", "mpirun"]
SKIPPED = 77  # what ctest shows as skipped
# Slurm's last states of a job; in between it may be RUNNING, COMPLETING, SIGNALING, …
ENDS = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY",
        "DEADLINE", "BOOT_FAIL"}
FORMULA = "y ~ x + w + (1 | g)"
# Resampling the rows of 200 groups takes a core about a millisecond.
SCHEME = ["--type", "cases", "--resample", "rows"]


def require_slurm():
    """Ends the test program, seen to be skipped, on a machine that has no Slurm."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [program for program in NEEDED if not shutil.which(program, path=path)]
    if missing:
        pytest.exit(f"skipped, no {', '.join(missing)}: apt-get install slurmctld slurmd "
                    "slurm-client munge openmpi-bin", returncode=SKIPPED)


def free_ports(count):
    """The first of `count` ports in a row that nobody listens on."""
    for first in range(17817 + os.getpid() % 1000 * 8, 65000, 8):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise AssertionError("no free ports")


def wait_until(condition, seconds=60):
    """Asks now and then, because other programs are asked."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.2)


class Cluster:
    """Two nodes of two CPUs; `place` is the directory that jobs are submitted from."""

    def __init__(self, place):
        self.place = place
        # Short: sockets below it have 107 characters at most.
        self.directory = tempfile.mkdtemp(prefix="merit-slurm-", dir="/tmp")
        os.chmod(self.directory, 0o755)  # munged wants its socket to be reachable
        # Stops the cluster when its input ends: by stop(), or because this process died.
        self.keeper = subprocess.Popen(
            ["sh", "-c", 'cat; "$1" stop -d "$2"; rm -rf "$2"', "sh", SANDBOX, self.directory],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        self.sandbox("start", "-n", "2", "-c", "2", "-p", str(free_ports(3)))
        # What the tests set for mpirun must not hide what the job scripts set.
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("OMPI_", "SLURM_", "SBATCH_", "MERIT_"))}
        for line in self.sandbox("env").splitlines():
            if line.startswith("export "):
                self.env.update(word.split("=", 1) for word in shlex.split(line)[1:])
        self.env["MERIT"] = MERIT

    def sandbox(self, command, *arguments):
        done = subprocess.run([SANDBOX, command, "-d", self.directory, *arguments], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *words, code=0, **env):
        done = subprocess.run([str(word) for word in words], cwd=self.place, text=True,
                              env={**self.env, **env}, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode == code, f"exit code {done.returncode}: {done.stderr}"
        return done.stdout

    def sbatch(self, *words, **env):
        """The number of the job submitted."""
        return self.run("sbatch", "--parsable", *words, **env).split(";")[0].strip()

    def facts(self, job):
        """What Slurm knows of a job: JobState, ExitCode, Restarts, …"""
        shown = self.run("scontrol", "--oneliner", "show", "job", job).splitlines()[0]
        return dict(re.findall(r"(\w+)=(\S*)", shown))

    def state(self, job):
        return self.facts(job)["JobState"]

    def wait_for_end(self, job, seconds=150):
        """Facts of a job, when there is nothing left to come."""
        wait_until(lambda: self.state(job) in ENDS, seconds)
        return self.facts(job)

    def log(self, job, name="merit"):
        return (self.place / f"{name}-{job}.log").read_text()

    def stop(self):
        self.keeper.stdin.close()
        assert self.keeper.wait(60) == 0


def bootstrap(replicates, output):
    """merit's command line, without --resume: that is for the job scripts to add."""
    return ["bootstrap", "study.h5", FORMULA, *SCHEME, "--replicates", str(replicates),
            "--output", output]


def sample(draws, output):
    """Of one chain: wherever it is stopped is in its middle."""
    return ["sample", "binary.h5", "event ~ x + w + (1 | g)", "--family", "binomial", "--chains",
            "1", "--draws", str(draws), "--output", output]


def simulate(output):
    return ["simulate", "study.toml", "--output", output]


def sensitivity(output):
    return ["sensitivity", "checks.toml", "--output", output]


STUDY = """
repetitions = 30000
[data]
formula = "y ~ x + (1 | school)"
family = "binomial"
groups = [20, 30]
group_size = 25
icc = 0.2
[data.covariates]
x = { kind = "normal" }
[data.coefficients]
"(Intercept)" = 0
x = 0.5
[[estimator]]
name = "AGQ"
method = "agq"
"""

CHECKS = """
snapshot = "binary.h5"
formula = "event ~ x + w + (1 | g)"
family = "binomial"
[multiverse]
formula = "event ~ {terms} + (1 | g)"
terms = ["1", "x", "w"]
[bootstrap]
replicates = 3000
"""


def write_study(place):
    write_group(place / "study.h5", two_level(200, 200))
    columns = two_level(40, 50)
    columns["event"] = (columns["y"] > 1).astype(int)
    write_group(place / "binary.h5", columns)
    (place / "study.toml").write_text(STUDY, encoding="utf-8")
    (place / "checks.toml").write_text(CHECKS, encoding="utf-8")


def has_begun(place, output):
    """Whether some blocks of an unfinished job are on disk."""
    return (place / f"{output}.parts").exists() and bool(marks(place / output).any())


def check_went_on(path):
    """The last session found replicates of an earlier one, and did not make them again."""
    made, planned = num_replicates(path)
    assert len(made) >= 2 and 0 < made[-1] < planned, made


@contextlib.contextmanager
def started_cluster(place):
    require_slurm()
    cluster = Cluster(place)
    try:
        yield cluster
    finally:
        cluster.stop()
