# SPDX-License-Identifier: MIT
"""merit simulate: counts and ordered categories."""

import math

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json

DESIGN = """
repetitions = 4
seed = 3
[data]
formula = "y ~ x + w + (1 | g)"
family = "FAMILY"
SCALE
groups = [8, 15]
group_size = { mean = 12, sd = 3, min = 4 }
tau = 0.6
[data.covariates]
x = { kind = "normal" }
w = { kind = "halves" }
[data.coefficients]
INTERCEPTx = 0.3
w = 0.2
[[estimator]]
name = "AGQ"
df = ["normal", "between-within", "profile"]
bootstrap = { replicates = 39 }
[[estimator]]
name = "short"
method = "laplace"
formula = "y ~ x + (1 | g)"
[[estimator]]
name = "Bayes"
prior = "brms"
chains = 2
draws = 20
warmup = 10
"""


def design(family, scale="", intercept='"(Intercept)" = 0.5\n'):
    return (DESIGN.replace("FAMILY", family).replace("SCALE", scale)
            .replace("INTERCEPT", intercept))


FAMILIES = {"poisson": design("poisson"),
            "negbinomial": design("negbinomial", "theta = 2"),
            "ordinal": design("ordinal", "thresholds = [-1, 0.2, 1.5]", ""),
            "probit": design("ordinal", 'link = "probit"\nthresholds = [-0.5, 0.5]', "")}
OPTIONS = {family: ["--family", family] for family in FAMILIES}
OPTIONS["probit"] = ["--family", "ordinal", "--link", "probit"]
FORMULA = "y ~ x + w + (1 | g)"


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("families")
    for family, text in FAMILIES.items():
        (place / f"{family}.toml").write_text(text, encoding="utf-8")
    return place


def simulate(text, place, *arguments, **options):
    (place / "study.toml").write_text(text, encoding="utf-8")
    return merit("simulate", "study.toml", *arguments, cwd=place, **options)


