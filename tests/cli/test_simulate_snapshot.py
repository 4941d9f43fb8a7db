# SPDX-License-Identifier: MIT
"""merit simulate: group sizes and covariates of real data."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json

from h5same import differences

STUDY = """
repetitions = 12
seed = 6
[data]
formula = "y ~ age + sex + rating + (1 | g)"
GROUPS
group_size = { snapshot = "real.h5", column = "institution" }
icc = 0.2
[data.covariates]
age = { kind = "snapshot" }
sex = { kind = "snapshot", equals = "female" }
rating = { kind = "snapshot", level = "group" }
[data.coefficients]
"(Intercept)" = 1
age = 0.02
sex = 0.1
rating = 0
[[estimator]]
df = ["normal", "between-within"]
"""
REAL = STUDY.replace("GROUPS\n", "")
DRAWN = STUDY.replace("GROUPS", "groups = [5, 20]")
# Sizes of its own: rows of a real group for each group, or any rows.
OWN = (DRAWN.replace('{ snapshot = "real.h5", column = "institution" }', "6")
       .replace('"snapshot" }', '"snapshot", snapshot = "real.h5", group = "institution" }')
       .replace('"snapshot", equals', '"snapshot", snapshot = "real.h5", group = "institution", equals')
       .replace('"snapshot", level', '"snapshot", snapshot = "real.h5", group = "institution", level'))
SIZES = [3, 9, 5, 14, 4, 7, 6, 8]
INSTITUTIONS = [30, 10, 20, 50, 40, 70, 60, 80]


def real_data(rng):
    """Rows out of order, three of them with something missing; age is a number for each row."""
    institution = np.repeat(INSTITUTIONS, SIZES)
    n = len(institution)
    data = {"institution": institution, "age": 20.0 + np.arange(n), "sex": rng.integers(0, 2, n),
            "rating": institution % 7 + 0.5}
    more = {"institution": [10, 20, 30], "age": [np.nan, 500, 501], "sex": [0, -1, 1],
            "rating": [3.5, 6.5, np.nan]}
    order = rng.permutation(n + 3)
    return {name: np.concatenate([data[name], more[name]])[order] for name in data}


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("snapshot")
    write(place / "real.h5", real_data(np.random.default_rng(1)))
    for name, text in (("real", REAL), ("drawn", DRAWN), ("own", OWN)):
        (place / f"{name}.toml").write_text(text, encoding="utf-8")
    return place


def write(path, data):
    with h5py.File(path, "w") as file:
        for name, values in data.items():
            if name == "sex":
                group = file.create_group("data/sex")
                group.attrs["encoding-type"] = "categorical"
                group.attrs["encoding-version"] = "0.2.0"
                group.attrs["ordered"] = False
                group["codes"] = values.astype("i1")
                group["categories"] = np.array(["female", "male"], dtype=h5py.string_dtype())
            else:
                file[f"data/{name}"] = values
        file["data"].attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0",
                                   "column-order": list(data), "_index": "age"})


def complete(place):
    """(institution, age, female, rating) of the rows that have all of them."""
    with h5py.File(place / "real.h5") as file:
        data = file["data"]
        rows = np.column_stack([data["institution"][:], data["age"][:],
                                data["sex/codes"][:] == 0, data["rating"][:]])
        return rows[(data["sex/codes"][:] >= 0) & ~np.isnan(rows).any(axis=1)]


def dumped(place, name, cell, repetition, tmp_path):
    path = tmp_path / f"{name}{cell}{repetition}.h5"
    merit("simulate", place / f"{name}.toml", "--only", f"cell={cell},rep={repetition}",
          "--dump-data", path)
    with h5py.File(path) as file:
        return {column: file[f"data/{column}"][:] for column in ("g", "y", "age", "sex", "rating")}


def test_all_groups_as_they_are(place, tmp_path):
    """Without `groups`: the real design in every repetition, new responses."""
    rows = complete(place)
    one, other = (dumped(place, "real", 1, r, tmp_path) for r in (1, 2))
    for data in (one, other):
        assert sorted(np.bincount(data["g"].astype(int))[1:]) == sorted(SIZES)
        assert sorted(zip(data["age"], data["sex"], data["rating"])) == sorted(map(tuple, rows[:, 1:]))
    assert np.array_equal(one["age"], other["age"]) and not np.array_equal(one["y"], other["y"])
    # A group of the data is a group of the file, row for row.
    institution = dict(zip(rows[:, 1], rows[:, 0]))
    for g in np.unique(one["g"]):
        assert len({institution[age] for age in one["age"][one["g"] == g]}) == 1


def test_groups_are_drawn_whole(place, tmp_path):
    rows = complete(place)
    institution = dict(zip(rows[:, 1], rows[:, 0]))
    ages = {i: sorted(rows[rows[:, 0] == i, 1]) for i in INSTITUTIONS}
    drawn = []
    for repetition in (1, 2, 3):
        data = dumped(place, "drawn", 2, repetition, tmp_path)
        assert len(np.unique(data["g"])) == 20
        for g in np.unique(data["g"]):
            mine = data["age"][data["g"] == g]
            assert list(mine) == [age for age in mine] and sorted(mine) == ages[institution[mine[0]]]
            drawn.append(institution[mine[0]])
        by_age = {age: (sex, rating) for _, age, sex, rating in rows}
        assert all(by_age[a] == (s, r) for a, s, r in zip(data["age"], data["sex"], data["rating"]))
    # 60 draws of 8: each is there, with a probability of 0.997 for this many.
    assert set(drawn) == set(INSTITUTIONS)


def test_rows_of_a_real_group_for_groups_of_other_sizes(place, tmp_path):
    rows = complete(place)
    institution = dict(zip(rows[:, 1], rows[:, 0]))
    by_age = {age: (sex, rating) for _, age, sex, rating in rows}
    data = dumped(place, "own", 2, 1, tmp_path)
    assert set(np.bincount(data["g"].astype(int))[1:]) == {6}
    for g in np.unique(data["g"]):
        assert len({institution[age] for age in data["age"][data["g"] == g]}) == 1
    assert all(by_age[a] == (s, r) for a, s, r in zip(data["age"], data["sex"], data["rating"]))


def test_any_rows(place, tmp_path):
    text = (OWN.replace(', group = "institution"', ', resample = "rows"').replace(', level = "group"', ""))
    (place / "any.toml").write_text(text, encoding="utf-8")
    rows = complete(place)
    institution = dict(zip(rows[:, 1], rows[:, 0]))
    data = dumped(place, "any", 2, 1, tmp_path)
    mixed = [len({institution[age] for age in data["age"][data["g"] == g]}) for g in np.unique(data["g"])]
    assert min(mixed) > 1
    by_age = {age: (sex, rating) for _, age, sex, rating in rows}
    assert all(by_age[a] == (s, r) for a, s, r in zip(data["age"], data["sex"], data["rating"]))


@pytest.mark.parametrize("name", ["real", "drawn", "own"])
def test_the_same_bits_and_a_file_that_needs_no_snapshot(name, place, tmp_path):
    printed = merit_json("simulate", place / f"{name}.toml", ranks=2)
    assert printed["notes"] == ["real.h5: 3 of 59 rows lack a value of a column that is used, and are "
                                "left out"]
    rows = printed["performance"]
    assert all(row["failed"] == 0 for row in rows)
    for k in (1, 2):
        merit("simulate", place / f"{name}.toml", "--output", tmp_path / f"{k}.h5", "--shard", f"{k}/2")
    merit("simulate", place / f"{name}.toml", "--output", tmp_path / "whole.h5")
    merit("merge", tmp_path / "merged.h5", tmp_path / "1.h5", tmp_path / "2.h5")
    with h5py.File(tmp_path / "whole.h5") as one, h5py.File(tmp_path / "merged.h5") as two:
        assert not list(differences(one, two, {"/provenance"}))
    (place / "real.h5").rename(place / "away.h5")
    try:
        stored = merit_json("summarize", tmp_path / "whole.h5")
    finally:
        (place / "away.h5").rename(place / "real.h5")
    assert stored["performance"] == rows and stored["notes"] == printed["notes"]


def test_where(place, tmp_path):
    """Rows of four institutions: J, and the rows that are drawn from."""
    text = DRAWN.replace('column = "institution"', 'column = "institution", where = "institution >= 50"')
    (place / "where.toml").write_text(text, encoding="utf-8")
    data = dumped(place, "where", 2, 1, tmp_path)
    rows = complete(place)
    assert set(data["age"]) <= set(rows[rows[:, 0] >= 50, 1])
    (place / "where.toml").write_text(text.replace("groups = [5, 20]\n", "").replace(">= 50", "!= 10"),
                                      encoding="utf-8")
    data = dumped(place, "where", 1, 2, tmp_path)
    assert sorted(data["age"]) == sorted(rows[rows[:, 0] != 10, 1])


def test_degrees_of_freedom_of_real_groups(place):
    """J = 8, n = 56; intercept and rating between groups, age and sex within."""
    shown = merit_json("simulate", place / "real.toml", "--only", "cell=1,rep=1")
    df = {line["term"]: line["den.df"] for line in shown["fits"] if line["df"] == "between-within"}
    assert df == {"(Intercept)": 6, "rating": 6, "age": 56 - 8 - 2, "sex": 56 - 8 - 2}


@pytest.mark.parametrize("name", ["drawn", "own"])
def test_prevalence_is_averaged_over_real_rows(name, place, tmp_path):
    """The intercept by brute force: rows of the file as likely as they are drawn, b by a fine sum."""
    text = ((place / f"{name}.toml").read_text(encoding="utf-8")
            .replace("icc = 0.2", 'tau = 0.7\nfamily = "binomial"\nprevalence = 0.3')
            .replace('"(Intercept)" = 1\n', "").replace("groups = [5, 20]", "groups = 9")
            .replace("repetitions = 12", "repetitions = 2"))
    (place / "prevalence.toml").write_text(text, encoding="utf-8")
    merit("simulate", place / "prevalence.toml", "--output", tmp_path / "out.h5")
    row, *_ = merit_json("summarize", tmp_path / "out.h5")["performance"]
    rows = complete(place)
    size = {i: (rows[:, 0] == i).sum() for i in INSTITUTIONS}
    weight = np.array([1 / len(rows) if name == "drawn" else 1 / (8 * size[i]) for i in rows[:, 0]])
    b = np.linspace(-8, 8, 4001)
    density = np.exp(-b * b / 2) / np.exp(-b * b / 2).sum()
    eta = 0.02 * rows[:, 1] + 0.1 * rows[:, 2]
    assert row["term"] == "(Intercept)"
    p = 1 / (1 + np.exp(-(row["truth"] + eta[:, None] + 0.7 * b)))
    assert weight @ p @ density == pytest.approx(0.3, abs=1e-8)


def test_another_snapshot_is_another_job(place, tmp_path):
    for name in ("real.h5", "drawn.toml"):
        (tmp_path / name).write_bytes((place / name).read_bytes())
    merit("simulate", "drawn.toml", "--output", "out.h5", "--resume", cwd=tmp_path)
    merit("simulate", "drawn.toml", "--output", "out.h5", "--resume", cwd=tmp_path)
    with h5py.File(tmp_path / "real.h5", "a") as file:
        file["data/age"][0] += 1
    done = merit("simulate", "drawn.toml", "--output", "out.h5", "--resume", cwd=tmp_path, code=USAGE)
    check_refusal(done, "digest", "use the snapshot as it was")
    assert "the study file has changed" not in done.stderr
    # A column that the study does not use makes no other job.
    with h5py.File(tmp_path / "real.h5", "a") as file:
        file["data/age"][0] -= 1
        file["data/other"] = np.zeros(len(file["data/age"]))
        file["data"].attrs["column-order"] = [*file["data"].attrs["column-order"], "other"]
    merit("simulate", "drawn.toml", "--output", "out.h5", "--resume", cwd=tmp_path)


@pytest.mark.parametrize("old, new, mentions", [
    ('"real.h5"', '"rael.h5"', ["line 7", "rael.h5", "no such file"]),
    ('column = "institution"', 'column = "instituton"', ["no column 'instituton', did you mean"]),
    (', column = "institution"', "", ["group_size lacks column"]),
    ('column = "institution"', 'column = "institution", mean = 5', ["mean", "a snapshot is given too"]),
    ('equals = "female"', 'equals = "femal"', ["no category 'femal', did you mean 'female'?"]),
    (', equals = "female"', "", ["sex has categories (female, male)", "equals"]),
    ('age = { kind = "snapshot" }', 'age = { kind = "snapshot", level = "group" }',
     ["age: the column in real.h5 differs within groups"]),
    (', level = "group"', "", ["rating: the column in real.h5 is constant within groups"]),
    ('age = { kind = "snapshot" }', 'age = { kind = "snapshot", mean = 3 }', ["mean", 'kind = "normal"']),
    ('age = { kind = "snapshot" }', 'age = { kind = "normal", column = "age" }',
     ["column", 'kind = "snapshot"']),
    ('age = { kind = "snapshot" }', 'age = { kind = "snapshot", group = "rating" }',
     ["real.h5 is grouped by 'institution' already"]),
    ('age = { kind = "snapshot" }', 'age = { kind = "snapshot", snapshot = "real.h5", resample = "row" }',
     ["did you mean 'rows'?"]),
    ('column = "institution" }', 'column = "institution", where = "age < 3x" }', ["where", "3x"]),
    ('column = "institution" }', 'column = "institution", where = "age + 1" }', ["true or false"]),
    ('column = "institution" }', 'column = "institution", where = "agee < 3" }', ["'agee', did you mean"]),
    ('column = "institution" }', 'column = "institution", where = "age < 1" }', ["no row has all"]),
    ('level = "group" }', 'level = "group", where = "age > 50" }\n'
     'z = { kind = "snapshot", column = "age", where = "age > 60" }', ["used where 'age > 50' already"]),
    ("repetitions = 12", "repetitions = 12\n[read]\nintercepts = 1", ["no key 'read'"]),
])
def test_what_a_snapshot_does_not_have(old, new, mentions, place):
    assert old in DRAWN
    (place / "wrong.toml").write_text(DRAWN.replace(old, new, 1), encoding="utf-8")
    check_refusal(merit("simulate", place / "wrong.toml", code=USAGE), "line ", *mentions)


def test_too_few_groups_are_told_before_any_work(place):
    (place / "few.toml").write_text(DRAWN.replace("[5, 20]", "2").replace("rating = 0", "rating = 0"),
                                    encoding="utf-8")
    done = merit("simulate", place / "few.toml", code=USAGE, ranks=2)
    check_refusal(done, "groups = 2: 2 terms vary between groups alone")


def test_a_group_is_named_where_sizes_are_not_real(place):
    (place / "wrong.toml").write_text(OWN.replace(', group = "institution" }', " }", 1), encoding="utf-8")
    merit("simulate", place / "wrong.toml", "--dry-run")  # the others say it for the file
    (place / "wrong.toml").write_text(OWN.replace(', group = "institution"', ""), encoding="utf-8")
    check_refusal(merit("simulate", place / "wrong.toml", code=USAGE), "3 problems", "lacks group",
                  'resample = "rows"')
