# SPDX-License-Identifier: MIT
"""Reads merit's result files (io/FORMAT.md, version 2) into plain values.

    result = read_result("parametric.h5")
    result.replicates.estimate[:, 0]   # of the first coefficient, without failed replicates

Python users need only h5py for that; this module adds the checks, and what a picture has to say.
"""

import os
from dataclasses import dataclass, field

import h5py
import numpy as np

from command_line import DataError, InputError

FORMAT = "merit-result"
VERSION = 2
TAU, SIGMA = "sd__(Intercept)", "sd__Observation"
FAILED_FROM = 2  # status codes 0 and 1 are "ok" and "boundary", all others failed


@dataclass
class Fit:
    """The fit to the data as they are; J groups, p coefficients, units of the response."""
    term: list            # p names, as in R
    estimate: np.ndarray  # p
    std_error: np.ndarray  # p
    tau: float            # SD of the groups' intercepts
    sigma: float          # residual SD
    group: str            # grouping column
    nobs: int
    level: list           # J names
    size: np.ndarray      # J, rows per group
    mode: np.ndarray      # J, conditional modes of the intercepts
    conditional_sd: np.ndarray  # J

    def of(self, column):
        """(estimate, standard error or NaN) of a column of the replicates."""
        if column in (TAU, SIGMA):
            return (self.tau if column == TAU else self.sigma), np.nan
        at = self.term.index(column)
        return self.estimate[at], self.std_error[at]


@dataclass
class Replicates:
    """What a bootstrap left: only replicates that are done and did not fail."""
    column: list           # p + 2 names: the terms, TAU, SIGMA
    estimate: np.ndarray   # rows × (p + 2)
    num_planned: int
    num_done: int
    num_boundary: int      # τ̂* = 0; among the rows
    failed: dict = field(default_factory=dict)  # {reason: count}; not among the rows


@dataclass
class Result:
    path: str
    job: dict
    provenance: dict
    fit: Fit
    replicates: Replicates = None  # None: of `merit fit`
    data_title: str = ""           # of the snapshot, where that can still be found

    @property
    def synthetic(self):
        """Whether the snapshot's title or the provenance says that the data are synthetic."""
        said = (self.data_title, self.provenance.get("snapshot", ""),
                self.provenance.get("command_line", ""))
        return any("synthetic" in str(text).lower() for text in said)


def read_result(path):
    """@throws InputError if there is no such file; DataError if it is not a result file"""
    if not os.path.exists(path):
        raise InputError(f"{path}: no such file")
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder; give a result file")
    try:
        with open(path, "rb"):
            pass
        if not h5py.is_hdf5(path):
            raise DataError(f"{path}: is not an HDF5 file; expected a result file that merit "
                            "bootstrap or merit fit wrote with --output")
        with h5py.File(path, "r") as file:
            _check_format(path, file)
            job, provenance = (_attributes(file[name]) for name in ("job", "provenance"))
            if "draws" in file:
                raise DataError(f"{path}: holds draws from a posterior (merit sample); expected "
                                "a result of merit bootstrap or merit fit")
            replicates = None
            if "replicates" in file:
                replicates = _read_replicates(path, file["replicates"])
            return Result(path, job, provenance, _read_fit(file["fit"]), replicates,
                          _snapshot_title(path, provenance))
    except OSError as error:
        if error.errno:
            raise InputError(f"{path}: {os.strerror(error.errno)}") from None
        raise DataError(f"{path}: is damaged or truncated ({str(error).splitlines()[0]})") from None
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: lacks what a result file holds "
                        f"({str(error.args[0]).splitlines()[0]})") from None


def _check_format(path, file):
    found = _text(file.attrs.get("format", ""))
    if found != FORMAT:
        raise DataError(f"{path}: is not a result file: its attribute format is '{found}'; "
                        f"expected {FORMAT}")
    version = int(file.attrs["format_version"])
    if version > VERSION:
        raise DataError(f"{path}: has format version {version}; this script reads versions up to "
                        f"{VERSION}: take the script of the merit that wrote the file")


def _read_fit(group):
    attributes = _attributes(group)
    groups = group["groups"]
    return Fit(term=_texts(group["term"]), estimate=group["estimate"][:],
               std_error=group["std_error"][:], tau=float(attributes["tau"]),
               sigma=float(attributes["sigma"]), group=str(attributes["group"]),
               nobs=int(attributes["nobs"]), level=_texts(groups["level"]),
               size=groups["size"][:], mode=groups["mode"][:],
               conditional_sd=groups["conditional_sd"][:])


def _read_replicates(path, group):
    estimate, status = group["estimate"], group["status"][:]
    num_planned = len(status)
    # Rows of blocks that are not marked are undefined: the job is not finished.
    done = np.repeat(group["committed"][:] == 1, int(group.attrs["block_rows"]))[:num_planned]
    if len(done) != num_planned:
        raise ValueError("a mark in replicates/committed for every block")
    names = [_text(name) for name in group["status"].attrs["codes"]]
    codes, counts = np.unique(status[done], return_counts=True)
    count = {names[code]: int(number) for code, number in zip(codes, counts)}
    failed = {name: count[name] for name in names[FAILED_FROM:] if name in count}
    usable = done & (status < FAILED_FROM)
    if not usable.any():
        why = ", ".join(f"{name} {number}" for name, number in failed.items())
        raise DataError(f"{path}: has no replicate to draw: {int(done.sum())} of {num_planned} "
                        f"are done" + (f", and all of them failed ({why})" if why else ""))
    values = estimate[:]
    return Replicates(column=[_text(name) for name in estimate.attrs["columns"]],
                      estimate=values if usable.all() else values[usable],
                      num_planned=num_planned, num_done=int(done.sum()),
                      num_boundary=count.get("boundary", 0), failed=failed)


def _snapshot_title(path, provenance):
    """Title of the snapshot, looked for where it was and beside the result file; or ""."""
    snapshot = str(provenance.get("snapshot", ""))
    beside = os.path.join(os.path.dirname(path), os.path.basename(snapshot))
    for candidate in (snapshot, beside):
        try:
            with h5py.File(candidate, "r") as file:
                return _text(file.attrs.get("title", ""))
        except (OSError, ValueError):
            continue
    return ""


def _attributes(group):
    return {name: _text(value) if isinstance(value, (str, bytes)) else value
            for name, value in group.attrs.items()}


def _texts(dataset):
    return [_text(value) for value in dataset[:]]


def _text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
