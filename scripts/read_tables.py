# SPDX-License-Identifier: MIT
"""Reads CSV, TSV, Stata .dta and SPSS .sav files into a `Table`.

Doubles are exactly the nearest ones to the text. Text columns become categories with their
levels in byte order. Value labels become categories too: see read_labelled.py.
"""

import csv
import hashlib
import os
import re
import warnings

import numpy as np
import pandas as pd

from command_line import DataError, InputError, some
from tables import Column, Table, with_levels

MISSING = ("", "NA", "NaN", "nan", "<NA>", ".")   # text that means a missing value
CHUNK_ROWS = 262_144                              # rows parsed at a time
SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


def read_table(path, text=(), numeric=(), missing=(), separator=None, decimal="."):
    """The whole of one file.

    text      columns to keep as text though they look like numbers ("007", "1.0")
    numeric   columns whose value labels are to be ignored (Stata, SPSS)
    missing   further texts or numbers that mean a missing value (CSV)
    @throws InputError if the file cannot be read, DataError if what it holds is no table
    """
    suffix = os.path.splitext(path)[1].lower()
    known = sorted([*SEPARATORS, ".dta", ".sav"])
    if suffix not in known and separator is None:
        raise InputError(f"{path}: its name must end in one of {', '.join(known)}, "
                         "or give --separator")
    shape = _Shape(separator or SEPARATORS.get(suffix, ""))
    try:
        sha256 = _digest(path, shape)
        if suffix in (".dta", ".sav"):
            from read_labelled import read_labelled
            columns = read_labelled(path, numeric)
        else:
            columns = _read_text(path, shape, set(text), list(missing), decimal)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    table = Table(path, columns, sha256)
    check_names(table.name, list(columns))
    if not table.num_rows:
        raise DataError(f"{table.name}: has a header but no rows")
    return table


def check_names(file, names):
    """@throws DataError for names that HDF5 or a formula could not tell apart"""
    for name in names:
        if name == "":
            raise DataError(f"{file}: a column has no name; a column of row names is left out "
                            "by R's write.csv(…, row.names = FALSE)")
        if name in (".", "..", "_index") or "/" in name or "\0" in name:
            raise DataError(f"{file}: a column cannot be called '{name}': rename it "
                            "(no '/', not '.', not '_index')")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{file}: more than one column is called '{some(twice)}'")
    if len(names) > 4000:  # column-order is an HDF5 attribute, at most 64 KiB
        raise DataError(f"{file}: {len(names)} columns; at most 4000 fit a snapshot")


class _Shape:
    """Counted while the file is hashed: enough to see that no row was cut short."""

    def __init__(self, separator):
        self.separator = separator
        self.separators = self.newlines = self.quotes = 0
        self.last = b"\n"

    def add(self, block):
        self.separators += block.count(self.separator.encode())
        self.newlines += block.count(b"\n")
        self.quotes += block.count(b'"')
        self.last = block[-1:]


def _digest(path, shape):
    sha256 = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 22):
            sha256.update(block)
            if shape.separator:
                shape.add(block)
    return sha256.hexdigest()


class _TextAfterNumbers(Exception):
    """A column that looked like numbers for some rows is text: its "007" was no 7."""


def _read_text(path, shape, text, missing, decimal):
    name = os.path.basename(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter=shape.separator), [])
        if not header:
            raise DataError(f"{name}: is empty; its first line must hold the column names")
        if len(header) == 1 and shape.separator == "," and ";" in header[0]:
            raise DataError(f"{name}: seems to be separated by semicolons: give "
                            "--separator ';' (and --decimal , if numbers look like 3,14)")
        check_names(name, header)
        _check_rectangular(path, shape, len(header))
        while True:
            try:
                return _read_chunks(path, shape.separator, header, text, missing, decimal)
            except _TextAfterNumbers as found:
                text = text | {str(found)}
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: is not UTF-8 text ({error.reason} at byte {error.start} of a "
                        "block): convert it, e.g. iconv -f latin1 -t utf-8") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, csv.Error) as error:
        why = re.sub(r"^Error tokenizing data\. C error: ", "", str(error)).splitlines()[0]
        raise DataError(f"{name}: {why.strip()}") from None


def _check_rectangular(path, shape, width):
    """pandas fills a short row with missing values without a word.

    Without quotes or blank lines, counting separators is proof enough; else read it through.
    @throws DataError naming the first line with another number of fields
    """
    lines = shape.newlines + (shape.last != b"\n")
    if not shape.quotes and shape.separators == (width - 1) * lines:
        return
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=shape.separator)
        for row in reader:
            if row and len(row) != width:
                raise DataError(f"{os.path.basename(path)}: line {reader.line_num} has "
                                f"{len(row)} fields where the header has {width}")


def _read_chunks(path, separator, header, text, missing, decimal):
    builders = {name: _Builder(name) for name in header}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        chunks = pd.read_csv(
            path, sep=separator, decimal=decimal, encoding="utf-8-sig", index_col=False,
            dtype={name: "category" for name in text if name in builders},
            na_values=[*MISSING, *missing], keep_default_na=False,
            float_precision="round_trip",  # the default parser is off by an ulp at times
            low_memory=False,              # one type per chunk and column
            chunksize=CHUNK_ROWS)
        for chunk in chunks:
            for name in header:
                builders[name].add(chunk[name])
    return {name: builder.column() for name, builder in builders.items()}


class _Builder:
    """One column, chunk by chunk."""

    def __init__(self, name):
        self.name = name
        self.kind = "empty"     # empty (all missing so far), number, boolean or text
        self.parts = []
        self.codes = {}         # text -> code

    def add(self, series):
        kind = self._kind(series)
        if "empty" not in (kind, self.kind) and kind != self.kind:
            raise _TextAfterNumbers(self.name)
        if self.kind == "empty":
            self.kind = kind
        self.parts.append(self._text(series) if kind == "text" else series.to_numpy())

    @staticmethod
    def _kind(series):
        if series.dtype == "category":
            return "text"
        if series.dtype.kind == "O":  # booleans with gaps come as objects, too
            known = series.dropna()
            return "boolean" if all(isinstance(v, bool) for v in known) else "text"
        if series.dtype.kind == "f" and series.isna().all():
            return "empty"
        return "boolean" if series.dtype.kind == "b" else "number"

    def _text(self, series):
        if series.dtype == "category":
            codes, levels = series.cat.codes.to_numpy(), series.cat.categories
        else:
            codes, levels = pd.factorize(series)
        recode = np.array([self.codes.setdefault(level, len(self.codes)) for level in levels]
                          + [-1], dtype=np.int32)
        return recode[codes]

    def column(self):
        if self.kind == "text":
            levels = list(self.codes)
            values = np.concatenate([part if part.dtype == np.int32 else
                                     np.full(len(part), -1, np.int32) for part in self.parts])
            # Code points sort as their UTF-8 bytes do: byte order.
            return with_levels(Column(values, levels), sorted(levels))
        if self.kind == "boolean":
            values = np.concatenate([part.astype(object) for part in self.parts])
            mask = pd.isna(values)
            values[mask] = False
            return Column(values.astype(bool), mask=mask if mask.any() else None)
        integers = all(part.dtype == np.int64 for part in self.parts)
        return Column(np.concatenate([part if integers else part.astype(np.float64)
                                      for part in self.parts] or [np.empty(0)]))
