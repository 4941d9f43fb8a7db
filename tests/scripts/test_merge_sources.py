# SPDX-License-Identifier: MIT
"""merge_sources.py on sources small enough to merge by hand."""

import csv

import numpy as np
import pandas as pd
import pytest
from scripting import levels, read, run, write

SURVEY = """person,wave,institution,score
3,2019,B,1.5
1,2017,A,2.5
1,2019,A,3.5
9,2019,A,4.5
,2019,B,5.5
2,2017,C,
"""
REGISTRY = """person,wave,sex,age
1,2019,male,42
2,2017,female,30
1,2017,male,40
3,2019,male,
3,2017,male,28
8,2019,female,19
"""
# 2019: A 1, 3 and B 3, 5. MSW = (2 + 2) / 2 = 2; MSB = 2 × 1² + 2 × 1² = 4; n₀ = 2, so
# τ² = (4 − 2) / 2 = 1, σ² = 2, and the reliability of a mean of two is 1 / (1 + 2/2) = 0.5.
# 2017: one institution: no variance between, none estimable. D is known in no wave.
PARTNERS = """wave,institution,x,y
2019,A,1,1
2019,A,3,
2019,B,2,4
2019,B,5,5
2017,A,4,4
2017,B,2,2
"""


def merge(folder, *options, survey=SURVEY, registry=REGISTRY, partners=PARTNERS, **checks):
    """Merges three texts; returns run()'s result."""
    for name, text in (("s", survey), ("r", registry), ("p", partners)):
        write(folder / f"{name}.csv", text)
    return run("merge_sources.py", "--survey", folder / "s.csv", "--registry", folder / "r.csv",
               "--partners", folder / "p.csv", "--output", folder / "o.h5",
               *(options or ("--scale", "rating=x,y")), **checks)


def test_rows_and_order(tmp_path):
    merge(tmp_path)
    found = read(tmp_path / "o.h5")
    assert list(found) == ["person", "wave", "institution", "score", "sex", "age", "rating",
                           "rating_n", "rating_sd", "rating_rel"]
    # One row per survey row, in the survey's order; what is not matched is missing.
    np.testing.assert_array_equal(found["person"], [3, 1, 1, 9, np.nan, 2])
    assert found["wave"].dtype == np.int64
    np.testing.assert_array_equal(found["score"], [1.5, 2.5, 3.5, 4.5, 5.5, np.nan])
    np.testing.assert_array_equal(found["age"], [np.nan, 40, 42, np.nan, np.nan, 30])
    assert found["sex"] == ["male", "male", "male", None, None, "female"]
    assert levels(tmp_path / "o.h5", "sex")[0] == ["male", "female"]  # the codebook's


def test_ratings(tmp_path):
    merge(tmp_path)
    found = read(tmp_path / "o.h5")
    # Rows: B19, A17, A19, A19, B19, C17.
    # Partner means: A19 1, 3; B19 3, 5; A17 4. B17 has no survey row: left out.
    np.testing.assert_array_equal(found["rating"], [4, 4, 2, 2, 4, np.nan])
    np.testing.assert_array_equal(found["rating_n"], [2, 1, 2, 2, 2, 0])
    root = np.sqrt(2)
    np.testing.assert_array_equal(found["rating_sd"], [root, np.nan, root, root, root, np.nan])
    np.testing.assert_allclose(found["rating_rel"], [0.5, np.nan, 0.5, 0.5, 0.5, np.nan])


def test_reliability_of_unequal_groups(tmp_path):
    # 0, 2 | 4, 4, 4 | 1, 3, 5, 7: J = 3, N = 9, means 1, 4, 4, grand 30/9.
    # SSW = 2 + 0 + 20, MSW = 22/6; SSB = 2 (7/3)² + 7 (2/3)² = 14, MSB = 7;
    # n₀ = (9 − 29/9) / 2 = 26/9; τ² = (7 − 22/6) / (26/9) = 15/13.
    partners = "wave,institution,x\n" + "".join(
        f"2019,{name},{x}\n" for name, values in (("A", (0, 2)), ("B", (4, 4, 4)),
                                                  ("C", (1, 3, 5, 7))) for x in values)
    survey = "person,wave,institution\n1,2019,A\n2,2019,B\n3,2019,C\n"
    merge(tmp_path, "--scale", "x=x", survey=survey, partners=partners)
    tau2, sigma2 = 15 / 13, 22 / 6
    want = [tau2 / (tau2 + sigma2 / n) for n in (2, 3, 4)]
    np.testing.assert_allclose(read(tmp_path / "o.h5")["x_rel"], want, rtol=1e-14)


def test_what_does_not_match_is_counted_and_listed(tmp_path):
    done = merge(tmp_path)
    assert done.stdout.splitlines() == [
        f"{tmp_path}/o.h5: 6 rows, 10 columns",
        "  2 survey rows without a registry row",
        "  2 registry rows without a survey row",
        "  1 partner ratings of an institution without survey rows in that wave",
        "  1 institutions without partner ratings in a wave",
        f"{tmp_path}/o.unmatched.csv: 6 rows that do not match"]
    with open(tmp_path / "o.unmatched.csv", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["problem", "person", "wave", "institution"],
            ["survey rows without a registry row", "9", "2019", "A"],
            ["survey rows without a registry row", "", "2019", "B"],
            ["registry rows without a survey row", "3", "2017", ""],
            ["registry rows without a survey row", "8", "2019", ""],
            ["partner ratings of an institution without survey rows in that wave", "", "2017",
             "B"],
            ["institutions without partner ratings in a wave", "", "2017", "C"]]


