# SPDX-License-Identifier: MIT
"""A build without MPI gives the same numbers, and refuses to be started several times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py

sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))
from program import MPIEXEC, USAGE, check_refusal, merit_json, two_level, write_group  # noqa: E402

from h5same import differences  # noqa: E402

WITHOUT = os.environ["MERIT_WITHOUT_MPI"]
JOB = ["y ~ x + w + (1 | g)", "--replicates", "500", "--threads", "2"]


def test_same_numbers(tmp_path):
    study = write_group(tmp_path / "study.h5", two_level(10, 12))
    merit_json("bootstrap", study, JOB[0], *JOB[1:], "--output", tmp_path / "with.h5", ranks=2)
    subprocess.run([WITHOUT, "bootstrap", study, *JOB, "--output", tmp_path / "without.h5"],
                   check=True, stdout=subprocess.PIPE)
    with h5py.File(tmp_path / "with.h5") as a, h5py.File(tmp_path / "without.h5") as b:
        assert not list(differences(a, b, {"/provenance"}))


def test_several_processes_are_refused(tmp_path):
    study = write_group(tmp_path / "study.h5", two_level(10, 12))
    done = subprocess.run([MPIEXEC, "-n", "2", WITHOUT, "fit", study, JOB[0]], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == USAGE
    # Without MPI nobody can know that the other process says it, too.
    done.stderr = "\n".join(dict.fromkeys(done.stderr.splitlines()))
    check_refusal(done, "without MPI", "--shard")


def test_one_process_under_a_launcher_is_fine(tmp_path):
    study = write_group(tmp_path / "study.h5", two_level(10, 12))
    done = subprocess.run([MPIEXEC, "-n", "1", WITHOUT, "fit", study, JOB[0], "--format", "json"],
                          text=True, stdout=subprocess.PIPE, check=True, timeout=60)
    assert json.loads(done.stdout)["tidy"] == merit_json("fit", study, JOB[0])["tidy"]


def test_version_says_so():
    text = subprocess.run([WITHOUT, "--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    assert "without MPI" in text
