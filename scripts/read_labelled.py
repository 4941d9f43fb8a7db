# SPDX-License-Identifier: MIT
"""Reads Stata and SPSS files, whose numbers may carry value labels.

A column whose values all have labels becomes a categorical column with one level per label,
in the order of the codes; one with some labelled values only (a scale labelled at its ends)
keeps its numbers. Dates become days since 1970-01-01.
"""

import csv
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

from command_line import DataError, InputError, some
from tables import Column, code_type, number_as_text, with_levels

STATA_MISSING = 2_147_483_621   # value labels from here on are those of ., .a, …, .z


def read_labelled(path, numeric=()):
    """{name: Column} of a .dta or .sav file; `numeric` columns keep their codes."""
    read = _read_dta if path.lower().endswith(".dta") else _read_sav
    frame, labels = read(path)
    file = os.path.basename(path)
    return {str(name): _column(file, str(name), frame[name], labels.get(name), name in numeric)
            for name in frame.columns}


def _column(file, name, series, labels, as_numbers):
    if series.dtype.kind == "M":
        days = (series - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
        return Column(days.to_numpy(np.float64))
    is_text = series.dtype.kind == "O"
    if is_text:
        series = series.where(series != "", None)       # both programs store missing as ""
    if not labels or as_numbers:
        if is_text:
            codes, levels = pd.factorize(series)
            return with_levels(Column(codes, [str(level) for level in levels]),
                               sorted(str(level) for level in levels))
        return Column(_numbers(series), labels=labels)
    levels = [labels[code] for code in sorted(labels)]
    twice = sorted({level for level in levels if levels.count(level) > 1})
    if twice:
        codes = [code for code in sorted(labels) if labels[code] == twice[0]]
        raise DataError(f"{file}: column '{name}' has the value label '{twice[0]}' for the "
                        f"codes {some(map(_text, codes))}: give each its own label")
    position = {code: at for at, code in enumerate(sorted(labels))}
    values = series.map(position)
    unlabelled = series[values.isna() & series.notna()]
    if unlabelled.empty:
        values = values.fillna(-1).to_numpy().astype(code_type(len(levels)))
        return Column(values, levels, labels=labels)
    if is_text:
        raise DataError(f"{file}: column '{name}' has the value '{unlabelled.iloc[0]}', which "
                        "has no value label while others have one")
    print(f"{file}: column '{name}' keeps its numbers: {some(map(_text, unlabelled.unique()))} "
          "without a value label", file=sys.stderr)
    return Column(_numbers(series), labels=labels)


def _text(code):
    return code if isinstance(code, str) else number_as_text(code)


def _numbers(series):
    """float64, or int64 where every value is stored as an integer."""
    values = series.to_numpy()
    return values.astype(np.int64 if values.dtype.kind in "iub" else np.float64)


def _read_dta(path):
    try:
        with pd.io.stata.StataReader(path, convert_categoricals=False) as reader:
            frame = reader.read()
            sets = reader.value_labels()
            # Which set a column uses has no public name, and two spellings.
            used = getattr(reader, "_lbllist", None) or getattr(reader, "lbllist", [])
    except (ValueError, KeyError, IndexError, UnicodeError, OverflowError) as error:
        raise DataError(f"{os.path.basename(path)}: is not a Stata file that can be read: "
                        f"{str(error).splitlines()[0] if str(error) else error!r}") from None
    except Exception as error:  # struct.error from a truncated file
        raise DataError(f"{os.path.basename(path)}: is a damaged Stata file ({error})") from None
    labels = {}
    for name, label_set in zip(frame.columns, used):
        found = {code: text for code, text in sets.get(label_set, {}).items()
                 if code < STATA_MISSING}
        if found:
            labels[name] = found
    return frame, labels


def _read_sav(path):
    try:
        import pyreadstat
    except ImportError:
        return _read_sav_with_haven(path)
    try:
        frame, meta = pyreadstat.read_sav(path, dates_as_pandas_datetime=True)
    except Exception as error:
        raise DataError(f"{os.path.basename(path)}: is not an SPSS file that can be read: "
                        f"{error}") from None
    return frame, meta.variable_value_labels


# haven reads the .sav; a .dta with plain names carries the numbers exactly, and a text file
# what Stata could not hold: names, and labels of any code.
_HAVEN = r"""
path <- commandArgs(TRUE)
if (!requireNamespace("haven", quietly = TRUE)) quit(status = 9)
d <- haven::read_sav(path[1])
lines <- character()
note <- function(...) lines[length(lines) + 1] <<-
  paste0('"', gsub('"', '""', enc2utf8(c(...)), fixed = TRUE), '"', collapse = ",")
for (i in seq_along(d)) {
  note("name", i, names(d)[i])
  l <- attr(d[[i]], "labels")
  code <- if (is.character(l)) unname(l) else sprintf("%.17g", l)
  for (k in seq_along(l)) note("label", i, code[k], names(l)[k])
  x <- d[[i]]
  d[[i]] <- if (is.character(x)) as.character(x)
    else if (inherits(x, "POSIXct")) as.double(x) / 86400 else as.double(x)
}
names(d) <- sprintf("v%d", seq_along(d))
haven::write_dta(d, path[2], version = 14)
con <- file(path[3], "wb")
writeLines(lines, con, useBytes = TRUE)
close(con)
"""


def _read_sav_with_haven(path):
    install = ("apt-get install r-cran-haven (or pip install pyreadstat), or save the file "
               "as .dta or .csv")
    rscript = shutil.which("Rscript")
    if not rscript:
        raise InputError(f"{path}: SPSS files need R with haven: {install}")
    with tempfile.TemporaryDirectory() as folder:
        data, notes = os.path.join(folder, "d.dta"), os.path.join(folder, "d.csv")
        done = subprocess.run([rscript, "--vanilla", "-e", _HAVEN, path, data, notes],
                              env={**os.environ, "LC_ALL": "C.UTF-8"},  # R in C writes <e9>
                              capture_output=True, text=True, errors="replace")
        if done.returncode == 9:
            raise InputError(f"{path}: SPSS files need R's package haven: {install}")
        if done.returncode:
            said = [line for line in done.stderr.strip().splitlines() if line.strip()]
            why = next((line for line in said if "Failed to parse" in line),
                       " ".join(said[-2:]) or "R failed")
            raise DataError(f"{os.path.basename(path)}: is not an SPSS file that can be read: "
                            f"{why.strip().replace(path, 'the file')}")
        frame, _ = _read_dta(data)
        names, labels = {}, {}
        with open(notes, encoding="utf-8", newline="") as file:
            for kind, column, *rest in csv.reader(file):
                if kind == "name":
                    names[f"v{column}"] = rest[0]
                else:
                    is_text = frame[f"v{column}"].dtype.kind == "O"
                    code = rest[0] if is_text else float(rest[0])
                    labels.setdefault(names[f"v{column}"], {})[code] = rest[1]
    return frame.rename(columns=names), labels
