# SPDX-License-Identifier: MIT
"""merit fit's small-sample inference: what the file keeps, and that ranks change nothing."""

import h5py
import numpy as np
import pytest
from program import merit, merit_json, two_level, write_group

MODEL = "y ~ x + w + (1 | g)"


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    return write_group(tmp_path_factory.mktemp("inference") / "study.h5", two_level(9, 6))


@pytest.mark.parametrize("options", [
    ["--df", "kr", "--contrast", "x = w", "--contrast", "x, w"],
    ["--vcov", "CR2", "--contrast", "(Intercept) = 1"],
    ["--df", "between-within", "--vcov", "CR3"],
    ["--df", "satterthwaite", "--method", "ml"],
])
def test_the_file_keeps_what_was_shown(options, study, tmp_path):
    output = tmp_path / "fit.h5"
    shown = merit_json("fit", study, MODEL, *options, "--output", output)
    again = merit_json("summarize", output)
    for part in ("tidy", "tests", "vcov", "glance", "options"):
        assert again[part] == shown[part], part
    with h5py.File(output) as file:
        np.testing.assert_array_equal(file["inference/vcov"], shown["vcov"]["matrix"])
        rows = [row for row in shown["tidy"] if row["effect"] == "fixed"]
        np.testing.assert_array_equal(file["inference/df"], [row["df"] for row in rows])
        np.testing.assert_allclose(np.sqrt(np.diag(file["inference/vcov"])),
                                   [row["std.error"] for row in rows], rtol=1e-15)


def test_as_before_without_options(study):
    """The normal distribution and the model's covariance, as in the fit itself."""
    plain = merit_json("fit", study, MODEL)
    assert plain["tests"] == [] and plain["options"] == {}
    asked = merit_json("fit", study, MODEL, "--df", "normal", "--vcov", "model")
    assert asked["tidy"] == plain["tidy"] and asked["vcov"] == plain["vcov"]
    assert all(row["df"] is None for row in plain["tidy"])


@pytest.mark.parametrize("options", [["--df", "kr"], ["--vcov", "CR2"]])
def test_ranks_and_threads_change_no_bit(options, study):
    one = merit("fit", study, MODEL, *options, "--format", "csv", "--threads", 1).stdout
    two = merit("fit", study, MODEL, *options, "--format", "csv", "--threads", 2, ranks=2).stdout
    assert one == two


def test_tables_name_the_method(study):
    text = merit("fit", study, MODEL, "--vcov", "CR2", "--contrast", "x - w").stdout
    assert "df satterthwaite, vcov CR2" in text
    assert "x - w" in text and "CR2, Satterthwaite" in text
