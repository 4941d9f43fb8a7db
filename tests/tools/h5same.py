#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Says whether two result files hold the same bits.

    tests/tools/h5same.py a.h5 b.h5                 equal outside /provenance?
    tests/tools/h5same.py --all a.h5 b.h5           there too
    tests/tools/h5same.py --ignore /x --ignore /y a.h5 b.h5

Compared are every object, attribute, type, shape, maximal shape, chunk shape and filter, and
every value bit by bit (NaN included). Prints what differs and exits with 1, or with 0 if
nothing does. HDF5's free space, addresses, allocation order and object times do not count.
"""

import argparse
import sys

import h5py
import numpy as np

BLOCK_VALUES = 1 << 20


def value_bytes(values):
    """The bits of an array read by h5py; variable-length text as its characters."""
    array = np.asarray(values)
    if array.dtype.kind == "O":
        return [x.encode() if isinstance(x, str) else bytes(x) for x in array.ravel()]
    return array.tobytes()


def objects(file, ignored):
    """Path -> object, for all that is linked from the root."""
    found = {"/": file}

    def visit(group, prefix):
        for name in sorted(group):
            path = prefix + name
            if path in ignored:
                continue
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                found[path] = link
                continue
            found[path] = group[name]
            if isinstance(group[name], h5py.Group):
                visit(group[name], path + "/")

    visit(file, "/")
    return found


def attribute_differences(path, a, b):
    for name in sorted(set(a.attrs) | set(b.attrs)):
        here = f"{path} attribute {name}"
        if name not in a.attrs or name not in b.attrs:
            yield f"{here}: only in {'b' if name not in a.attrs else 'a'}"
            continue
        one, other = a.attrs.get_id(name), b.attrs.get_id(name)
        if one.get_type() != other.get_type():
            yield f"{here}: type {one.dtype} and {other.dtype}"
        elif one.shape != other.shape:
            yield f"{here}: shape {one.shape} and {other.shape}"
        elif value_bytes(a.attrs[name]) != value_bytes(b.attrs[name]):
            yield f"{here}: {a.attrs[name]!r} and {b.attrs[name]!r}"


def layout(dataset):
    """What must be equal besides the values."""
    plist = dataset.id.get_create_plist()
    filters = [plist.get_filter(i)[:3] for i in range(plist.get_nfilters())]
    return {"shape": dataset.shape, "maximal shape": dataset.maxshape,
            "layout": plist.get_layout(), "chunk shape": dataset.chunks, "filters": filters}


def row_blocks(dataset):
    if dataset.ndim == 0:
        yield ()
        return
    per_row = max(1, int(np.prod(dataset.shape[1:], dtype=np.int64)))
    step = max(1, BLOCK_VALUES // per_row)
    for first in range(0, dataset.shape[0], step):
        yield slice(first, first + step)


def dataset_differences(path, a, b):
    if a.id.get_type() != b.id.get_type():
        yield f"{path}: type {a.dtype} and {b.dtype}"
        return
    one, other = layout(a), layout(b)
    differing = [key for key in one if one[key] != other[key]]
    for key in differing:
        yield f"{path}: {key} {one[key]} and {other[key]}"
    if differing:
        return
    for rows in row_blocks(a):
        if value_bytes(a[rows]) != value_bytes(b[rows]):
            first = rows.start if rows else 0
            yield f"{path}: values differ, in or after row {first}"
            return


def differences(a, b, ignored):
    one, other = objects(a, ignored), objects(b, ignored)
    for path in sorted(set(one) | set(other)):
        if path not in one or path not in other:
            yield f"{path}: only in {'b' if path not in one else 'a'}"
            continue
        x, y = one[path], other[path]
        if type(x) is not type(y):
            yield f"{path}: {type(x).__name__} and {type(y).__name__}"
            continue
        if isinstance(x, h5py.Dataset):
            yield from dataset_differences(path, x, y)
        if isinstance(x, (h5py.Dataset, h5py.Group)):
            yield from attribute_differences(path, x, y)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--all", action="store_true", help="compare /provenance too")
    parser.add_argument("--ignore", action="append", default=[], metavar="PATH")
    options = parser.parse_args()
    ignored = set(options.ignore) | (set() if options.all else {"/provenance"})
    with h5py.File(options.a, "r") as a, h5py.File(options.b, "r") as b:
        found = list(differences(a, b, ignored))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