def test_registry_without_waves_serves_every_wave(tmp_path):
    merge(tmp_path, registry="person,age\n1,40\n2,30\n3,28\n")
    np.testing.assert_array_equal(read(tmp_path / "o.h5")["age"], [28, 40, 40, np.nan, np.nan, 30])
    assert read(tmp_path / "o.h5")["wave"].tolist() == [2019, 2017, 2019, 2019, 2019, 2017]


def test_keys_may_be_text_and_have_other_names(tmp_path):
    rename = str.maketrans({"3": "x", "1": "z"})
    merge(tmp_path, "--person", "id", "--wave", "round", "--institution", "pi", "--scale", "r=x",
          survey="id,round,pi\nd3,w2,A\nd1,w1,B\n".translate(rename),
          registry="id,round,age\nd1,w1,40\nd3,w2,50\n".translate(rename),
          partners="pi,round,x\nA,w2,3\nB,wz,4\n")
    found = read(tmp_path / "o.h5")
    assert found["id"] == ["dx", "dz"] and found["age"].tolist() == [50, 40]
    np.testing.assert_array_equal(found["r"], [3, 4])


def stata_sources(folder, survey, registry, labels_survey, labels_registry):
    for name, text, labels in (("s", survey, labels_survey), ("r", registry, labels_registry)):
        frame = pd.read_csv(write(folder / f"{name}.csv", text))
        frame.to_stata(folder / f"{name}.dta", write_index=False, value_labels=labels)
    return ["merge_sources.py", "--survey", folder / "s.dta", "--registry", folder / "r.dta",
            "--output", folder / "o.h5"]


def test_value_labels_of_the_sources_must_agree(tmp_path):
    survey = "person,wave,institution\n1,2,1\n2,1,2\n"
    registry = "person,wave,sex\n1,2,2\n2,1,1\n"
    place, sex = {1: "A", 2: "B"}, {1: "male", 2: "female"}
    good = {1: "2017", 2: "2019"}
    command = stata_sources(tmp_path, survey, registry, {"institution": place, "wave": good},
                            {"wave": good, "sex": sex})
    run(*command)
    assert read(tmp_path / "o.h5")["sex"] == ["female", "male"]
    assert read(tmp_path / "o.h5")["wave"] == ["2019", "2017"]
    for bad, says in (({1: "2019", 2: "2017"}, "code 1 is labelled '2017' in s.dta and '2019' in "),
                      ({2: "2019", 1: "2017", 3: "2022"}, None),
                      ({2: "2019", 1: "2O17"}, "code 1 is labelled '2017' in s.dta and '2O17'"),
                      ({2: "2019", 1: "x", 3: "2017"}, "column 'wave'")):
        command = stata_sources(tmp_path, survey, registry,
                                {"institution": place, "wave": good}, {"wave": bad, "sex": sex})
        run(*command, "--overwrite", code=65 if says else 0, says=says or "")


ONCE = "more than one row each"


@pytest.mark.parametrize("source, text, says", [
    ("registry", REGISTRY + "1,2019,male,43\n", f"r.csv: person 1 wave 2019: {ONCE}, e.g. row 7"),
    ("survey", SURVEY + "9,2019,A,1\n9,2019,B,1\n1,2017,A,1\n",
     f"s.csv: person 9 wave 2019, person 1 wave 2017: {ONCE}"),
    ("registry", REGISTRY + ",2019,male,43\n", "r.csv: row 7 has no 'person'"),
    ("registry", REGISTRY.replace("person", "persons"), "did you mean 'persons'?"),
    ("registry", REGISTRY.replace("age", "score"), "score: in s.csv and in r.csv"),
    ("registry", REGISTRY.replace("8,", "p8,"), "text in r.csv and numbers in s.csv"),
    ("registry", REGISTRY.replace("female", "woman"), "'woman' in row 2, which is not among its "
     "levels male, female in the study's codebook; --factor sex takes"),
    ("partners", PARTNERS + "2019,D,1,1\n2017,Z,1,1\n", "that s.csv does not know: D, Z"),
    ("partners", PARTNERS.replace("x", "z"), "p.csv: no column 'x'"),
    ("partners", PARTNERS.replace("5,5", "5,good"), "ratings must be numbers"),
    ("survey", SURVEY.replace("score", "rating"), "'rating'"),
    ("survey", SURVEY.replace("institution", "prison"), "s.csv: no column 'institution'"),
])
def test_data_errors(tmp_path, source, text, says):
    merge(tmp_path, code=65, says=says, **{source: text})
    assert not (tmp_path / "o.h5").exists() and not (tmp_path / "o.unmatched.csv").exists()


def test_usage_and_file_errors(tmp_path):
    merge(tmp_path)
    merge(tmp_path, code=64, says="o.h5: exists")
    merge(tmp_path, "--overwrite", "--scale", "rating", code=64, says="NAME=COL")
    merge(tmp_path, "--overwrite", "--factor", "hue", code=65, says="no source has a column 'hue'")
    merge(tmp_path, "--overwrite", "--report", tmp_path / "o.h5", code=64, says="is the output")
    run("merge_sources.py", "--survey", tmp_path / "s.csv", code=64, says="--registry")
    run("merge_sources.py", "--survey", tmp_path / "s.csv", "--registry", tmp_path / "n.csv",
        "--output", tmp_path / "o2.h5", code=66, says="n.csv: No such file")
