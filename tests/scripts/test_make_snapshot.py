# SPDX-License-Identifier: MIT
"""make_snapshot.py with text files: exact numbers, levels, layout, and every error."""

import hashlib
import json
import os
import resource
import shutil
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest
from scripting import DATA, SCRIPTS, levels, read, run, write


def snapshot(tmp_path, text, *options, name="t.csv", **checks):
    """Makes t.h5 of a text file; returns its path."""
    source = write(tmp_path / name, text)
    run("make_snapshot.py", source, tmp_path / "t.h5", *options, **checks)
    return tmp_path / "t.h5"


def test_doubles_are_the_nearest_to_the_text(tmp_path):
    # Oracle: Python's float(), correctly rounded. Random bit patterns, and classic hard cases:
    # ties, the smallest normal and subnormal, 17 digits, more digits than a double has.
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**64, 20_000, dtype=np.uint64).view(np.float64)
    text = [repr(x) for x in bits[np.isfinite(bits)].tolist()]
    text += ["9007199254740993.0", "1e23", "8.41e21", "2.2250738585072011e-308", "5e-324",
             "0.1000000000000000055511151231257827021181583404541015625", "1.7976931348623157e308",
             "-0.0", "1000000000000.3", "0.30000000000000004", "123456789.12345678901234567890"]
    path = snapshot(tmp_path, "x\n" + "\n".join(text) + "\n")
    stored = read(path)["x"]
    assert stored.dtype == np.float64
    assert stored.tobytes() == struct.pack(f"<{len(text)}d", *map(float, text))


def test_integers_stay_integers(tmp_path):
    path = snapshot(tmp_path, "a,b,c\n1,1,9007199254740993\n-2,NA,-9223372036854775808\n")
    found = read(path)
    assert found["a"].dtype == np.int64 and found["a"].tolist() == [1, -2]
    assert found["b"].dtype == np.float64 and found["b"][0] == 1 and np.isnan(found["b"][1])
    assert found["c"].tolist() == [2**53 + 1, -2**63]


def test_text_becomes_categories_in_byte_order(tmp_path):
    # UTF-8 bytes: digits < upper case < lower case < é, whatever the locale.
    path = snapshot(tmp_path, "g\nb\né\nB\n10\n9\n\nNA\nb\n")
    assert levels(path, "g") == (["10", "9", "B", "b", "é"], False)
    assert read(path)["g"] == ["b", "é", "B", "10", "9", None, "b"]  # the blank line is none


def test_missing_values(tmp_path):
    text = "x,g,y\n1.5,a,-99\n,,2\nNA,NA,3\nNaN,.,4\n.,nan,5\n"
    path = snapshot(tmp_path, text, "--missing", "-99")
    found = read(path)
    assert np.isnan(found["x"]).tolist() == [False, True, True, True, True]
    assert found["g"] == ["a", None, None, None, None]
    assert np.isnan(found["y"]).tolist() == [True, False, False, False, False]


def test_booleans(tmp_path):
    found = read(snapshot(tmp_path, "a,b\nTRUE,True\nFALSE,\n"))
    assert found["a"].dtype == bool and found["a"].tolist() == [True, False]
    assert found["b"].tolist() == [True, None]  # masked


def test_factor_keeps_the_text_of_numbers(tmp_path):
    path = snapshot(tmp_path, "g,x\n007,1\n7,2\n1.0,3\n10,4\n", "--factor", "g")
    assert levels(path, "g") == (["007", "1.0", "10", "7"], False)
    assert read(path)["g"] == ["007", "7", "1.0", "10"]


def test_factor_with_levels(tmp_path):
    text = "use,n\nhigh,3\nlow,1\n,2\n"
    path = snapshot(tmp_path, text, "--factor", "use=low,middle,high", "--ordered", "n=3,2,1")
    assert levels(path, "use") == (["low", "middle", "high"], False)
    assert levels(path, "n") == (["3", "2", "1"], True)
    assert read(path)["use"] == ["high", "low", None]
    path = snapshot(tmp_path, text, "--factor", 'use=low,"a,b",high', "--overwrite")
    assert levels(path, "use")[0] == ["low", "a,b", "high"]


