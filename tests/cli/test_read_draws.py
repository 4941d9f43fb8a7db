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
from program import (ROOT, RSCRIPT, USAGE, check_refusal, merit, merit_json, two_level,
                     write_group)

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


def test_loo_and_checks(tmp_path):
    """As ArviZ's ELPDData and InferenceData name them: the JSON's sums, and the values in the file."""
    pytest.importorskip("xarray")
    import read_draws  # needs xarray
    write_group(tmp_path / "study.h5", two_level(9, 12))
    report = merit_json("sample", tmp_path / "study.h5", "y ~ x + (1 | g)", "--draws", 301, "--chains",
                        3, "--loo", "both", "--ppc", "--output", tmp_path / "a.h5")
    for of in report["loo"]:
        loo = read_draws.loo(tmp_path / "a.h5", of["unit"])
        assert [loo["elpd"], loo["se"]] == pytest.approx([*of["elpd_loo"].values()])
        assert loo["p"] == pytest.approx(of["p_loo"]["estimate"])
        assert (loo["n_samples"], loo["n_data_points"], loo["scale"]) == (903, of["n"], "log")
        assert loo["good_k"] == pytest.approx(of["pareto_k"]["threshold"])
        assert loo["warning"] == (of["pareto_k"]["good"] < of["n"])
        assert float(loo["pareto_k"].max()) == of["pareto_k"]["largest"]
        of_g3 = loo["elpd_i"].where(loo["elpd_i"]["level"] == "3", drop=True)
        assert of_g3.size == (12 if of["unit"] == "rows" else 1)
    replicated, observed = read_draws.predictive(tmp_path / "a.h5")
    assert dict(replicated.sizes) == {"chain": 3, "draw": 301}
    for of in report["ppc"][0]["statistics"]:
        name = of["statistic"]
        assert float(observed[name]) == of["observed"]
        assert float((replicated[name] >= observed[name]).mean()) == of["p.value"]
    fit = tmp_path / "plain.h5"
    merit("sample", tmp_path / "study.h5", "y ~ x + (1 | g)", "--draws", 10, "--output", fit, code=None)
    with pytest.raises(ValueError, match="--loo rows"):
        read_draws.loo(fit)
    with pytest.raises(ValueError, match="--ppc"):
        read_draws.predictive(fit)


def test_of_another_command_or_unfinished(result, tmp_path):
    pytest.importorskip("xarray")
    import read_draws  # needs xarray
    fit = tmp_path / "fit.h5"
    merit("fit", result[0].parent / "study.h5", "y ~ x + (1 | g)", "--output", fit)
    with pytest.raises(ValueError, match="holds no draws"):
        read_draws.datasets(fit)


def has_r(*packages):
    command = [RSCRIPT, "--vanilla", "-e", "; ".join(f"library({name})" for name in packages)]
    return bool(RSCRIPT) and subprocess.run(command, capture_output=True,
                                            check=False).returncode == 0


@pytest.mark.skipif(not has_r("rhdf5", "posterior"), reason="no Rscript with rhdf5 and posterior")
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


@pytest.fixture(scope="module", name="chains")
def fixture_chains(tmp_path_factory):
    """(directory of CmdStan files, the result file they are from)."""
    place = tmp_path_factory.mktemp("cmdstan")
    study = write_group(place / "study.h5", two_level(9, 12))
    merit("sample", study, "y ~ x + w + (1 | g)", "--draws", 301, "--chains", 3, "--save-groups",
          "draws", "--output", place / "draws.h5", "--cmdstan-csv", place / "chains")
    check_refusal(merit("sample", study, "y ~ x + w + (1 | g)", "--output", place / "b.h5",
                        "--cmdstan-csv", place / "chains", code=USAGE),
                  "holds chains already; --overwrite")
    return place / "chains", place / "draws.h5"


def test_cmdstan_files_hold_the_draws(chains):
    directory, path = chains
    assert sorted(file.name for file in directory.iterdir()) == [
        "chain-1.csv", "chain-2.csv", "chain-3.csv", "labels.csv"]
    with h5py.File(path) as file:
        value = file["draws/value"][:].reshape(3, 301, -1)
        log_likelihood = file["draws/log_likelihood"][:].reshape(3, 301)
        columns = list(file["draws/value"].attrs["columns"])
    labels = dict(csv.reader((directory / "labels.csv").read_text().splitlines()[1:]))
    assert [*labels][:6] == ["Intercept", "beta.1", "beta.2", "sd_intercept", "sigma", "lprior"]
    assert [*labels.values()] == columns
    for chain in range(3):
        lines = [line for line in (directory / f"chain-{chain + 1}.csv").read_text().splitlines()
                 if not line.startswith("#")]
        names = lines[0].split(",")
        draws = np.array([line.split(",") for line in lines[1:]], dtype=float)
        assert names[:2] == ["lp__", "accept_stat__"] and draws.shape == (301, len(names))
        assert (draws[:, 0] == log_likelihood[chain] + value[chain, :, 5]).all()
        assert (draws[:, 1] == 1).all()
        assert (draws[:, names.index("log_posterior")] == draws[:, 0]).all()
        for name, column in labels.items():
            assert (draws[:, names.index(name)] == value[chain, :, columns.index(column)]).all()


@pytest.mark.skipif(not has_r("rstan"), reason="no Rscript with rstan")
def test_rstan_reads_them(chains):
    directory, path = chains
    script = (f'fit <- rstan::read_stan_csv(list.files("{directory}", "^chain", full.names = TRUE)); '
              'x <- rstan::extract(fit, "beta", permuted = FALSE); options(digits = 17); '
              'cat(dim(x), colMeans(x)[, 2], dim(rstan::extract(fit, "u")$u), "\\n")')
    done = subprocess.run([RSCRIPT, "--vanilla", "-e", script], text=True, capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    numbers = [float(word) for word in done.stdout.split()]
    with h5py.File(path) as file:
        means = file["draws/value"][:].reshape(3, 301, -1)[:, :, 2].mean(axis=1)
    assert numbers[:3] == [301, 3, 2] and numbers[6:] == [903, 9]
    assert numbers[3:6] == pytest.approx(means, rel=1e-12)
