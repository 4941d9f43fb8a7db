# SPDX-License-Identifier: MIT
"""What merit inspect says of a snapshot, held against the columns that were written."""

import csv
import io
import json

import h5py
import numpy as np
import pytest
from program import merit, write_group

ROWS = 40
AGE = np.linspace(18.5, 79.25, ROWS)
AGE[3] = np.nan
SCORE = np.arange(ROWS) % 4 + 1.0
RATIO = AGE / 10
RATIO[5], RATIO[6] = np.inf, -np.inf
SCHOOL = np.array([f'school "{i % 20:02d}", in a street with a long name' for i in range(ROWS)],
                  dtype=object)


@pytest.fixture(scope="module", name="snapshot")
def fixture_snapshot(tmp_path_factory):
    path = tmp_path_factory.mktemp("inspect") / "study.h5"
    write_group(path, {"age": AGE, "score": SCORE, "ratio": RATIO, "school": SCHOOL,
                       "empty": np.full(ROWS, np.nan)})
    return path


def test_csv_has_a_row_per_column(snapshot):
    text = merit("inspect", snapshot, "--format", "csv").stdout
    rows = {row["column"]: row for row in csv.DictReader(io.StringIO(text))}
    assert list(rows) == ["age", "empty", "ratio", "school", "score"]
    age = rows["age"]
    assert (age["kind"], age["missing"], age["infinite"]) == ("numeric", "1", "0")
    assert float(age["min"]) == 18.5 and float(age["max"]) == 79.25
    assert float(age["mean"]) == pytest.approx(np.nanmean(AGE), rel=1e-14)
    assert rows["ratio"]["infinite"] == "2"
    assert rows["school"]["levels"] == "20" and rows["school"]["kind"] == "categorical"
    assert rows["score"]["levels"] == "4"  # whole numbers, few: a column of groups, perhaps
    assert rows["empty"]["missing"] == str(ROWS) and rows["empty"]["min"] == ""
    assert all(row["problem"] == "" for row in rows.values())


def test_json_counts_every_level(snapshot):
    columns = {column["name"]: column for column in
               json.loads(merit("inspect", snapshot, "--format", "json").stdout)["columns"]}
    assert columns["score"]["counts"] == {"1": 10, "2": 10, "3": 10, "4": 10}
    assert columns["school"]["counts"] == {level: 2 for level in sorted(set(SCHOOL))}
    assert columns["empty"]["min"] is None


def test_the_table_fits_a_terminal(snapshot):
    lines = merit("inspect", snapshot).stdout.splitlines()
    table = [line for line in lines if "school" in line and "20 in all" in line]
    assert len(table) == 1 and len(table[0]) < 160
    assert "20 groups of 2–2 rows" in table[0]


def test_a_column_that_no_model_can_use_is_listed_with_its_problem(tmp_path):
    path = tmp_path / "odd.h5"
    write_group(path, {"x": AGE, "y": SCORE})
    with h5py.File(path, "a") as file:
        file["data/pair"] = np.zeros((ROWS, 2))
    text = merit("inspect", path, "--format", "csv").stdout
    rows = {row["column"]: row for row in csv.DictReader(io.StringIO(text))}
    assert "40 × 2" in rows["pair"]["problem"] and rows["pair"]["missing"] == ""
