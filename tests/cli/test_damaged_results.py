# SPDX-License-Identifier: MIT
"""Result files that disks or people have damaged: whatever byte is wrong, merit ends with a
sentence or with an answer, never with a crash. HDF5 1.10's library crashes on some of them.

MERIT_DAMAGES=N tries N damages (default 120).
"""

import os
import random

import h5py
import numpy as np
import pytest
from interrupted_job import run, same, write_study
from program import BAD_DATA, IO, NO_INPUT, USAGE, check_refusal, merit

DAMAGES = int(os.environ.get("MERIT_DAMAGES", "120"))
REPLICATES = 100
KNOWN_CODES = (0, 1, BAD_DATA, NO_INPUT, IO)


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("damaged")
    write_study(place)
    run(place, REPLICATES, "whole.h5")
    return place


def damaged(content, rng):
    """One to ten bytes are changed."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 3, 10])):
        content[rng.randrange(len(content))] ^= rng.randrange(1, 256)
    return content


@pytest.mark.parametrize("command", ["summarize", "inspect"])
def test_damage_never_crashes(command, place, tmp_path):
    content = (place / "whole.h5").read_bytes()
    rng = random.Random(command)
    for case in range(DAMAGES // 2):
        path = tmp_path / "damaged.h5"
        path.write_bytes(damaged(content, rng))
        done = merit(command, path, code=None)
        assert done.returncode in KNOWN_CODES, (case, done.stderr)
        if done.returncode not in (0, 1):
            check_refusal(done, "damaged.h5")


def heap_bytes(content):
    """Where the global heap's texts are, whose damage HDF5 does not survive."""
    first = content.index(b"GCOL")
    return range(first, first + 64)


def test_library_that_crashes_is_told_as_damage(place, tmp_path):
    content = (place / "whole.h5").read_bytes()
    refused = 0
    for at in heap_bytes(content):
        changed = bytearray(content)
        changed[at] ^= 255
        path = tmp_path / "damaged.h5"
        path.write_bytes(changed)
        done = merit("summarize", path, code=None)
        assert done.returncode in KNOWN_CODES, (at, done.stderr)
        refused += done.returncode == IO
    assert refused > 0  # else these are not the bytes that they are said to be


def test_part_that_crashes_the_library_is_set_aside(place, tmp_path):
    """--resume makes the job anew, or says that the part is another job's or no result file."""
    output = tmp_path / "out.h5"
    part = tmp_path / "out.h5.parts" / "rank0.h5"
    part.parent.mkdir()
    content = (place / "whole.h5").read_bytes()
    set_aside = 0
    for at in list(heap_bytes(content))[::4]:
        changed = bytearray(content)
        changed[at] ^= 255
        part.parent.mkdir(exist_ok=True)
        part.write_bytes(changed)
        done = run(place, REPLICATES, output, "--resume", code=None)
        if done.returncode == 0:
            same(output, place / "whole.h5")
            set_aside += (part.parent / "rank0.h5.damaged").exists()
            output.unlink()
        else:
            assert done.returncode in (USAGE, NO_INPUT, IO), (at, done.stderr)
        for leftover in part.parent.glob("*"):
            leftover.unlink()
    assert set_aside > 0


def test_a_changed_description_is_told(place, tmp_path):
    """Not only rows have a checksum: an estimate, a seed or a name that was changed is damage."""
    def change(file, what):
        if what == "estimate":
            file["fit/estimate"][0] = 99.0
        elif what == "seed":
            file["job"].attrs["seed"] = "2"
        else:
            file.attrs["command"] = "sample"

    for what in ("estimate", "seed", "command"):
        path = tmp_path / f"{what}.h5"
        path.write_bytes((place / "whole.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            change(file, what)
        for command in ("inspect", "summarize"):
            check_refusal(merit(command, path, code=IO), path.name, "description", "checksum")


def test_the_description_checksum_is_what_the_format_says(place):
    """Computed again from io/FORMAT.md's words."""
    xxhash = pytest.importorskip("xxhash")
    h = xxhash.xxh3_64()

    def add(values):
        values = np.atleast_1d(values)
        if values.dtype.kind in "OSU":
            for text in values.ravel():
                h.update((text if isinstance(text, bytes) else text.encode()) + b"\0")
        else:
            h.update(values.astype("<f8" if values.dtype.kind == "f" else "<i8").tobytes())

    def visit(thing, path):
        add(path)
        for name in sorted(thing.attrs):
            if name != "description_checksum":
                add(name)
                add(thing.attrs[name])
        if isinstance(thing, h5py.Dataset):
            if not path.startswith("/replicates/"):
                add(thing[()])
            return
        for name in sorted(thing):
            if path + name != "/provenance":
                visit(thing[name], f"{path.rstrip('/')}/{name}")

    with h5py.File(place / "whole.h5") as file:
        visit(file, "/")
        assert file.attrs["description_checksum"] == f"{h.intdigest():016x}"