def test_text_after_many_numbers_loses_no_zeros(tmp_path):
    # The parser decides chunk by chunk; chunks before the first text must be read again.
    rows = ["007"] * 300_000 + ["A1"]
    path = snapshot(tmp_path, "g,x\n" + "".join(f"{g},1\n" for g in rows))
    assert levels(path, "g")[0] == ["007", "A1"]
    # Gaps first, then text or numbers, are no contradiction.
    path = snapshot(tmp_path, "g,x\n" + ",\n" * 300_000 + "a,2.5\n", "--overwrite")
    assert levels(path, "g")[0] == ["a"] and read(path)["x"][-1] == 2.5
    # Integers first, then a fraction.
    path = snapshot(tmp_path, "x,y\n" + "1,1\n" * 300_000 + "0.5,1\n", "--overwrite")
    assert read(path)["x"].dtype == np.float64 and read(path)["x"][[0, -1]].tolist() == [1, 0.5]


def test_code_types_grow_with_the_levels(tmp_path):
    for count, kind in ((128, np.int8), (129, np.int16), (32_769, np.int32)):
        path = snapshot(tmp_path, "g\n" + "".join(f"g{i}\n" for i in range(count)), "--overwrite")
        with h5py.File(path) as file:
            codes = file["data/g/codes"]
            assert codes.dtype == kind and len(set(codes[:].tolist())) == count


def test_other_text_formats(tmp_path):
    want = {"g": ["a;b", "c"], "x": [1.5, 2.0]}
    for name, text, options in (
            ("t.tsv", "g\tx\na;b\t1.5\nc\t2\n", ()),
            ("t.csv", '\ufeffg;x\r\n"a;b";1,5\r\nc;2\r\n', ("--separator", ";", "--decimal", ",")),
            ("t.txt", "g|x\na;b|1.5\nc|2\n", ("--separator", "|"))):
        found = read(snapshot(tmp_path, text, *options, "--overwrite", name=name))
        assert {key: list(values) for key, values in found.items()} == want