@pytest.mark.parametrize("family", FAMILIES)
def test_fits_are_those_of_merit(family, place, tmp_path):
    """Of one data set: estimates, profiles, a bootstrap and a posterior, theta and thresholds too."""
    data = tmp_path / "data.h5"
    shown = merit_json("simulate", place / f"{family}.toml", "--only", "cell=2,rep=3",
                       "--dump-data", data)
    lines = {(line["estimator"], line["df"], line["term"]): line for line in shown["fits"]}
    whole = merit_json("fit", data, FORMULA, "--ci", "profile", *OPTIONS[family])["tidy"]
    short = merit_json("fit", data, "y ~ x + (1 | g)", "--method", "laplace", *OPTIONS[family])["tidy"]
    draws = merit_json("sample", data, FORMULA, "--draws", 20, "--chains", 2, "--warmup", 10, "--prior", "brms", "--seed", shown["seed"],
                       "--output", tmp_path / "draws.h5", *OPTIONS[family], code=None)["tidy"]
    boot = merit_json("bootstrap", data, FORMULA, "--replicates", 39, "--seed", shown["seed"],
                      "--output", tmp_path / "boot.h5", *OPTIONS[family], code=None)["tidy"]
    for estimator, way, rows in (("AGQ", "profile", whole), ("short", "normal", short),
                                 ("Bayes", "eti", draws), ("AGQ", "perc", boot)):
        assert len(rows) == len({term for one, df, term in lines if (one, df) == (estimator, way)}
                                | {"sd__(Intercept)"})
        for row in rows:
            if (estimator, row["term"]) == ("short", "sd__(Intercept)"):
                continue
            line = lines[estimator, way, row["term"]]
            assert line["estimate"] == pytest.approx(row["estimate"], rel=1e-4, abs=1e-5)
            if line["std.error"] is not None:
                assert line["std.error"] == pytest.approx(row["std.error"], rel=1e-3)
            if way != "normal":
                assert line["conf.low"] == pytest.approx(row["conf.low"], rel=1e-4, abs=1e-5)
                assert line["conf.high"] == pytest.approx(row["conf.high"], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_degrees_of_freedom_and_rows(family, place):
    """Thresholds are one intercept, theta has no degrees of freedom: J = 15, w and the intercept."""
    shown = merit_json("simulate", place / f"{family}.toml", "--only", "cell=2,rep=1")
    df = {line["term"]: line["den.df"] for line in shown["fits"]
          if (line["estimator"], line["df"]) == ("AGQ", "between-within")}
    first = "1|2" if "ordinal" in OPTIONS[family] else "(Intercept)"
    assert df[first] == df["w"] == 13 and df["x"] == shown["nobs"] - 15 - 1
    assert df.get("theta") is None
    rows = merit_json("simulate", place / f"{family}.toml")["performance"]
    truth = {row["term"]: row["truth"] for row in rows}
    assert truth["x"] == 0.3 and truth["sd__(Intercept)"] == 0.6
    assert truth.get("theta", 2) == 2 and truth.get("2|3", 0.2) in (0.2, 0.5)
    # Without fused multiply-adds probits take twenty times as long: one family stands for all.
    level = ["--simd", "x86-64-v2"] if family == "poisson" else []
    assert rows == merit_json("simulate", place / f"{family}.toml", *level, ranks=2)["performance"]


def responses(text, place):
    """Of 20,000 rows."""
    text = (text.replace("groups = [8, 15]", "groups = 200").replace("mean = 12, sd = 3", "mean = 100, sd = 1"))
    simulate(text.replace("profile", "normal"), place, "--only", "cell=1,rep=1", "--dump-data",
             place / "d.h5")
    with h5py.File(place / "d.h5") as file:
        return file["data/y"][:]


def moments_of(y):
    n = len(y)
    return y.mean(), y.std() / math.sqrt(n), y.var(), y.var() * math.sqrt(6 / n)


QUIET = {"tau = 0.6": "tau = 0", "x = 0.3": "x = 0", "w = 0.2": "w = 0",
         'bootstrap = { replicates = 39 }\n': "", '[[estimator]]\nname = "Bayes"\nprior = "brms"\nchains = 2\ndraws = 20\nwarmup = 10\n': ""}


def quiet(text):
    for old, new in QUIET.items():
        text = text.replace(old, new)
    return text


def test_counts_have_the_moments_of_their_distribution(tmp_path):
    """mean e^0.5; variance the mean, or mean + mean²/2. Five standard errors; the variance's is that
    of a distribution with kurtosis up to about 7."""
    mean = math.exp(0.5)
    for family, variance in (("poisson", mean), ("negbinomial", mean + mean ** 2 / 2)):
        (tmp_path / family).mkdir()
        found, error, var, var_error = moments_of(responses(quiet(FAMILIES[family]), tmp_path / family))
        assert abs(found - mean) < 5 * error
        assert abs(var - variance) < 5 * var_error


def test_categories_have_their_probabilities(tmp_path):
    """P(Y ≤ k) = F(threshold_k) where all else is 0."""
    (tmp_path / "a").mkdir()
    y = responses(quiet(FAMILIES["ordinal"]), tmp_path / "a")
    assert set(y) == {1, 2, 3, 4}
    for k, threshold in enumerate((-1, 0.2, 1.5), 1):
        p = 1 / (1 + math.exp(-threshold))
        assert abs((y <= k).mean() - p) < 5 * math.sqrt(p * (1 - p) / len(y))
    (tmp_path / "b").mkdir()
    y = responses(quiet(FAMILIES["probit"]), tmp_path / "b")
    for k, threshold in enumerate((-0.5, 0.5), 1):
        p = 0.5 * math.erfc(-threshold / math.sqrt(2))
        assert abs((y <= k).mean() - p) < 5 * math.sqrt(p * (1 - p) / len(y))


def test_mean_count(tmp_path):
    """E e^η = e^(β₀ + 0.1) (1 + e^0.2)/2 · e^(0.6²/2) e^(0.3²/2) in closed form: β₀ is what makes it 2."""
    text = design("poisson", "mean = 2", "")
    truth = {row["term"]: row["truth"] for row in
             merit_json("simulate", simulate_file(text, tmp_path))["performance"]}
    expected = math.log(2) - math.log((1 + math.exp(0.2)) / 2) - 0.6 ** 2 / 2 - 0.3 ** 2 / 2
    # w is 1 in 4 of 8 groups, but in 7 of 15.
    rows = merit_json("simulate", tmp_path / "study.toml")["performance"]
    first = next(row for row in rows if row["term"] == "(Intercept)" and row["cell"] == 1)
    assert first["truth"] == pytest.approx(expected, abs=1e-9)
    share = 7 / 15
    expected = math.log(2) - math.log(1 - share + share * math.exp(0.2)) - 0.6 ** 2 / 2 - 0.3 ** 2 / 2
    assert truth["(Intercept)"] == pytest.approx(expected, abs=1e-9)


def simulate_file(text, place):
    (place / "study.toml").write_text(text, encoding="utf-8")
    return place / "study.toml"


def test_a_category_that_is_never_drawn_is_a_row(tmp_path):
    text = design("ordinal", "thresholds = [-1, 0.2, 12]", "")
    row, *_ = merit_json("simulate", simulate_file(text, tmp_path))["performance"]
    assert row["degenerate"] == 4 and row["nsim"] == 0


@pytest.mark.parametrize("family, old, new, mentions", [
    ("poisson", "tau = 0.6", "icc = 0.1", ["icc", "give tau"]),
    ("poisson", "tau = 0.6", "tau = 0.6\nprevalence = 0.2", ["prevalence", 'family = "binomial"']),
    ("poisson", "tau = 0.6", "tau = 0.6\nmean = 2", ["(Intercept)", "mean is given too"]),
    ("poisson", "tau = 0.6", "tau = 0.6\nmean = 0", ["mean = 0: give a number above 0"]),
    ("poisson", "tau = 0.6", "tau = 0.6\ntheta = 2", ["theta", 'family = "negbinomial"']),
    ("poisson", "tau = 0.6", "tau = 0.6\nsigma = 2", ["sigma", "Gaussian"]),
    ("negbinomial", "theta = 2\n", "", ["[data] lacks theta"]),
    ("negbinomial", 'method = "laplace"', 'method = "pql"', ["method = 'pql'", "agq, laplace"]),
    ("ordinal", "thresholds = [-1, 0.2, 1.5]", "", ["[data] lacks thresholds"]),
    ("ordinal", "[-1, 0.2, 1.5]", "[0.2, -1]", ["thresholds", "ascending"]),
    ("ordinal", "[-1, 0.2, 1.5]", "[-1, -1]", ["thresholds has -1 twice"]),
    ("ordinal", "x = 0.3", '"(Intercept)" = 1\nx = 0.3', ["no key '(Intercept)'"]),
    ("ordinal", "tau = 0.6", "tau = 0.6\nmean = 2", ["mean", "poisson"]),
    ("ordinal", 'prior = "brms"', 'prior = "1|2~half_normal(1)"', ["half_normal"]),
    ("poisson", 'family = "poisson"', 'family = "poison"', ["did you mean 'poisson'?"]),
    ("poisson", 'family = "poisson"', 'family = "poisson"\nthresholds = 1', ["thresholds", "ordinal"]),
    ("poisson", "tau = 0.6", 'tau = 0.6\nmean = 2\nintercepts = { kind = "t", df = 5 }',
     ["mean", "normal intercepts"]),
])
def test_what_a_family_does_not_have(family, old, new, mentions, tmp_path):
    text = FAMILIES[family]
    assert old in text
    check_refusal(simulate(text.replace(old, new, 1), tmp_path, code=USAGE), "line ", *mentions)
