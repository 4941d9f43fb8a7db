# SPDX-License-Identifier: MIT
"""Reads the example of result_store_test.cpp with h5py: read_result.py FILE."""

import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "r") as f:
    # The one-liner that users are promised.
    estimate = f["replicates/estimate"][:]
    assert estimate.shape == (10, 4) and estimate.dtype == np.float64
    for r in range(10):
        if r == 3:
            assert np.isnan(estimate[r]).all()
        else:
            np.testing.assert_array_equal(estimate[r], [100 * r + c + 0.1 for c in range(4)])
    columns = ["(Intercept)", "größe", "sd__(Intercept)", "sd__Observation"]
    assert list(f["replicates/estimate"].attrs["columns"]) == columns
    np.testing.assert_array_equal(f["replicates/std_error"][9], [9 + 0.25, 9 + 1.25])
    np.testing.assert_array_equal(f["replicates/log_likelihood"][:], -np.arange(10.0))
    assert list(f["replicates/status"][:]) == [0, 1, 0, 3, 0, 0, 0, 0, 0, 0]
    assert f["replicates/status"].attrs["codes"][3] == "collinear"
    assert list(f["replicates/committed"][:]) == [1, 1, 1]
    shape = f["replicates"].attrs
    assert shape["block_rows"] == 4 and shape["num_replicates"] == 10
    assert shape["shard"] == 1 and shape["num_shards"] == 1
    assert f["replicates/checksum"].dtype == np.uint64

    assert f.attrs["format"] == "merit-result" and f.attrs["format_version"] == 2
    assert f.attrs["command"] == "bootstrap"
    job = f["job"].attrs
    assert job["formula"] == "y ~ größe + (1 | school)" and job["seed"] == -5
    assert job["where"] == "" and job["drop_collinear"] == 0 and job["level"] == 0.95

    fit = f["fit"]
    assert [t.decode() for t in fit["term"][:]] == columns[:2]
    np.testing.assert_array_equal(fit["estimate"][:], [1.5, -2.5])
    np.testing.assert_array_equal(fit["vcov"][:], [[4.0, 0.5], [0.5, 9.0]])
    np.testing.assert_array_equal(fit["std_error"][:], [2.0, 3.0])
    assert fit.attrs["sigma"] == 3.0 and fit.attrs["tau"] == 0.75
    assert fit.attrs["nobs"] == 60 and fit.attrs["ngroups"] == 3
    assert [t.decode() for t in fit["groups/level"][:]] == ["a", "", "ç"]
    np.testing.assert_array_equal(fit["groups/size"][:], [10, 20, 30])
    np.testing.assert_array_equal(fit["groups/mode"][:], [0.25, -0.5, 0.25])
    np.testing.assert_array_equal(fit["rows_dropped/count"][:], [2, 0])
    assert f["provenance"].attrs["ranks"] == 2
    sessions = f["provenance/sessions"]
    assert sessions["started"][0] == b"2026-01-02T03:04:05Z" and sessions["started"][1] == b""
    assert sessions["batch_job"][0] == b"slurm 7" and sessions["threads"][0] == 8
    assert sessions["replicates"][0] == 10 and sessions["seconds"][0] >= 1000.0
