# SPDX-License-Identifier: MIT
"""Writes columns as CSV, Stata .dta or SPSS .sav, as a survey office would deliver them."""

import os
import shutil
import subprocess

import numpy as np
import pandas as pd

from command_line import InputError, Replacement


class CsvWriter:
    """Rows of one CSV file, block by block."""

    def __init__(self, path):
        self.path = path
        self.started = False

    def add(self, columns):
        """Appends {name: Column}; doubles in the shortest text that reads back exactly."""
        frame = pd.DataFrame({name: _text(column) for name, column in columns.items()})
        frame.to_csv(self.path, mode="a" if self.started else "w", header=not self.started,
                     index=False)
        self.started = True


def _text(column):
    """Small integers as categories: their text is made once, not once per row."""
    levels, codes = column.levels, column.values
    if levels is None and column.values.dtype.itemsize <= 2:
        top = int(column.values.max(initial=0))
        levels = [str(number) for number in range(top + 1)]
        codes = np.where(column.missing, -1, column.values)
    if levels is None:
        return column.values
    return pd.Categorical.from_codes(codes, list(levels))


def write_labelled(path, columns):
    """One .dta or .sav file (after check_sav()); categories become codes from 1 with labels.

    @throws IoError
    """
    frame, labels = {}, {}
    for name, column in columns.items():
        values = column.values
        if column.levels is not None:
            values = values + 1
            labels[name] = {code + 1: level for code, level in enumerate(column.levels)}
        elif values.dtype == np.int64:
            values = values.astype(np.int32)
        if column.missing.any():
            values = np.where(column.missing, np.nan, values)
        frame[name] = values
    frame = pd.DataFrame(frame)
    with Replacement(path) as temporary:
        if path.endswith(".dta"):
            _write_dta(frame, labels, temporary)
        else:
            _write_sav(frame, labels, temporary)


def _write_dta(frame, labels, path):
    frame.to_stata(path, write_index=False, version=118, value_labels=labels)


def check_sav():
    """@throws InputError saying what to install"""
    rscript = shutil.which("Rscript")
    ask = "quit(status = !requireNamespace('haven', quietly = TRUE))"
    if not rscript or subprocess.run([rscript, "--vanilla", "-e", ask]).returncode:
        raise InputError("writing .sav needs R with haven: apt-get install r-cran-haven")


def _write_sav(frame, labels, path):
    between = path + ".dta"
    try:
        _write_dta(frame, labels, between)
        convert = ("path <- commandArgs(TRUE); "
                   "haven::write_sav(haven::read_dta(path[1]), path[2])")
        done = subprocess.run([shutil.which("Rscript"), "--vanilla", "-e", convert, between,
                               path], capture_output=True, text=True)
        if done.returncode:
            raise OSError(0, done.stderr.strip().splitlines()[-1])
    finally:
        if os.path.exists(between):
            os.remove(between)
