# SPDX-License-Identifier: MIT
"""Draws of merit sample for ArviZ, xarray and pandas.

    import read_draws                              # scripts/ on PYTHONPATH
    posterior, sample_stats = read_draws.datasets("posterior.h5")
    posterior["sd__(Intercept)"].mean()            # an xarray DataArray: chain x draw
    arviz.InferenceData(posterior=posterior, sample_stats=sample_stats)
    read_draws.datasets("posterior.h5")[0].to_netcdf("posterior.nc", group="posterior")
    replicated, observed = read_draws.predictive("posterior.h5")       # after --ppc
    arviz_stats.utils.ELPDData(**read_draws.loo("posterior.h5"))       # after --loo

`merit sample --netcdf` writes the same groups without Python. (Intercept) is named Intercept: netCDF wants names that begin with a letter, a digit or _. Group
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


def _finished_draws(file):
    """/draws, all of which have to be there."""
    if "draws" not in file:
        raise ValueError(f"{file.filename}: holds no draws; expected a result of merit sample")
    if not (file["draws/committed"][:] == 1).all():
        raise ValueError(f"{file.filename}: not all draws are there: merit sample … --resume goes on")
    return file["draws"]


def datasets(path):
    """The xarray Datasets `posterior` and `sample_stats` of a finished result file."""
    with h5py.File(path, "r") as file:
        group = _finished_draws(file)
        chains = int(group.attrs["num_chains"])
        columns = [str(name) for name in group["value"].attrs["columns"]]
        value = group["value"][:].reshape(chains, -1, len(columns))
        status = group["status"][:].reshape(chains, -1)
        log_likelihood = group["log_likelihood"][:].reshape(chains, -1)
        fit = file["fit"]
        name = _variable_name(str(fit.attrs["group"]), {"chain", "draw"})
        levels = [str(x) for x in fit["groups/level"].asstr()[:]]
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


def predictive(path):
    """After --ppc, the xarray Datasets `posterior_predictive` and `observed_data` of the checked
    statistics: T(y_rep) of every draw, and T(y). What ArviZ calls data are statistics here."""
    with h5py.File(path, "r") as file:
        chains = int(_finished_draws(file).attrs["num_chains"])
        if "ppc" not in file:
            raise ValueError(f"{path}: holds no predictive checks; they come with --ppc")
        names = [str(name) for name in file["ppc/statistics/statistic"].asstr()[:]]
        observed = dict(zip(names, file["ppc/statistics/observed"][:]))
        drawn = {name: file[f"ppc/draws/{name}"][:].reshape(chains, -1) for name in names}
    at = {"chain": np.arange(chains), "draw": np.arange(drawn[names[0]].shape[1])}
    replicated = xr.Dataset({name: (("chain", "draw"), drawn[name]) for name in names}, coords=at)
    return replicated, xr.Dataset(observed)


def loo(path, unit="rows"):
    """After --loo, what ArviZ's ELPDData holds, by its names: elpd, se, p, elpd_i, pareto_k, …

    unit  `rows`, left out given their groups' intercepts, or `groups`, left out whole
    """
    with h5py.File(path, "r") as file:
        samples = _finished_draws(file)["status"].size
        if f"loo/{unit}" not in file:
            raise ValueError(f"{path}: has not left out {unit}; that comes with --loo {unit}")
        table = {name: file[f"loo/{unit}/{name}"][:] for name in ("elpd_loo", "p_loo", "pareto_k")}
        group = file[f"loo/{unit}/group"][:]
        levels = np.array([str(x) for x in file["fit/groups/level"].asstr()[:]])
    good_k = min(1 - 1 / np.log10(samples), 0.7)
    elpd, n = table["elpd_loo"], group.size
    at = {"unit": np.arange(n), "level": ("unit", levels[group])}
    return {"kind": "loo", "elpd": elpd.sum(), "se": (n * elpd.var(ddof=1)) ** 0.5,
            "p": table["p_loo"].sum(), "n_samples": samples, "n_data_points": n, "scale": "log",
            "warning": bool((table["pareto_k"] > good_k).any()), "good_k": good_k,
            "elpd_i": xr.DataArray(elpd, dims="unit", coords=at),
            "pareto_k": xr.DataArray(table["pareto_k"], dims="unit", coords=at)}
