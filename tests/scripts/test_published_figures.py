# SPDX-License-Identifier: MIT
"""The synthetic study reproduces every published figure within sampling error.

Shares are compared by z = (share − published) / sqrt(p (1 − p) / n). Their sampling error is
binomial because persons are independent given the institutions, and the constants are solved
given those. Over seeds, all comparisons of this file together reject a correct generator with
probability below 10⁻⁶ (Bonferroni over at most 200 of them); the seed here is fixed.
Figures said in words ("about", "more", "less") are directions, also tested against that
bound, or bands that stand beside the comparison.
"""

import itertools
import json
import statistics

import numpy as np
import pandas as pd
import pytest
from scripting import read, run

Z = statistics.NormalDist().inv_cdf(1 - 1e-6 / (2 * 200))  # 5.7
CONTACTS = ["case_manager", "mentor", "probation", "municipality", "care", "volunteer"]
EXTERNAL = CONTACTS[2:]
WAVES = [2017, 2019, 2022]


def assert_share(events, published):
    """`events`: booleans of a sample; their share is `published` up to sampling error."""
    n = len(events)
    z = (np.mean(events) - published) / np.sqrt(published * (1 - published) / n)
    assert abs(z) < Z, f"{np.mean(events):.4f} of {n}, published {published}: z = {z:.1f}"


def assert_more(high, low):
    """The mean of one sample is above that of another, beyond chance."""
    error = np.sqrt(np.var(high) / len(high) + np.var(low) / len(low))
    assert (np.mean(high) - np.mean(low)) / error > Z


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """survey, registry, partners, and survey ⋈ registry, as pandas reads them."""
    folder = tmp_path_factory.mktemp("study")
    run("synthesize.py", "--output", folder, "--seed", 1)
    survey, registry, partners = (pd.read_csv(folder / f"{name}.csv")
                                  for name in ("survey", "registry", "partners"))
    return survey, registry, partners, survey.merge(registry, on=["person", "wave"])


def in_wave(frame, wave):
    return frame[frame["wave"] == wave]


def test_samples(study):
    survey, registry, partners, _ = study
    asked = pd.concat([survey, registry])[["person", "wave"]].drop_duplicates()
    rows = survey["wave"].value_counts()
    assert rows[2017] == 4938 and 4000 < rows[2019] < 4050  # "just over 4,000"
    response = rows / asked["wave"].value_counts()
    assert round(response[2017], 2) == 0.81 and round(response[2019], 2) == 0.80
    assert_share(in_wave(survey, 2017)["unit"].notna(), 4538 / 4938)
    assert in_wave(survey, 2017)["unit"].nunique() == 135
    assert len(in_wave(partners, 2019)) == 1000


def test_institutions(study):
    survey, _, partners, _ = study
    names = {wave: set(in_wave(survey, wave)["institution"]) for wave in WAVES}
    assert len(names[2017]) == 28 and len(names[2019]) == 26
    assert len(names[2017] - names[2019]) == 4                       # closures of 2018
    for one, other in itertools.combinations(WAVES, 2):              # match only partly
        assert names[one] - names[other] and names[other] - names[one]
    sizes = in_wave(survey, 2019)["institution"].value_counts()
    assert round(sizes.mean()) == 154 and sizes.max() > 3 * sizes.min()
    assert set(in_wave(partners, 2019)["institution"]) == names[2019]


def test_soon_to_be_released(study):
    *_, joined = study
    here = in_wave(joined, 2019)
    soon = here["release"] < 13
    assert_share(soon, 1442 / 4004)
    assert here[soon]["institution"].nunique() == 26


@pytest.mark.parametrize("wave", WAVES)
def test_contact(study, wave):
    survey = in_wave(study[0], wave)
    for kind, share in zip(CONTACTS, (0.60, 0.60, 0.49, 0.20, 0.20, 0.20)):
        assert_share(survey[kind].dropna() == 1, share)
    # Independent, these shares would leave 0.4² × 0.51 × 0.8³ = 4.2% with none.
    assert_share(survey["contacts"].dropna() == 0, 0.20)


def test_contact_of_one_type_goes_with_the_others(study):
    contact = study[0][CONTACTS].dropna()
    for one, other in itertools.combinations(CONTACTS, 2):
        assert_more(contact[contact[one] == 1][other], contact[contact[one] == 0][other])


def test_least_contact_early_and_in_short_stays(study):
    *_, joined = study
    joined = joined.dropna(subset=["contacts", "release"])
    early, short = joined["served"] < 6, joined["served"] + joined["release"] < 13
    assert_more(joined[~early]["contacts"], joined[early]["contacts"])
    assert_more(joined[~short]["contacts"], joined[short]["contacts"])


def test_more_external_contact_in_ezv_and_isd(study):
    *_, joined = study
    external = joined[EXTERNAL].sum(axis=1, skipna=False)
    usual = external[joined["regime"].isin(["HvB", "prison"])].dropna()
    for regime in ("EZV", "ISD"):
        assert_more(external[joined["regime"] == regime].dropna(), usual)


