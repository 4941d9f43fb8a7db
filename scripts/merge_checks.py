# SPDX-License-Identifier: MIT
"""What must hold before the sources of the study may be joined: keys and value labels."""

import numpy as np
import pandas as pd

from command_line import DataError, some
from tables import number_as_text


def check_labels(tables):
    """Value labels of a column that several files hold must agree.

    @throws DataError naming column, files, code and labels
    """
    seen = {}
    for table in tables:
        for name, column in table.columns.items():
            for other, known in seen.get(name, []):
                _compare(name, other, known, table, column.labels)
            if column.labels:
                seen.setdefault(name, []).append((table, column.labels))


def _compare(name, other, known, table, labels):
    codes = {text: code for code, text in known.items()}
    for code, text in (labels or {}).items():
        if known.get(code, text) != text:
            raise DataError(
                f"column '{name}': code {_code(code)} is labelled '{known[code]}' in "
                f"{other.name} and '{text}' in {table.name}")
        if codes.get(text, code) != code:
            raise DataError(
                f"column '{name}': '{text}' labels the code {_code(codes[text])} in "
                f"{other.name} and {_code(code)} in {table.name}")


def _code(code):
    return f"'{code}'" if isinstance(code, str) else number_as_text(code)


def as_text(value):
    """A key's value, a level or a number, as it is listed and named."""
    return value if isinstance(value, str) else number_as_text(value)


def check_shared_columns(survey, registry, keys):
    """@throws DataError if a column besides the keys is in both: which one would count?"""
    shared = [name for name in survey.columns if name in registry.columns and name not in keys]
    if shared:
        raise DataError(f"{some(shared)}: in {survey.name} and in {registry.name}; only "
                        f"{' and '.join(keys)} may be in both: rename or remove one")


def common_codes(name, *tables):
    """Codes of column `name` of several tables on one list of values.

    Returns the codes, one array of n per table (−1 is missing), and the values in order.
    @throws DataError if the column is text in one table and numbers in another
    """
    columns = [table.column(name) for table in tables]
    texts = [column.levels is not None for column in columns]
    if any(texts) and not all(texts):
        text, number = (tables[texts.index(kind)].name for kind in (True, False))
        raise DataError(f"column '{name}' is text in {text} and numbers in {number}: make "
                        f"both the same (--factor {name} reads both as text)")
    if all(texts):
        values = sorted({level for column in columns for level in column.levels})
        position = {level: code for code, level in enumerate(values)}
        return [np.array([position[level] for level in column.levels] + [-1])[column.values]
                for column in columns], values
    missing = np.concatenate([column.missing for column in columns])
    numbers = np.concatenate([column.values for column in columns])
    codes = np.full(len(missing), -1, dtype=np.int64)
    codes[~missing], values = pd.factorize(numbers[~missing], sort=True)
    ends = np.cumsum([len(column.values) for column in columns])[:-1]
    return np.split(codes, ends), values


def check_unique(table, keys, codes, values):
    """@throws DataError naming the first keys that occur more than once

    codes   one array of n per key; rows with a missing one (−1) do not count
    values  what the codes stand for, per key
    """
    known = np.flatnonzero(np.all([code >= 0 for code in codes], axis=0))
    combined = combine(codes, values)[known]
    twice = known[pd.Series(combined).duplicated().to_numpy()]
    if len(twice):
        named = {" ".join(f"{key} {as_text(value[code[row]])}" for key, code, value in
                          zip(keys, codes, values)): row for row in twice[::-1]}
        raise DataError(f"{table.name}: {some(list(named)[::-1])}: more than one row each, "
                        f"e.g. row {twice[0] + 1}")


def combine(codes, values):
    """One integer per combination of codes, −1 where one is missing: n."""
    combined = np.zeros(len(codes[0]), dtype=np.int64)
    for code, value in zip(codes, values):
        combined = np.where((combined < 0) | (code < 0), -1, combined * len(value) + code)
    return combined
