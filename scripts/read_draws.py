# SPDX-License-Identifier: MIT
"""Draws of merit sample for ArviZ, xarray and pandas.

    import read_draws                              # scripts/ on PYTHONPATH
    posterior, sample_stats = read_draws.datasets("posterior.h5")
    posterior["sd__(Intercept)"].mean()            # an xarray DataArray: chain x draw
    arviz.InferenceData(posterior=posterior, sample_stats=sample_stats)
    read_draws.datasets("posterior.h5")[0].to_netcdf("posterior.nc", group="posterior")

(Intercept) is named Intercept: netCDF wants names that begin with a letter, a digit or _. Group
intercepts, where their draws are stored, are one variable with the groups' names as a coordinate.
Needs h5py and xarray.
"""

import h5py
import numpy as np
import xarray as xr


def _variable_name(column, dimensions):
    """A column's name as netCDF takes it, and different from those of the dimensions."""
    if column == "(Intercept)":
        return "Intercept"
    name = column.replace("/", ":")
    return name if (name[0].isalnum() or name[0] == "_") and name not in dimensions else "b_" + name


def datasets(path):
    """The xarray Datasets `posterior` and `sample_stats` of a finished result file."""
    with h5py.File(path, "r") as file:
        if "draws" not in file:
            raise ValueError(f"{path}: holds no draws; expected a result of merit sample")
        group = file["draws"]
        if not (group["committed"][:] == 1).all():
            raise ValueError(f"{path}: not all draws are there: merit sample … --resume goes on")
        chains = int(group.attrs["num_chains"])
        columns = [str(name) for name in group["value"].attrs["columns"]]
        value = group["value"][:].reshape(chains, -1, len(columns))
        status = group["status"][:].reshape(chains, -1)
        log_likelihood = group["log_likelihood"][:].reshape(chains, -1)
        fit = file["fit"]
        name, levels = str(fit.attrs["group"]), [str(x) for x in fit["groups/level"].asstr()[:]]
        about = {"formula": str(file["job"].attrs["formula"]),
                 "family": str(file["job"].attrs["family"]),
                 "inference_library": "merit",
                 "sampler": str(file["sampler"].attrs["method"])}
        priors = zip(file["prior/parameter"].asstr()[:], file["prior/distribution"].asstr()[:])
        about["priors"] = "; ".join(f"{parameter} ~ {prior}" for parameter, prior in priors)

    at = {"chain": np.arange(chains), "draw": np.arange(value.shape[1])}
    parameters = columns.index("lprior")
    variables = {_variable_name(column, {"chain", "draw", name}): (("chain", "draw"), value[..., i])
                 for i, column in enumerate(columns[:parameters])}
    groups = {}
    if len(columns) > parameters + 1:
        variables[f"r_{name}"] = (("chain", "draw", name), value[..., parameters + 1:])
        groups = {name: levels}
    posterior = xr.Dataset(variables, coords={**at, **groups}, attrs=about)
    lprior = value[..., parameters]
    sample_stats = xr.Dataset({"lp": (("chain", "draw"), log_likelihood + lprior),
                               "lprior": (("chain", "draw"), lprior),
                               "log_likelihood": (("chain", "draw"), log_likelihood),
                               "accepted": (("chain", "draw"), status == 0)}, coords=at)
    return posterior, sample_stats
