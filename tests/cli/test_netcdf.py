# SPDX-License-Identifier: MIT
"""merit sample --netcdf: draws as ArviZ keeps them, in the hands of h5py, netCDF4 and xarray."""

import sys

import h5py
import numpy as np
import pytest
from program import ROOT, USAGE, check_refusal, merit, two_level, write_group

sys.path.insert(0, str(ROOT / "scripts"))

FORMULA = "y ~ x + I(w/2) + (1 | g)"


@pytest.fixture(scope="module", name="result")
def fixture_result(tmp_path_factory):
    """(result file, netCDF file, snapshot)"""
    place = tmp_path_factory.mktemp("netcdf")
    study = write_group(place / "study.h5", two_level(9, 12))
    merit("sample", study, FORMULA, "--draws", 301, "--chains", 3, "--save-groups", "draws", "--ppc",
          "--output", place / "a.h5", "--netcdf", place / "a.nc")
    return place / "a.h5", place / "a.nc", study


def test_what_is_in_it(result):
    """HDF5's own account: every axis has its dimension scale, every scale knows its users."""
    with h5py.File(result[0]) as file, h5py.File(result[1]) as nc:
        assert nc.attrs["_NCProperties"].startswith(b"version=2,merit=")
        value = file["draws/value"][:].reshape(3, 301, -1)
        columns = list(file["draws/value"].attrs["columns"])
        log_likelihood = file["draws/log_likelihood"][:].reshape(3, 301)
        posterior, stats = nc["posterior"], nc["sample_stats"]
        names = {"(Intercept)": "Intercept", "I(w/2)": "I(w:2)"}
        prior = columns.index("lprior")
        assert set(posterior) == {"chain", "draw", "g", "r_g",
                                  *(names.get(name, name) for name in columns[:prior])}
        for i, name in enumerate(columns[:prior]):
            assert (posterior[names.get(name, name)][:] == value[:, :, i]).all()
        assert (posterior["r_g"][:] == value[:, :, prior + 1:]).all()
        assert [scales[0].name for scales in posterior["r_g"].dims] == [
            "/posterior/chain", "/posterior/draw", "/posterior/g"]
        assert posterior["g"].asstr()[:].tolist() == [str(j) for j in range(9)]
        assert len(posterior["chain"].attrs["REFERENCE_LIST"]) == 6
        users = {nc[reference].name for reference, _ in posterior["draw"].attrs["REFERENCE_LIST"]}
        assert users == {item.name for name, item in posterior.items() if "chain" != name
                         and item.ndim > 1}
        assert (stats["lprior"][:] == value[:, :, prior]).all()
        assert (stats["lp"][:] == value[:, :, prior] + log_likelihood).all()
        assert (stats["log_likelihood"][:] == log_likelihood).all() and stats["accepted"][:].all()
        dimensions = [item for group in nc.values() for item in group.values()
                      if isinstance(item, h5py.Dataset) and h5py.h5ds.is_scale(item.id)]
        assert sorted(item.attrs["_Netcdf4Dimid"] for item in dimensions) == list(range(7))
        for i, name in enumerate(file["ppc/statistics/statistic"].asstr()[:]):
            drawn = file[f"ppc/draws/{name}"][:].reshape(3, 301)
            assert (nc[f"posterior_predictive/{name}"][:] == drawn).all()
            assert nc[f"observed_data/{name}"][()] == file["ppc/statistics/observed"][i]


def test_netcdf4_and_xarray(result, tmp_path):
    netcdf4 = pytest.importorskip("netCDF4")
    xarray = pytest.importorskip("xarray")
    import read_draws  # needs xarray
    expected = read_draws.datasets(result[0])
    for group, dataset in zip(["posterior", "sample_stats"], expected):
        with xarray.open_dataset(result[1], group=group, engine="netcdf4") as found:
            assert set(found.variables) == set(dataset.variables)
            for name, values in dataset.variables.items():
                assert found[name].dims == values.dims
                assert found[name].dtype == values.dtype or values.dtype.kind in "UO"
                assert (found[name].values == values.values).all(), name
            assert found.attrs["inference_library"] == "merit"
            assert group == "sample_stats" or found.attrs["priors"] == dataset.attrs["priors"]
    # Groups in the order of their creation, and open for what others want to add.
    copy = tmp_path / "copy.nc"
    copy.write_bytes(result[1].read_bytes())
    with netcdf4.Dataset(copy, "a") as file:
        assert list(file.groups) == ["posterior", "sample_stats", "posterior_predictive",
                                     "observed_data"]
        assert list(file["posterior"].dimensions) == ["chain", "draw", "g"]
        file["posterior"].createVariable("more", "f8", ("chain",))[:] = np.arange(3.0)
    with netcdf4.Dataset(copy) as file:
        assert (file["posterior/more"][:] == [0, 1, 2]).all()


