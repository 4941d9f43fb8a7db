# SPDX-License-Identifier: MIT
"""Writes the small files that the tests of the snapshot reader read: make_snapshots.py DIR

`people` is one data frame in every accepted layout; the other files each have one thing wrong
or one thing rare. The fuzz target starts from the same files.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

NAN = np.nan
UTF8 = h5py.string_dtype()

# Five people: numbers of several types, text, categories, missing values.
Y = np.array([1.5, -2.0, NAN, 4.25, 0.0])
COUNT = np.array([3, -1, 7, 0, 2**31 - 1], dtype=np.int64)
FLAG = np.array([True, False, True, True, False])
NAME = ["ana", "bo", "ćiril", "bo", ""]
SEX = (["male", "female"], np.array([0, 1, -1, 1, 0], dtype=np.int8))
MOOD = (["low", "mid", "high"], np.array([2, 0, 1, -1, 2], dtype=np.int8))
AGE = (np.array([20, 30, 0, 50, 60], dtype=np.int64), np.array([0, 0, 1, 0, 0], dtype=bool))
VOTED = (np.array([1, 0, 0, 1, 1], dtype=bool), np.array([0, 1, 0, 0, 0], dtype=bool))


def mark_dataframe(group, order, index="_index"):
    group.attrs["encoding-type"] = "dataframe"
    group.attrs["encoding-version"] = "0.2.0"
    group.attrs["_index"] = index
    group.attrs["column-order"] = np.array(order, dtype=h5py.string_dtype())


def add_categorical(group, name, levels, codes, ordered=False, **storage):
    column = group.create_group(name)
    column.attrs["encoding-type"] = "categorical"
    column.attrs["encoding-version"] = "0.2.0"
    column.attrs["ordered"] = ordered
    column.create_dataset("codes", data=codes, **storage)
    if isinstance(levels, list):
        column.create_dataset("categories", data=levels, dtype=UTF8)
    else:
        column.create_dataset("categories", data=levels)


def add_nullable(group, name, kind, values, mask):
    column = group.create_group(name)
    column.attrs["encoding-type"] = "nullable-" + kind
    column.attrs["encoding-version"] = "0.1.0"
    column["values"] = values
    column["mask"] = mask


def people_dataframe(path, file_options=None, **storage):
    with h5py.File(path, "w", **(file_options or {})) as file:
        file.attrs["format"] = "merit-snapshot"
        file.attrs["version"] = 1
        file.attrs["title"] = "five people"
        data = file.create_group("data")
        mark_dataframe(data, ["y", "count", "flag", "name", "sex", "mood", "age", "voted"])
        data.create_dataset("_index", data=[f"p{i}" for i in range(5)], dtype=UTF8)
        data.create_dataset("y", data=Y, **storage)
        data.create_dataset("count", data=COUNT, **storage)
        data.create_dataset("flag", data=FLAG, **storage)
        data.create_dataset("name", data=NAME, dtype=UTF8, **storage)
        add_categorical(data, "sex", *SEX, **storage)
        add_categorical(data, "mood", *MOOD, ordered=True, **storage)
        add_nullable(data, "age", "integer", *AGE)
        add_nullable(data, "voted", "boolean", *VOTED)


def labels(levels, codes):
    return [levels[code] if code >= 0 else "" for code in codes]


def people_group(path):
    with h5py.File(path, "w") as file:
        data = file.create_group("data", track_order=True)
        data["y"] = Y.astype(">f8")
        data["count"] = COUNT.astype(">i4")
        data["flag"] = FLAG
        data["name"] = np.array([n.encode() for n in NAME])  # fixed length, padded
        mood = h5py.enum_dtype({"low": 0, "mid": 1, "high": 2}, basetype="i1")
        data.create_dataset("mood", data=MOOD[1], dtype=mood)
        data["half"] = np.arange(5, dtype=np.float32) / 2
        data["small"] = np.array([255, 0, 1, 2, 3], dtype=np.uint8)
        data.create_dataset("packed", data=np.arange(5, dtype=np.int16), compression="gzip")
        data["column"] = np.arange(5.0).reshape(5, 1)
        data["row"] = np.arange(5.0).reshape(1, 5)  # as R writes a matrix of one column
        data.create_group("notes")["text"] = "not a column"


def people_compound(path):
    bools = h5py.enum_dtype({"FALSE": 0, "TRUE": 1}, basetype="i1")
    mood = h5py.enum_dtype({"low": 0, "mid": 1, "high": 2}, basetype="i1")
    row = np.dtype(
        [
            ("y", "f8"),
            ("count", "i8"),
            ("flag", bools),
            ("name", "S8"),
            ("mood", mood),
            ("city", UTF8),
            ("half", ">f4"),
            ("complex", "c16"),
        ]
    )
    rows = np.zeros(5, dtype=row)
    rows["y"] = Y
    rows["count"] = COUNT
    rows["flag"] = FLAG
    rows["name"] = [n.encode() for n in NAME]
    rows["mood"] = MOOD[1]
    rows["city"] = ["Oslo", "Rome", "Oslo", "", "Köln"]
    rows["half"] = np.arange(5) / 2
    with h5py.File(path, "w") as file:
        file["data"] = rows


def every_storage(path):
    """Column after column of the same values, row i holding i % 100, each stored otherwise."""
    values = np.arange(1000) % 100
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        for kind in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]:
            for order in "<>":
                column = values.astype(order + kind)
                name = ("little_" if order == "<" else "big_") + kind
                data[name] = column
                data.create_dataset(name + "_chunked", data=column, chunks=(300,))
                data.create_dataset(
                    name + "_filtered",
                    data=column,
                    chunks=(170,),
                    compression="gzip",
                    shuffle=True,
                    fletcher32=True,
                )
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((1000,))
        dataset = h5py.h5d.create(
            data.id, b"compact", h5py.h5t.STD_I16LE, space, dcpl=compact
        )
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values.astype("i2"))
        data.create_dataset(
            "wide", data=values.reshape(1, 1000), chunks=(1, 64), compression="gzip"
        )
        data.create_dataset("growing", data=values, chunks=(64,), maxshape=(None,))


def single(path, fill):
    """A file with a group /data that `fill` completes."""
    with h5py.File(path, "w") as file:
        fill(file.create_group("data"))


def write_rare_files(out):
    """Rare, but right: or wrong in one column only."""

    def old_dataframe(data):  # AnnData 0.7
        data.attrs["encoding-type"] = "dataframe"
        data.attrs["encoding-version"] = "0.1.0"
        data.attrs["_index"] = "id"
        data.attrs["column-order"] = np.array(["sex"], dtype=UTF8)
        data["id"] = np.arange(3)
        levels = data.create_dataset("__categories/sex", data=["m", "f"], dtype=UTF8)
        levels.attrs["ordered"] = True
        data["sex"] = np.array([1, 0, -1], dtype=np.int8)
        data["sex"].attrs["categories"] = levels.ref

    single(out / "old_dataframe.h5", old_dataframe)

    def odd_columns(data):
        data["y"] = np.arange(4.0)
        data["x"] = np.arange(4.0)
        data["shorter"] = np.arange(3.0)
        data["matrix"] = np.zeros((4, 2))
        data["scalar"] = 1.0
        data["complex"] = np.zeros(4, dtype=complex)
        data["opaque"] = np.zeros(4, dtype="V5")
        data["reference"] = np.array([data.ref] * 4, dtype=h5py.ref_dtype)
        data["lists"] = np.array([np.arange(i) for i in range(4)], dtype=h5py.vlen_dtype(int))
        data["half_float"] = np.zeros(4, dtype=np.float16)
        data.create_dataset("unwritten", shape=(4,), dtype="f8")
        data["dangling"] = h5py.SoftLink("/nowhere")
        data.create_dataset("lzf", data=np.arange(4.0), chunks=(2,), compression="lzf")
        data.create_dataset("hole", shape=(4,), dtype="f8", chunks=(2,))[0] = 1.0
        data["circular"] = h5py.SoftLink("/data/circular")
        data["alias"] = h5py.SoftLink("/data/x")
        data["elsewhere"] = h5py.ExternalLink("people_group.h5", "/data/y")
        data.create_dataset("outside", shape=(4,), dtype="f8", external=[("raw.bin", 0, 32)])
        layout = h5py.VirtualLayout(shape=(5,), dtype="f8")
        layout[:] = h5py.VirtualSource(out / "people_group.h5", "data/y", shape=(5,))
        data.create_virtual_dataset("virtual", layout)

    single(out / "odd_columns.h5", odd_columns)

    def bad_categories(data):
        mark_dataframe(data, ["y", "beyond", "below", "twice", "whole", "absent"])
        data.create_dataset("_index", data=["a", "b", "c"], dtype=UTF8)
        data["y"] = np.arange(3.0)
        add_categorical(data, "beyond", ["a", "b"], np.array([0, 1, 2], dtype=np.int8))
        add_categorical(data, "below", ["a", "b"], np.array([0, -2, 1], dtype=np.int8))
        add_categorical(data, "twice", ["a", "a"], np.array([0, 1, 1], dtype=np.int8))
        add_categorical(data, "whole", np.array([2017, 2019]), np.array([0, 1, 1], dtype=np.int8))

    single(out / "bad_categories.h5", bad_categories)

    def big_integers(data):
        data["exact"] = np.array([2**53, 2**60, -(2**63)], dtype=np.int64)
        data["inexact"] = np.array([1, 2**53 + 1, 2], dtype=np.int64)
        data["unsigned"] = np.array([1, 2, 2**64 - 1], dtype=np.uint64)

    single(out / "big_integers.h5", big_integers)

    with h5py.File(out / "chunked.h5", "w") as file:
        data = file.create_group("data")
        rng = np.random.default_rng(1)
        rows = 200_000
        x = rng.integers(0, 50, rows)
        for name, chunk in [("small", 1000), ("odd", 70_001), ("whole", rows)]:
            data.create_dataset(
                name, data=x.astype("f8"), chunks=(chunk,), compression="gzip", shuffle=True
            )
        data["plain"] = x.astype("f8")
        data["row_number"] = np.arange(rows)
        data["infinite"] = np.arange(rows, dtype="f8")
        data["infinite"][-2:] = [np.inf, -np.inf]

    with h5py.File(out / "many_tables.h5", "w") as file:
        file["top"] = np.arange(3.0)
        file["study/people/y"] = np.arange(3.0)
        mark_dataframe(file.create_group("obs"), [])


def write_wrong_files(out):
    """No table to be had from these, or none that is whole."""
    damaged = bytearray((out / "people_user_block.h5").read_bytes())
    with h5py.File(out / "people_user_block.h5") as file:
        chunk = file["data/count"].id.get_chunk_info(0)
        damaged[512 + chunk.byte_offset + 4] ^= 0x55  # in the compressed values
    (out / "damaged_chunk.h5").write_bytes(damaged)

    def text_and_number(data):
        data["y"] = np.arange(2.0)
        data.create_dataset("name", data=["ana", "bo"], dtype=UTF8)

    single(out / "damaged_text.h5", text_and_number)
    damaged = bytearray((out / "damaged_text.h5").read_bytes())
    damaged[damaged.index(b"GCOL")] = 0
    (out / "damaged_text.h5").write_bytes(damaged)
    # Heaps that HDF5's library itself fails on: the size of the first object is such that the
    # next object is the same one, or beyond the end of the file.
    whole = (out / "people.h5").read_bytes()
    for name, size in [("endless_heap.h5", 2**64 - 16), ("huge_text.h5", 2**40)]:
        damaged = bytearray(whole)
        at = damaged.index(b"GCOL") + 24
        damaged[at : at + 8] = size.to_bytes(8, "little")
        (out / name).write_bytes(damaged)

    (out / "table.csv").write_text("y,x\n1,2\n")
    (out / "table.tsv").write_text("y\tx\n1\t2\n")
    (out / "table.sav").write_bytes(b"$FL2@(#) SPSS DATA FILE")
    (out / "noise.h5").write_bytes(bytes(range(256)))
    (out / "empty.h5").write_bytes(b"")
    (out / "directory.h5").mkdir(exist_ok=True)
    whole = (out / "chunked.h5").read_bytes()
    (out / "truncated.h5").write_bytes(whole[: len(whole) // 2])
    (out / "signature_only.h5").write_bytes(whole[:8])
    with h5py.File(out / "result.h5", "w") as file:
        file.attrs["format"] = "merit-result"
        file.create_group("fit")
    with h5py.File(out / "future.h5", "w") as file:
        file.attrs["format"] = "merit-snapshot"
        file.attrs["version"] = 2
    with h5py.File(out / "scalar_table.h5", "w") as file:
        file["data"] = np.zeros(4)
    with h5py.File(out / "no_columns.h5", "w") as file:
        file.create_group("data")
    with h5py.File(out / "lies.h5", "w") as file:
        # 2^60 rows that nobody wrote.
        data = file.create_group("data")
        data.create_dataset("y", shape=(2**60,), dtype="f8", chunks=(1000,), compression="gzip")
        data["y"][0] = 1.0
        data.create_dataset("x", shape=(2**60,), dtype="i1", chunks=(1000,))
        data["x"][0] = 1


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    people_dataframe(out / "people.h5")
    people_dataframe(out / "people_packed.h5", chunks=(2,), compression="gzip", shuffle=True)
    people_dataframe(out / "people_latest.h5", {"libver": "latest"}, chunks=(2,))
    people_dataframe(
        out / "people_user_block.h5",
        {"userblock_size": 512},
        chunks=(3,),
        compression="gzip",
    )
    people_group(out / "people_group.h5")
    people_compound(out / "people_compound.h5")
    every_storage(out / "every_storage.h5")
    write_rare_files(out)
    write_wrong_files(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