def test_layout_and_provenance(tmp_path):
    source = DATA / "wine.csv"
    run("make_snapshot.py", source, tmp_path / "w.h5", "--title", "Wine, Randall 1989",
        "--table", "/study/wine", env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
    assert list(read(tmp_path / "w.h5", "/study/wine")) == ["judge", "bottle", "temp", "contact",
                                                            "rating"]
    with h5py.File(tmp_path / "w.h5") as file:
        assert file.attrs["format"] == "merit-snapshot" and file.attrs["version"] == 1
        assert file.attrs["created"] == "1970-01-01T00:00:00Z"
        assert file.attrs["title"] == "Wine, Randall 1989"
        sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
        assert json.loads(file.attrs["source"]) == [{"file": "wine.csv", "sha256": sha256}]
        rating = file["study/wine/rating"]
        assert dict(rating.attrs) == {"encoding-type": "array", "encoding-version": "0.2.0"}
        assert rating.chunks is None and rating.compression is None
        temp = file["study/wine/temp"]
        assert temp.attrs["encoding-version"] == "0.2.0"
        assert isinstance(temp.attrs["ordered"], np.bool_)
        assert temp["categories"].attrs["encoding-type"] == "string-array"


def test_the_same_input_gives_the_same_bytes(tmp_path):
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    for name in ("a.h5", "b.h5"):
        run("make_snapshot.py", DATA / "wine.csv", tmp_path / name, env=environment)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_r_reads_a_snapshot(tmp_path):
    rscript = os.environ.get("MERIT_RSCRIPT") or shutil.which("Rscript")
    ask = "quit(status = !requireNamespace('rhdf5', quietly = TRUE))"
    if not rscript or subprocess.run([rscript, "--vanilla", "-e", ask]).returncode:
        pytest.skip("R's rhdf5 (r-bioc-rhdf5) is not installed")
    run("make_snapshot.py", DATA / "jsp728.csv", tmp_path / "j.h5")
    code = (f'd <- rhdf5::h5read("{tmp_path / "j.h5"}", "data"); cat(sum(d$mathAge8), '
            'd$gender$categories[d$gender$codes[1:3] + 1])')
    done = subprocess.run([rscript, "--vanilla", "-e", code], capture_output=True, text=True)
    rows = [line.split(",") for line in (DATA / "jsp728.csv").read_text().splitlines()[1:]]
    want = [str(sum(int(row[2]) for row in rows))] + [row[3] for row in rows[:3]]
    assert done.stdout.split() == want, done.stderr


@pytest.mark.parametrize("text, options, says", [
    ("g\na\n", ["--factor", "h"], "no column 'h'"),
    ("school\na\n", ["--factor", "shcool"], "did you mean 'school'?"),
    ("g\na\nb\nc\n", ["--factor", "g=a,c"], "'g' has the value 'b' in row 2"),
    ("", [], "is empty"),
    ("a,b\n", [], "no rows"),
    ("a,a\n1,2\n", [], "more than one column is called 'a'"),
    ("a/b\n1\n", [], "'a/b'"),
    ('"","a"\n1,2\n', [], "row.names = FALSE"),
    ("a,b\n1,2\n3\n4,5\n", [], "line 3 has 1 fields where the header has 2"),
    ('a,b\n1,"2"\n3,4,5\n', [], "line 3 has 3 fields where the header has 2"),
    ("a;b\n1;2\n", [], "--separator ';'"),
])
def test_data_errors(tmp_path, text, options, says):
    snapshot(tmp_path, text, *options, code=65, says=says)
    assert os.listdir(tmp_path) == ["t.csv"]


def test_text_must_be_utf8(tmp_path):
    (tmp_path / "t.csv").write_bytes("g\nca\xf1on\n".encode("latin1"))
    run("make_snapshot.py", tmp_path / "t.csv", tmp_path / "t.h5", code=65, says="not UTF-8")


@pytest.mark.parametrize("options, says", [
    (["--colour"], "unrecognized arguments: --colour"),
    (["--factor", "x="], "levels must be given once each"),
    (["--factor", "x=1,1"], "levels must be given once each"),
    (["--factor", "x", "--ordered", "x=1,2"], "given twice"),
    (["--ordered", "x"], "needs its levels"),
    (["--separator", "::"], "one character"),
])
def test_usage_errors(tmp_path, options, says):
    snapshot(tmp_path, "x\n1\n2\n", *options, code=64, says=says)


def test_files_that_cannot_be(tmp_path):
    source = write(tmp_path / "t.csv", "x\n1\n")
    out = tmp_path / "t.h5"
    run("make_snapshot.py", tmp_path / "no.csv", out, code=66, says="no.csv: No such file")
    run("make_snapshot.py", write(tmp_path / "t.xls", "x"), out, code=66, says=".sav")
    run("make_snapshot.py", source, tmp_path / "no" / "t.h5", code=74, says="no folder")
    run("make_snapshot.py", source, tmp_path, code=64, says="is a folder")
    run("make_snapshot.py", source, source, "--overwrite", code=64, says="is an input")
    run("make_snapshot.py", source, out)
    before = out.read_bytes()
    run("make_snapshot.py", source, out, code=64, says="--overwrite replaces it")
    assert out.read_bytes() == before
    run("make_snapshot.py", source, out, "--overwrite")


def test_a_full_disk_leaves_the_old_file(tmp_path):
    source = write(tmp_path / "t.csv", "x\n" + "0.5\n" * 100_000)
    write(tmp_path / "t.h5", "old")
    limit = 100_000  # bytes per file: writing beyond fails as a full disk does
    run("make_snapshot.py", source, tmp_path / "t.h5", "--overwrite", code=74,
        says="t.h5: writing failed",
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert sorted(os.listdir(tmp_path)) == ["t.csv", "t.h5"]
    assert (tmp_path / "t.h5").read_text() == "old"


def test_missing_packages_are_named():
    # -S leaves out the folders that packages are installed in.
    done = subprocess.run([sys.executable, "-S", SCRIPTS / "make_snapshot.py", "a", "b"],
                          capture_output=True, text=True)
    assert done.returncode == 66
    assert "apt-get install python3-numpy python3-pandas python3-h5py" in done.stderr
    assert "Traceback" not in done.stderr