def test_satisfaction(study):
    survey = study[0]
    for high in ("case_manager", "mentor", "care", "volunteer"):
        for low in ("probation", "municipality"):
            assert_more(survey[f"sat_{high}"].dropna(), survey[f"sat_{low}"].dropna())
    for kind in CONTACTS:  # asked of those with contact only
        assert (survey[survey[f"sat_{kind}"].notna()][kind] == 1).all()


def test_population(study):
    registry = in_wave(study[1], 2019)
    assert_share(registry["sex"] == "male", 0.95)
    for low, high, share in ((18, 24, 0.15), (25, 44, 0.58), (45, 64, 0.26)):
        assert_share(registry["age"].between(low, high), share)
    for legal, share in (("remand", 0.44), ("sentenced", 0.39), ("ISD", 0.08),
                         ("substitute", 0.05)):
        assert_share(registry["legal"] == legal, share)
    assert set(registry["regime"]) == {"HvB", "prison", "EZV", "ISD", "BBI", "PPC"}
    assert registry["age"].min() >= 18


def least_squares(y, X):
    """Estimates and standard errors."""
    coefficients, squares, *_ = np.linalg.lstsq(X, y, rcond=None)
    variance = squares[0] / (len(y) - X.shape[1])
    return coefficients, np.sqrt(variance * np.diag(np.linalg.inv(X.T @ X)))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """120,000 detainees and so many partners that the mean rating is the institution's true one,
    without other differences between institutions in contact: their own effects apart, 26
    institutions are too few to see one of facilitation."""
    folder = tmp_path_factory.mktemp("large")
    run("synthesize.py", "--output", folder, "--seed", 2, "--detainees", 120_000, "--set",
        "contact_icc=0", *(f for wave in WAVES for f in ("--set", f"partners.{wave}=40000")))
    run("merge_sources.py", "--survey", folder / "survey.csv", "--registry",
        folder / "registry.csv", "--partners", folder / "partners.csv", "--output",
        folder / "study.h5")
    found = read(folder / "study.h5")
    frame = pd.DataFrame({name: np.ma.filled(values, np.nan) if np.ma.isMA(values) else values
                          for name, values in found.items()})
    solved = json.loads((folder / "parameters.json").read_text())["solved"]
    return frame, solved


def test_facilitation_and_accessibility_raise_contact_with_probation_alone(large):
    frame, _ = large
    frame = frame.dropna(subset=["release", "served"])
    stay = (frame["served"] < 6).astype(int) + 2 * (frame["served"] + frame["release"] < 13)
    cell = pd.get_dummies(frame["regime"] + stay.astype(str) + frame["wave"].astype(str))
    X = np.column_stack([cell, frame[["facilitation", "accessibility"]]]).astype(float)
    for kind in EXTERNAL:
        known = frame[kind].notna().to_numpy()
        estimate, error = least_squares(frame[kind].to_numpy(float)[known], X[known])
        z = estimate[-2:] / error[-2:]
        assert (z > Z).all() if kind == "probation" else (np.abs(z) < Z).all(), (kind, z)


def test_preparedness_has_the_assumed_coefficients(large):
    # Within institution × wave, so that the institutions' own effects play no part.
    frame, solved = large
    frame = frame.dropna(subset=["preparedness", "contacts", "sex"])
    group = frame["institution"] + frame["wave"].astype(str)
    assumed = {"age": 0.004, "female": -0.10, "prison": 0.10, "EZV": 0.05, "ISD": 0.15, "BBI": 0.30,
               "PPC": -0.20, "served": 0.002, "contacts": 0.08}
    x = frame[["age", "served", "contacts"]].assign(
        female=frame["sex"] == "female",
        **{regime: frame["regime"] == regime for regime in ("prison", "EZV", "ISD", "BBI", "PPC")})
    both = x.astype(float).assign(preparedness=frame["preparedness"])
    within = both - both.groupby(group).transform("mean")
    estimate, error = least_squares(within["preparedness"].to_numpy(),
                                    within[list(assumed)].to_numpy())
    z = (estimate - list(assumed.values())) / error
    assert np.abs(z).max() < Z, dict(zip(assumed, z))
    residual = within["preparedness"] - within[list(assumed)] @ estimate
    # sigma is solved for complete items in the middle of the scale: good to some percent.
    assert residual.std() == pytest.approx(solved["2019"]["preparedness_sigma"], rel=0.03)


def test_items_missing_within_the_bracket(study):
    survey = study[0]
    items = [*CONTACTS, *(name for name in survey if name.startswith(("need_", "prep_")))]
    missing = survey[items].isna().mean()
    assert missing.between(0.015, 0.15).all()
    problems = survey["needs"].dropna()  # more gaps with more problems
    gaps = survey.loc[problems.index, [name for name in items if name.startswith("prep_")]]
    gaps = gaps.isna().sum(axis=1)
    assert_more(gaps[problems >= 3], gaps[problems <= 1])
