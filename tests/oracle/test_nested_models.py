# SPDX-License-Identifier: MIT
"""merit fit --null against lme4's anova and pbkrtest.

    MERIT=build/dev/merit python3 -m pytest tests/oracle/test_nested_models.py

Computed with R 4.2.2, lme4 1.1-31 and pbkrtest 0.5.2 on fits by nloptwrap with xtol_abs = ftol_abs =
1e-14: anova(refitML(large), refitML(small)), KRmodcomp(large, small), row Ftest.
"""

import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from program import DATA, make_snapshot, merit_json  # noqa: E402

JSP = "mathAge11 ~ mathAge8 * gender + class + (1 | school)"

# The nested model's fixed effects; (LRT, df, p), (F, df, denominator df, p). The third is made of
# combinations of columns, the last has no intercept of its own.
CASES = {
    "mathAge8": ((5.165946842862468, 3, 0.160041266627934),
                 (1.71671375946896, 3, 711.773009981361, 0.162160720161095)),
    "mathAge8 * gender": ((3.4319471957378482, 1, 0.0639466642552174),
                          (3.4136052132082, 1, 719.22291832461, 0.0650714861111301)),
    'mathAge8 + I((gender == "M") + 2 * (class == "nonmanual"))': (
        (3.985007635131296, 2, 0.136353593159572),
        (1.98451659922681, 2, 711.018966999982, 0.138207629139624)),
    "0 + mathAge8 + gender": ((4.130734666428907, 2, 0.126771714552652),
                              (2.06144990791273, 2, 714.289456782689, 0.128025818581647)),
}


@pytest.fixture(scope="module", name="jsp")
def fixture_jsp(tmp_path_factory):
    return make_snapshot(DATA / "jsp728.csv", tmp_path_factory.mktemp("null") / "jsp.h5",
                         "--factor", "school")


@pytest.mark.parametrize("fixed", CASES)
def test_gaussian(fixed, jsp):
    null = f"mathAge11 ~ {fixed} + (1 | school)"
    ratio, kr = merit_json("fit", jsp, JSP, "--null", null)["tests"]
    (statistic, df, p), (f, num_df, den_df, kr_p) = CASES[fixed]
    assert (ratio["kind"], ratio["statistic.name"], ratio["hypothesis"]) == ("null", "LRT", null)
    assert (ratio["num.df"], ratio["den.df"]) == (df, None)
    assert ratio["statistic"] == pytest.approx(statistic, abs=1e-8)
    assert ratio["p.value"] == pytest.approx(p, rel=1e-8)
    assert (kr["statistic.name"], kr["method"], kr["num.df"]) == ("F", "Kenward-Roger", num_df)
    assert kr["statistic"] == pytest.approx(f, rel=1e-7)
    assert kr["den.df"] == pytest.approx(den_df, rel=1e-7)
    assert kr["p.value"] == pytest.approx(kr_p, rel=1e-6)
    # With ML fits there is the likelihood-ratio test alone, and it is the same.
    [ml] = merit_json("fit", jsp, JSP, "--null", null, "--method", "ml")["tests"]
    assert ml == ratio


def test_logit(tmp_path):
    """glmer(use ~ age + urban, nAGQ = 7) against use ~ age: twice the difference of logLik."""
    data = make_snapshot(DATA / "contraception.csv", tmp_path / "c.h5", "--factor", "district")
    [test] = merit_json("fit", data, "use ~ age + urban + (1 | district)", "--family", "binomial",
                        "--null", "use ~ age + (1 | district)")["tests"]
    assert test["statistic"] == pytest.approx(31.4463134621542, abs=1e-6)
    assert (test["num.df"], test["method"]) == (1, "chi-squared")
