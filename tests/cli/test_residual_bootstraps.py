# SPDX-License-Identifier: MIT
"""Residual, random-effect block and wild bootstraps from the command line."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group

from h5same import differences

MODEL = "y ~ x + w + (1 | g)"
KINDS = {
    "residual": ["--type", "residual"],
    "reb": ["--type", "reb"],
    "reb0": ["--type", "reb", "--reb-type", "0"],
    "reb2": ["--type", "reb", "--reb-type", "2"],
    "transformation": ["--type", "transformation"],
    "wild": ["--type", "wild"],
    "wild3": ["--type", "wild", "--wild-hc", "3", "--wild-weights", "webb"],
}


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    return write_group(tmp_path_factory.mktemp("residual") / "study.h5", two_level(12, 7))


def run(study, output, kind, *options, **how):
    return merit("bootstrap", study, MODEL, *KINDS[kind], "--replicates", 600, "--output", output,
                 "--progress", "none", *options, **how)


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_and_threads_change_no_bit(kind, study, tmp_path):
    run(study, tmp_path / "one.h5", kind, "--threads", 1)
    run(study, tmp_path / "two.h5", kind, "--threads", 2, ranks=2)
    with h5py.File(tmp_path / "one.h5") as one, h5py.File(tmp_path / "two.h5") as two:
        assert not list(differences(one, two, {"/provenance"}))


def test_schemes_differ(study, tmp_path):
    seen = []
    for kind in KINDS:
        run(study, tmp_path / f"{kind}.h5", kind)
        with h5py.File(tmp_path / f"{kind}.h5") as file:
            seen.append(file["replicates/estimate"][:].tobytes())
            job = dict(file["job"].attrs)
        assert job["type"] == KINDS[kind][1]
        assert ("reb_type" in job) == kind.startswith("reb")
        assert ("wild_hc" in job) == ("wild_weights" in job) == kind.startswith("wild")
    assert len(set(seen)) == len(KINDS) - 1, "types 0 and 2 store the same rows"


def test_standard_errors_are_of_the_right_size(study, tmp_path):
    """All schemes estimate the same thing; with 12 groups within a factor of two."""
    fit = {row["term"]: row for row in merit_json("fit", study, MODEL)["tidy"]}
    for kind in ("residual", "reb", "wild", "transformation"):
        run(study, tmp_path / "out.h5", kind, "--overwrite")
        with h5py.File(tmp_path / "out.h5") as file:
            spread = np.nanstd(file["replicates/estimate"][:, 1])
        assert 0.5 < spread / fit["x"]["std.error"] < 2.0, kind


@pytest.mark.parametrize("options, mentions", [
    (["--type", "residual", "--family", "poisson"], ["--type residual", "poisson", "parametric"]),
    (["--type", "wild", "--family", "binomial"], ["--type wild", "binomial", "cases"]),
    (["--type", "cases", "--wild-hc", "2"], ["--wild-hc", "--type wild"]),
    (["--type", "wild", "--reb-type", "0"], ["--reb-type", "--type reb"]),
    (["--type", "residual", "--wild-weights", "webb"], ["--wild-weights", "--type wild"]),
    (["--type", "reb", "--reb-type", "3"], ["--reb-type 3", "0|1|2"]),
    (["--type", "transformation", "--family", "poisson"],
     ["--type transformation", "poisson", "parametric"]),
    (["--type", "wild", "--wild-hc", "1"], ["--wild-hc 1", "2|3"]),
    (["--type", "residual", "--resample", "rows"], ["--resample rows", "--type cases"]),
])
def test_what_is_refused(options, mentions, study, tmp_path):
    done = merit("bootstrap", study, MODEL, "--replicates", 10, "--output", tmp_path / "out.h5",
                 *options, code=USAGE)
    check_refusal(done, *mentions)
    assert not list(tmp_path.iterdir())


def test_adjusted_replicates_are_about_the_estimates(study, tmp_path):
    """Type 2 stores what type 0 stores; its tables are of adjusted replicates: no bias of
    coefficients and variances, and correlation of the logarithms gone."""
    fit = {row["term"]: row["estimate"] for row in merit_json("fit", study, MODEL)["tidy"]}
    run(study, tmp_path / "raw.h5", "reb0")
    run(study, tmp_path / "adjusted.h5", "reb2", "--threads", 2, ranks=2)
    with h5py.File(tmp_path / "raw.h5") as raw, h5py.File(tmp_path / "adjusted.h5") as adjusted:
        rows = raw["replicates/estimate"][:]
        assert np.array_equal(rows, adjusted["replicates/estimate"][:], equal_nan=True)
    tidy = merit_json("summarize", tmp_path / "adjusted.h5", "--intervals", "norm", "--quantity",
                      "tau^2", "--quantity", "sigma^2")["tidy"]
    for row in tidy:
        if row["effect"] == "fixed":
            spread = rows[:, list(fit).index(row["term"])].std(ddof=1)
            assert abs(row["bias"]) < 1e-12
            assert abs(row["std.error"] / spread - 1) < 1e-9, "shifted, no more"
        elif row["effect"] == "quantity":
            assert abs(row["bias"]) < 1e-12
    assert {"tau^2", "sigma^2"} <= {row["term"] for row in tidy}
