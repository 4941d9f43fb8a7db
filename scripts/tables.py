# SPDX-License-Identifier: MIT
"""Tables as the data scripts hold them: named columns of numbers or of categories.

A column is numpy arrays rather than a pandas Series, so that 10^7 rows of text cost one to
four bytes each and a missing integer does not turn its neighbours into something else.
"""

import dataclasses
import os

import numpy as np

from command_line import DataError, nearest, some


@dataclasses.dataclass
class Column:
    """One column of n rows.

    Numbers: `values` is float64 (NaN is missing), int64 or bool, `levels` is None.
    Categories: `values` are codes into `levels`, −1 is missing.
    """
    values: np.ndarray                    # n
    levels: list = None                   # text of each code
    ordered: bool = False                 # the levels have an order
    mask: np.ndarray = None               # n, true where missing; integers and booleans only
    labels: dict = None                   # Stata or SPSS value labels, {code: text}

    @property
    def missing(self):
        """n booleans."""
        if self.mask is not None:
            return self.mask
        if self.levels is not None:
            return self.values < 0
        if self.values.dtype.kind == "f":
            return np.isnan(self.values)
        return np.zeros(len(self.values), dtype=bool)

    def take(self, rows):
        """The column at `rows`; row −1 gives a missing value."""
        absent = rows < 0
        values = self.values[rows]
        if not absent.any():
            mask = None if self.mask is None else self.mask[rows]
            return dataclasses.replace(self, values=values, mask=mask)
        if self.levels is not None:
            values[absent] = -1
            return dataclasses.replace(self, values=values)
        if values.dtype == bool:
            mask = absent | self.missing[rows]
            return dataclasses.replace(self, values=values & ~mask, mask=mask)
        values = values.astype(np.float64)
        values[absent | self.missing[rows]] = np.nan
        return dataclasses.replace(self, values=values, mask=None)


@dataclasses.dataclass
class Table:
    """Columns of equal length, and the file they come from."""
    path: str
    columns: dict                         # name -> Column, in the file's order
    sha256: str = ""                      # of the file

    @property
    def name(self):
        """The file's name, for messages and provenance."""
        return os.path.basename(self.path)

    @property
    def num_rows(self):
        return len(next(iter(self.columns.values())).values)

    def column(self, name):
        """@throws DataError if there is none of that name"""
        if name not in self.columns:
            raise DataError(f"{self.name}: no column '{name}'{nearest(name, self.columns)}")
        return self.columns[name]


def code_type(num_levels):
    """The smallest signed integer type that holds codes −1 … num_levels − 1."""
    return next(kind for kind in (np.int8, np.int16, np.int32)
                if num_levels - 1 <= np.iinfo(kind).max)


def with_levels(column, levels):
    """The same categories with their codes counted along `levels`, a reordered superset."""
    position = {level: code for code, level in enumerate(levels)}
    recode = np.array([position[level] for level in column.levels] + [-1],
                      dtype=code_type(len(levels)))      # code −1 picks the last: −1
    return dataclasses.replace(column, values=recode[column.values], levels=list(levels))


def number_as_text(value):
    """A number as a level: 3.0 is "3", 0.1 is "0.1"."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def as_factor(table, name, levels=None, ordered=False):
    """Makes column `name` of `table` categorical.

    Levels: as given; else those it has; else the distinct numbers in byte order of their text.
    @throws DataError naming a value that is not among the given levels
    """
    column = table.column(name)
    if column.levels is None:
        missing = column.missing
        distinct, codes = np.unique(column.values[~missing], return_inverse=True)
        text = [number_as_text(value) for value in distinct]
        values = np.full(len(missing), -1, dtype=np.int64)
        values[~missing] = codes
        # Code points sort as their UTF-8 bytes do, so sorted() is byte order.
        column = with_levels(Column(values, text), sorted(text))
    if levels is not None:
        position = {level: code for code, level in enumerate(levels)}
        recode = np.array([position.get(level, -2) for level in column.levels] + [-1])
        values = recode[column.values]
        if (values == -2).any():
            row = int(np.argmax(values == -2))
            value = column.levels[column.values[row]]
            raise DataError(f"{table.name}: column '{name}' has the value '{value}' in row "
                            f"{row + 1}, which is not among its levels {some(levels, 20)}")
        column = dataclasses.replace(column, values=values.astype(code_type(len(levels))),
                                     levels=list(levels))
    table.columns[name] = dataclasses.replace(column, ordered=ordered or column.ordered)


def concatenate(blocks):
    """One {name: Column} from several below each other; levels in order of first appearance."""
    columns = {}
    for name, first in blocks[0].items():
        parts = [block[name] for block in blocks]
        levels = first.levels
        if levels is not None:
            levels = list(dict.fromkeys(level for part in parts for level in part.levels))
            parts = [with_levels(part, levels) for part in parts]
        mask = np.concatenate([part.missing for part in parts])
        values = np.concatenate([part.values for part in parts])
        keep = values.dtype.kind in "iub" and levels is None and mask.any()
        columns[name] = Column(values, levels, first.ordered, mask if keep else None)
    return columns
