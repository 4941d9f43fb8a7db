# SPDX-License-Identifier: MIT
"""Draws in the hands of xarray, netCDF4 and R's package posterior: the same numbers, and the same
diagnostics as merit's own."""

import csv
import io
import subprocess
import sys

import h5py
import numpy as np
import pytest
from program import ROOT, RSCRIPT, merit, merit_json, two_level, write_group

sys.path.insert(0, str(ROOT / "scripts"))


@pytest.fixture(scope="module", name="result")
def fixture_result(tmp_path_factory):
    place = tmp_path_factory.mktemp("draws")
    write_group(place / "study.h5", two_level(9, 12))
    path = place / "draws.h5"
    report = merit_json("sample", place / "study.h5", "y ~ x + w + (1 | g)", "--draws", 301,
                        "--chains", 3, "--save-groups", "draws", "--output", path)
    return path, report


def test_xarray_and_netcdf4(result, tmp_path):
    pytest.importorskip("xarray")
    netcdf4 = pytest.importorskip("netCDF4")
    import read_draws  # needs xarray
    path, report = result
    posterior, stats = read_draws.datasets(path)
    assert dict(posterior.sizes) == {"chain": 3, "draw": 301, "g": 9}
    with h5py.File(path) as file:
        value = file["draws/value"][:].reshape(3, 301, -1)
        log_likelihood = file["draws/log_likelihood"][:].reshape(3, 301)
    assert (posterior["x"].values == value[:, :, 1]).all()
    assert (posterior["r_g"].sel(chain=2, draw=7, g="4").values == value[2, 7, 6 + 4]).all()
    assert (stats["lp"].values == log_likelihood + value[:, :, 5]).all()
    assert stats["accepted"].values.all()
    rows = {row["term"]: row for row in report["tidy"] if row["effect"] != "ran_vals"}
    for term, row in rows.items():
        name = "Intercept" if term == "(Intercept)" else term
        assert float(posterior[name].mean()) == pytest.approx(row["estimate"], rel=1e-12)
    posterior.to_netcdf(tmp_path / "a.nc", group="posterior", engine="netcdf4")
    with netcdf4.Dataset(tmp_path / "a.nc") as file:
        group = file["posterior"]
        assert list(group["g"][:]) == [str(g) for g in range(9)]
        assert (group["r_g"][:] == value[:, :, 6:]).all()


def test_of_another_command_or_unfinished(result, tmp_path):
    pytest.importorskip("xarray")
    import read_draws  # needs xarray
    fit = tmp_path / "fit.h5"
    merit("fit", result[0].parent / "study.h5", "y ~ x + (1 | g)", "--output", fit)
    with pytest.raises(ValueError, match="holds no draws"):
        read_draws.datasets(fit)


def has_posterior():
    command = [RSCRIPT, "--vanilla", "-e", "library(rhdf5); library(posterior)"]
    return bool(RSCRIPT) and subprocess.run(command, capture_output=True,
                                            check=False).returncode == 0


@pytest.mark.skipif(not has_posterior(), reason="no Rscript with rhdf5 and posterior")
def test_package_posterior_says_the_same(result):
    path, report = result
    script = (f'source("{ROOT / "scripts" / "read_draws.R"}"); x <- read_draws("{path}"); '
              's <- posterior::summarise_draws(x, "mean", "sd", "rhat", "ess_bulk", "ess_tail", '
              '"mcse_mean"); s[-1] <- lapply(s[-1], as.numeric); options(digits = 17); '
              'write.csv(as.data.frame(s), row.names = FALSE)')
    done = subprocess.run([RSCRIPT, "--vanilla", "-e", script], text=True, capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    theirs = {row["variable"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    for row in report["tidy"]:
        name = row["term"] if row["effect"] != "ran_vals" else f"r_g[{row['level']}]"
        pairs = {"mean": "estimate", "sd": "std.error", "rhat": "rhat", "ess_bulk": "ess_bulk",
                 "ess_tail": "ess_tail", "mcse_mean": "mcse"}
        for their_name, our_name in pairs.items():
            assert row[our_name] == pytest.approx(float(theirs[name][their_name]), rel=1e-8), name
    assert np.isfinite([row["rhat"] for row in report["tidy"]]).all()
