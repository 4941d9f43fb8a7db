# SPDX-License-Identifier: MIT
"""The institutions of the synthetic study, and the partners who rate them."""

import dataclasses

import numpy as np

from study_codebook import FACILITATION, LEVELS, RATINGS, WAVES
from tables import Column

# Published: 28 institutions in 2017 and 26 in 2019, four closures announced in 2018. That two
# took part first in 2019, that two merged into a third before 2022 and that one opened then, and
# which ones, is assumed.
_NAMES = [f"pi{number:02d}" for number in range(1, 33)]
_CLOSED = ("pi06", "pi13", "pi19", "pi27")
_MERGED, _INTO = ("pi08", "pi09"), "pi31"
_FIRST = {"pi29": 2019, "pi30": 2019, "pi31": 2022, "pi32": 2022}
# Assumed: women live in three institutions, which have every regime and stay open.
_FOR_WOMEN = ("pi03", "pi11", "pi20")
_OFFERED = {"HvB": 0.8, "prison": 0.8, "EZV": 0.7, "ISD": 0.4, "BBI": 0.25, "PPC": 0.2}


@dataclasses.dataclass
class Institutions:
    """Those of one wave; J of them."""
    names: list                    # J
    placement: np.ndarray          # regimes × 2 (male, female) × J, P(institution | regime, sex)
    units: np.ndarray              # J, housing units
    facilitation: np.ndarray       # J, true level, 1 to 5
    accessibility: np.ndarray      # J
    preparedness_effect: np.ndarray  # J, standard normal
    contact_effect: np.ndarray     # 6 × J, standard normal


def is_open(name, wave):
    """Whether the institution takes part in the wave."""
    if wave < _FIRST.get(name, WAVES[0]):
        return False
    return not (name in _CLOSED and wave > 2017 or name in _MERGED and wave >= 2022)


def draw_institutions(parameters, stream):
    """{wave: Institutions}. stream(...) gives the random generator of a purpose."""
    rng = stream("institutions")
    count = len(_NAMES)
    size = rng.gamma(parameters.size_shape, 1.0, count)
    size[_NAMES.index(_INTO)] = sum(size[_NAMES.index(name)] for name in _MERGED)
    women = np.isin(_NAMES, _FOR_WOMEN)
    offers = {regime: (rng.random(count) < share) | women
              for regime, share in _OFFERED.items()}
    offers["HvB"] |= ~offers["prison"]
    share = np.array([offers[regime] * rng.gamma(4.0, 0.25, count) * size
                      for regime in LEVELS["regime"]])
    # Nine standard normal effects: facilitation, accessibility, preparedness, six contacts.
    lasting = rng.standard_normal((9, count))
    waves = {}
    for wave in WAVES:
        here = np.array([is_open(name, wave) for name in _NAMES])
        passing = stream("institutions", wave).standard_normal((9, count))
        effect = (np.sqrt(parameters.persistence) * lasting
                  + np.sqrt(1.0 - parameters.persistence) * passing)[:, here]
        male = share[:, here] / share[:, here].sum(axis=1, keepdims=True)
        female = np.where(women, size, 0.0)[here]
        female = np.tile(female / female.sum(), (len(male), 1))
        placement = np.stack([male, female], axis=1)
        waves[wave] = Institutions(
            names=[name for name, is_here in zip(_NAMES, here) if is_here],
            placement=placement,
            units=_apportion(round(parameters.units * here.sum() / 28),
                             _expected_shares(parameters, placement)),
            facilitation=np.clip(parameters.facilitation_mean
                                 + parameters.facilitation_sd * effect[0], 1.0, 5.0),
            accessibility=np.clip(parameters.accessibility_mean
                                  + parameters.accessibility_sd * effect[1], 1.0, 5.0),
            preparedness_effect=effect[2], contact_effect=effect[3:])
    return waves


def _expected_shares(parameters, placement):
    """Expected share of each institution in the population: J."""
    regime = sum(probability * np.array(list(parameters.regime[legal].values()))
                 for legal, probability in parameters.legal.items())
    return regime @ (placement[:, 0] * (1.0 - parameters.female)
                     + placement[:, 1] * parameters.female)


def _apportion(total, shares):
    """Whole numbers, at least 1, that add up to `total`, by largest remainders."""
    quota = 1.0 + (total - len(shares)) * shares / shares.sum()
    units = np.floor(quota).astype(int)
    units[np.argsort(units - quota)[:total - units.sum()]] += 1
    return units


def draw_ratings(parameters, waves, stream):
    """The partner survey, {name: Column}: one row per partner and institution."""
    parts = {name: [] for name in ("partner", "wave", "institution", "organisation", *RATINGS)}
    partner = 0
    for wave, institutions in waves.items():
        rng = stream("partners", wave)
        total = parameters.partners[str(wave)]
        weight = rng.gamma(parameters.partner_shape, 1.0, len(institutions.names))
        per_institution = _apportion(total, weight)
        where = rng.permutation(np.repeat(np.arange(len(institutions.names)), per_institution))
        person = parameters.partner_sd * rng.standard_normal(total)
        names = np.array(institutions.names)[where]
        if wave == WAVES[-1]:
            names[:parameters.late_ratings] = _MERGED[0]
        parts["partner"].append(np.arange(partner, partner + total) + 1)
        parts["wave"].append(np.full(total, wave))
        parts["institution"].append(np.searchsorted(_NAMES, names))
        parts["organisation"].append(rng.integers(0, 4, total))
        for rating in RATINGS:
            truth = (institutions.facilitation if rating in FACILITATION
                     else institutions.accessibility)[where]
            items = draw_item(rng, truth + person)
            items[rng.random(total) < parameters.missing_rating] = -1
            parts[rating].append(items)
        partner += total
    columns = {name: np.concatenate(part) for name, part in parts.items()}
    columns = {name: Column(values, mask=values < 0 if name in RATINGS else None)
               for name, values in columns.items()}
    columns["institution"].levels = _NAMES
    columns["organisation"].levels = ["probation", "municipality", "care", "volunteer"]
    return columns


def draw_item(rng, expectation):
    """Integers 1 to 5 with exactly this expectation (where it lies in [1, 5]): n int8.

    1 + Binomial(4, (expectation − 1) / 4). A rounded normal would be biased at the ends.
    """
    probability = np.clip((expectation - 1.0) / 4.0, 0.0, 1.0)
    return (1 + rng.binomial(4, probability)).astype(np.int8)
