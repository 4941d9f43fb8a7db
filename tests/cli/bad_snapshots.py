# SPDX-License-Identifier: MIT
"""Snapshots that are wrong in one way each, written by h5py."""

import os
import shutil

import h5py
import numpy as np

from program import merit, two_level, write_compound, write_group

TEXT = h5py.string_dtype()
ROWS = 60  # 6 groups of 10
# HDF5 files begin with 8 bytes of signature and a superblock of 96 bytes.
CUTS = (4, 8, 60, 96, 500, 2000, 0.5, 0.9, 0.999)  # bytes, or a share of the file


def write_all(place):
    """Writes every file below the directory `place`."""
    columns = study_columns()
    write_group(place / "study.h5", columns)
    for name in ("y", "x", "g"):
        write_group(place / "study.h5", {name: columns[name][:0]}, table="empty")
    write_group(place / "study.h5", {"image": columns["x"].reshape(6, 10)}, table="/")
    write_shapes(place / "shapes.h5", columns)
    write_categories(place / "frame.h5", columns)
    write_second_block(place / "long.h5")
    write_compound(place / "nested.h5", {
        "y": columns["y"], "g": columns["g"], "pair": np.zeros(ROWS, dtype=[("a", "f8")])})

    (place / "folder").mkdir()
    (place / "table.csv").write_text("y,x,g\n1,2,a\n3,4,b\n")
    (place / "nothing.h5").write_bytes(b"")
    os.mkfifo(place / "pipe")
    whole = (place / "study.h5").read_bytes()
    for cut in CUTS:
        size = int(cut * len(whole)) if cut < 1 else cut
        (place / f"cut_{cut}.h5").write_bytes(whole[:size])
    shutil.copy(place / "study.h5", place / "later.h5")
    with h5py.File(place / "later.h5", "a") as file:
        file.attrs["format"], file.attrs["version"] = "merit-snapshot", 99
    merit("fit", "study.h5", "y ~ x + (1 | g)", "--output", "result.h5", cwd=place)
    whole = (place / "result.h5").read_bytes()
    (place / "cut_result.h5").write_bytes(whole[:len(whole) // 2])


def study_columns():
    """Sound columns, and some that no model can use."""
    columns = two_level(6, 10)
    x, y, g = columns["x"], columns["y"], columns["g"]
    infinite, minus_infinite = x.copy(), y.copy()
    infinite[37], minus_infinite[5] = np.inf, -np.inf
    return {**columns, "preparedness": y, "row": np.arange(ROWS),
            "twice_x": 2 * x, "x_plus_w": x + columns["w"], "half": np.full(ROWS, 0.5),
            "infinite": infinite, "minus_infinite": minus_infinite,
            "missing": np.full(ROWS, np.nan), "zero": np.zeros(ROWS),
            "wing": np.array([f"wing {'ABCDEF'[i]}" for i in g], dtype=object),
            "by_group": 1.5 * g}


def write_shapes(path, columns):
    """Columns that are not numbers in one row."""
    x = columns["x"]
    write_group(path, {**columns, "short": x[:50], "matrix": x.reshape(6, 10),
                       "complex": x.astype(complex), "single": np.float64(3)})
    with h5py.File(path, "a") as file:
        file["data/elsewhere"] = h5py.ExternalLink("gone.h5", "/x")


def write_categories(path, columns):
    """An AnnData data frame with damaged categorical and nullable columns."""
    codes = columns["g"].astype("i1")
    beyond = codes.copy()
    beyond[41] = 9
    letters = list("abcdef")
    categorical = {
        "beyond": {"codes": beyond, "categories": letters},
        "real_codes": {"codes": codes.astype(float), "categories": letters},
        "no_categories": {"codes": codes},
        "twice": {"codes": codes, "categories": ["a", "b", "b", "d", "e", "f"]}}
    with h5py.File(path, "w") as file:
        frame = file.create_group("data")
        frame.attrs["encoding-type"] = "dataframe"
        frame.attrs["encoding-version"] = "0.2.0"
        frame.attrs["_index"] = "_index"
        frame.attrs.create("column-order", ["y", "x", "g", *categorical, "mask"], dtype=TEXT)
        frame["_index"] = np.arange(ROWS)
        for name in ("y", "x", "g"):
            frame[name] = columns[name]
        for name, parts in categorical.items():
            column = frame.create_group(name)
            column.attrs["encoding-type"] = "categorical"
            column.attrs["ordered"] = False
            for part, values in parts.items():
                column.create_dataset(part, data=values,
                                      dtype=TEXT if part == "categories" else None)
        nullable = frame.create_group("mask")
        nullable.attrs["encoding-type"] = "nullable-integer"
        nullable["values"], nullable["mask"] = columns["g"], np.zeros(50, bool)


def write_second_block(path):
    """70,000 rows: what is wrong lies beyond row 65,536, in the share of the second rank, and
    not in the last 4,096 rows, which all ranks look at."""
    columns = two_level(10, 7000)
    infinite, far_code = columns["x"].copy(), columns["g"].astype("i1")
    infinite[65_600] = np.inf
    write_group(path, {**columns, "infinite": infinite})
    far_code[65_700] = 12
    with h5py.File(path, "a") as file:
        column = file.create_group("data/far_code")
        column.attrs["encoding-type"] = "categorical"
        column["codes"] = far_code
        column.create_dataset("categories", data=[f"c{i}" for i in range(10)], dtype=TEXT)