def test_same_bytes_of_the_prior_and_what_is_refused(result, tmp_path):
    _, netcdf, study = result
    options = ["sample", study, FORMULA, "--draws", 301, "--chains", 3, "--save-groups", "draws",
               "--ppc"]
    merit(*options, "--output", tmp_path / "b.h5", "--netcdf", tmp_path / "b.nc", ranks=2)
    assert (tmp_path / "b.nc").read_bytes() == netcdf.read_bytes()
    merit("sample", study, FORMULA, "--prior", "rstanarm", "--prior-only", "--ppc", "--output",
          tmp_path / "c.h5", "--netcdf", tmp_path / "c.nc", code=None)
    with h5py.File(tmp_path / "c.nc") as nc:
        assert set(nc) == {"prior", "sample_stats_prior", "prior_predictive", "observed_data"}
        assert "r_g" not in nc["prior"] and "g" not in nc["prior"]
    again = [*options, "--output", tmp_path / "d.h5", "--netcdf", netcdf]
    check_refusal(merit(*again, code=USAGE), "--netcdf", "exists; --overwrite replaces it")
    check_refusal(merit(*options, "--output", tmp_path / "d.h5", "--netcdf", tmp_path, code=USAGE),
                  "is a directory")
    (tmp_path / "priors.toml").write_text('wide = "sd~half_t(3, 5)"\n')
    check_refusal(merit(*options, "--prior-grid", tmp_path / "priors.toml", "--output",
                        tmp_path / "d.h5", "--netcdf", tmp_path / "d.nc", code=USAGE),
                  "--netcdf", "--prior-grid")


def test_what_is_there_stays(result, tmp_path):
    """The snapshot, the result and whatever else is no netCDF, also with --overwrite or --resume."""
    study, output = tmp_path / "study.h5", tmp_path / "a.h5"
    study.write_bytes(result[2].read_bytes())
    kept = study.read_bytes()
    options = ["sample", study, "y ~ 1 + (1 | g)", "--draws", 100]
    (tmp_path / "link.h5").symlink_to(study)
    (tmp_path / "draft.nc.new").hardlink_to(study)
    for name, reason in [("study.h5", "replace the snapshot"), ("./study.h5", "replace the snapshot"),
                         ("link.h5", "replace the snapshot"), ("draft.nc", "replace the snapshot"),
                         ("a.h5", "replace the result"), ("./a.h5", "replace the result"),
                         ("a.h5.parts/x.nc", "replace the result"),
                         ("a.h5.parts", "replace the result")]:
        for how in ("--overwrite", "--resume"):
            done = merit(*options, "--output", output, how, "--netcdf", f"{tmp_path}/{name}",
                         code=USAGE)
            check_refusal(done, "--netcdf", reason)
            assert not output.exists() and study.read_bytes() == kept
    for other in ("notes.txt", "other.h5"):
        (tmp_path / other).write_bytes(b"notes" if other == "notes.txt" else kept)
        done = merit(*options, "--output", output, "--overwrite", "--netcdf", tmp_path / other,
                     code=USAGE)
        check_refusal(done, "is no netCDF-4 file")
    check_refusal(merit(*options, "--output", output, "--netcdf", "", code=USAGE), "--netcdf ''")
    nowhere = tmp_path / "nowhere" / "a.nc"
    check_refusal(merit(*options, "--output", output, "--netcdf", nowhere, code=74), str(nowhere),
                  "does not exist")
    assert not output.exists()
    merit(*options, "--output", output, "--netcdf", tmp_path / "a.nc")
    merit(*options, "--output", output, "--overwrite", "--netcdf", tmp_path / "a.nc")


def test_names_that_clash(tmp_path):
    columns = two_level(9, 12)
    rng = np.random.default_rng(4)
    columns |= {name: rng.normal(size=columns["y"].size) for name in ("Intercept", "r_g", "chain")}
    study = write_group(tmp_path / "study.h5", columns)
    merit("sample", study, "y ~ Intercept + r_g + chain + (1 | g)", "--draws", 100, "--chains", 3,
          "--save-groups", "draws", "--output", tmp_path / "a.h5", "--netcdf", tmp_path / "a.nc")
    with h5py.File(tmp_path / "a.h5") as file, h5py.File(tmp_path / "a.nc") as nc:
        value = file["draws/value"][:].reshape(3, 100, -1)
        columns = list(file["draws/value"].attrs["columns"])
        for column, name in {"(Intercept)": "Intercept", "Intercept": "b_Intercept",
                             "r_g": "b_r_g", "chain": "b_chain"}.items():
            assert (nc[f"posterior/{name}"][:] == value[:, :, columns.index(column)]).all()
        assert (nc["posterior/r_g"][:] == value[:, :, columns.index("lprior") + 1:]).all()
