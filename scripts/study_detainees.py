# SPDX-License-Identifier: MIT
"""The detainees of the synthetic study: who they are, and what they answer.

A wave is drawn in blocks of rows, each with its own random stream, so that 10^7 detainees
need no more memory than a block (and 10 bytes a head for age, sex and number).
"""

import dataclasses

import numpy as np

from study_calibration import (EARLY_WEEKS, ISD_WEEKS, SHORT_WEEKS, contact_effects,
                               contact_model, expit, missing_intercept, need_intercepts,
                               release_scale)
from study_codebook import CONTACTS, DOMAINS, LEVELS
from study_institutions import draw_item
from tables import Column

BLOCK_ROWS = 65_536
FIRST_PERSON = 1_000_001


@dataclasses.dataclass
class Persons:
    """Everyone asked in one wave: n."""
    number: np.ndarray     # int64, the same person has the same in every wave
    female: np.ndarray     # bool
    age: np.ndarray        # int16, years
    answered: np.ndarray   # bool


def draw_persons(parameters, wave, num_answered, before, gap, first_number, rng):
    """One wave's persons; a share of them are persons of `before`, `gap` years older.

    Those who return take the place of a newcomer of their sex and age, so that they leave
    both distributions as they are.
    """
    count = round(num_answered / parameters.response[str(wave)])
    female = rng.random(count) < parameters.female
    bands = np.array([[int(end) for end in band.split("-")] for band in parameters.age])
    band = rng.choice(len(bands), size=count, p=list(parameters.age.values()))
    low, high = bands[band].T
    age = rng.integers(low, high + 1).astype(np.int16)
    number = first_number + np.arange(count)
    if before is not None:
        places = rng.permutation(count)[:round(parameters.returning * count)]
        pool = rng.permutation(len(before.number))
        place_keys = _numbered(female[places] * 1000 + age[places])
        pool_keys = _numbered(before.female[pool] * 1000 + before.age[pool] + gap)
        _, place, who = np.intersect1d(place_keys, pool_keys, return_indices=True)
        number[places[place]] = before.number[pool[who]]
    answered = np.zeros(count, dtype=bool)
    answered[rng.permutation(count)[:num_answered]] = True
    return Persons(number, female, age, answered)


def _numbered(keys):
    """Makes equal keys distinct: the k-th of a key becomes key + k × 10^6."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    start = np.maximum.accumulate(
        np.where(np.r_[True, ordered[1:] != ordered[:-1]], np.arange(len(keys)), 0))
    numbered = np.empty(len(keys), dtype=np.int64)
    numbered[order] = ordered + (np.arange(len(keys)) - start) * 1_000_000
    return numbered


class Wave:
    """One wave, ready to be drawn block by block."""

    def __init__(self, parameters, wave, institutions, persons):
        self.parameters = parameters
        self.wave = wave
        self.institutions = institutions
        self.persons = persons
        self.scale = release_scale(parameters)
        self.contact = contact_model(parameters, institutions, self.scale)
        self.needs = need_intercepts(parameters)
        # Codes of housing units count through the institutions: pi01-1, pi01-2, …, pi02-1.
        self.first_unit = np.cumsum(institutions.units) - institutions.units
        self.unit_names = [f"{name}-{unit + 1}" for name, units in
                           zip(institutions.names, institutions.units)
                           for unit in range(units)]
        # sqrt(icc / (1 − icc)) × the residual sd given x: persons, needs and the five items,
        # whose binomial variance is (η − 1)(5 − η) / 4, close to 1, over five.
        needs = np.array(list(parameters.need.values()))
        residual = (parameters.person_sd**2 + 0.2
                    + np.sum(needs * (1 - needs)) * parameters.need_effect**2 / 25)
        self.tau = np.sqrt(parameters.icc / (1.0 - parameters.icc) * residual)
        self.sigma = np.sqrt(residual)

    def blocks(self, stream):
        """Yields (survey, registry), each {name: Column}, block by block."""
        for block, first in enumerate(range(0, len(self.persons.number), BLOCK_ROWS)):
            rows = slice(first, first + BLOCK_ROWS)
            persons = Persons(*(getattr(self.persons, field.name)[rows]
                                for field in dataclasses.fields(Persons)))
            yield self._block(persons, stream("detainees", self.wave, block))

    def _block(self, persons, rng):
        p = self.parameters
        registry = self._registry(persons, rng)
        linked = ~persons.answered | (rng.random(len(persons.number)) >= p.unlinked)
        asked = np.flatnonzero(persons.answered)
        survey = self._survey({name: values[asked] for name, values in registry.items()}, rng)
        return survey, self._registry_columns(registry, np.flatnonzero(linked), rng)

    def _registry(self, persons, rng):
        """True values of what the registry holds: {name: n}."""
        p, count = self.parameters, len(persons.number)
        legal = rng.choice(len(p.legal), size=count, p=list(p.legal.values()))
        table = np.array([list(p.regime[name].values()) for name in p.legal])
        regime = _choose(rng, table, legal)
        is_isd = legal == list(p.legal).index("ISD")
        served = rng.exponential(np.array(list(p.served_mean.values()))[legal])
        served[is_isd] = ISD_WEEKS * rng.random(is_isd.sum())
        release = rng.exponential(self.scale * np.array(list(p.release_mean.values()))[legal])
        release[is_isd] = ISD_WEEKS - served[is_isd]
        known = rng.random(count) < np.array(list(p.release_known.values()))[legal]
        table = self.institutions.placement.reshape(-1, len(self.institutions.names))
        return {"person": persons.number, "female": persons.female, "age": persons.age,
                "legal": legal, "regime": regime, "served": served, "release": release,
                "known": known,
                "institution": _choose(rng, table, regime * 2 + persons.female)}

    def _registry_columns(self, truth, rows, rng):
        p = self.parameters
        legal = truth["legal"][rows]
        offence = rng.choice(len(p.offence), size=len(rows), p=list(p.offence.values()))
        mean = p.prior_mean * np.where(legal == list(p.legal).index("ISD"), 3.0, 1.0)
        prior = rng.poisson(rng.gamma(1.0, mean)).astype(np.int16)
        release = np.where(truth["known"][rows], _tenths(truth["release"][rows]), np.nan)
        return {
            "person": Column(truth["person"][rows]),
            "wave": Column(np.full(len(rows), self.wave)),
            "sex": Column(truth["female"][rows].astype(np.int8), LEVELS["sex"]),
            "age": Column(truth["age"][rows]),
            "legal": Column(legal.astype(np.int8), LEVELS["legal"]),
            "regime": Column(truth["regime"][rows].astype(np.int8), LEVELS["regime"]),
            "served": Column(_tenths(truth["served"][rows])),
            "release": Column(release),
            "offence": Column(offence.astype(np.int8), LEVELS["offence"]),
            "prior": Column(prior, mask=rng.random(len(rows)) < p.missing_prior)}

    def _survey(self, truth, rng):
        """What those who answered answered: {name: Column}."""
        p, count, where = self.parameters, len(truth["person"]), truth["institution"]
        facilitation = self.institutions.facilitation[where]
        accessibility = self.institutions.accessibility[where]

        logits = contact_effects(p, truth["regime"], truth["served"] < EARLY_WEEKS,
                                 truth["served"] + truth["release"] < SHORT_WEEKS,
                                 facilitation, accessibility)
        logits += (self.contact.intercept[:, None] + self.contact.loading
                   * rng.standard_normal(count)
                   + self.contact.institution_sd * self.institutions.contact_effect[:, where])
        contact = rng.random(logits.shape) < expit(logits)

        problems = rng.standard_normal(count)
        need = (rng.random((len(DOMAINS), count))
                < expit(self.needs[:, None] + p.need_loading * problems))
        needs = need.sum(axis=0)
        gaps = p.missing_problems * needs + p.missing_person * rng.standard_normal(count)

        def missing(rate):
            odds = missing_intercept(p, rate, self.needs) + gaps
            return rng.random(count) < expit(odds)

        columns = {
            "person": Column(truth["person"]),
            "wave": Column(np.full(count, self.wave)),
            "institution": Column(where, self.institutions.names),
            "unit": Column(np.where(
                rng.random(count) < p.unit_known, self.first_unit[where]
                + rng.integers(0, self.institutions.units[where]), -1), self.unit_names)}
        for kind, had in zip(CONTACTS, contact):
            columns[kind] = Column(had.astype(np.int8), mask=missing(p.missing_contact))
        columns["contacts"] = _total(columns[kind] for kind in CONTACTS)
        content = p.satisfaction_sd * rng.standard_normal(count)
        for kind, had in zip(CONTACTS, contact):
            columns[f"sat_{kind}"] = Column(
                draw_item(rng, p.satisfaction[kind] + content),
                mask=~had | columns[kind].missing | missing(p.missing_satisfaction))
        for domain, has in zip(DOMAINS, need):
            columns[f"need_{domain}"] = Column(has.astype(np.int8), mask=missing(p.missing_need))
        columns["needs"] = _total(columns[f"need_{domain}"] for domain in DOMAINS)

        expected = (p.intercept + p.beta_age * truth["age"] + p.beta_female * truth["female"]
                    + np.array(list(p.beta_regime.values()))[truth["regime"]]
                    + p.beta_served * truth["served"]
                    + p.beta_contacts * contact.sum(axis=0)
                    + p.beta_facilitation * facilitation
                    + p.beta_accessibility * accessibility
                    + self.tau * self.institutions.preparedness_effect[where]
                    + p.person_sd * rng.standard_normal(count))
        for domain, has in zip(DOMAINS, need):
            items = draw_item(rng, expected + p.domain_offset[domain] - p.need_effect * has)
            columns[f"prep_{domain}"] = Column(items,
                                               mask=missing(p.missing_preparedness[domain]))
        columns["preparedness"] = _mean([columns[f"prep_{domain}"] for domain in DOMAINS])
        return columns


def _choose(rng, table, row):
    """One draw of a column of `table` (rows of probabilities) for each entry of `row`: n."""
    chosen = np.empty(len(row), dtype=np.int64)
    uniform = rng.random(len(row))
    for at, probabilities in enumerate(table):
        here = np.flatnonzero(row == at)
        cumulative = np.cumsum(probabilities)
        cumulative[np.flatnonzero(probabilities)[-1]:] = 1.0
        chosen[here] = np.searchsorted(cumulative, uniform[here], side="right")
    return chosen


def _tenths(weeks):
    """Rounded down to one decimal, so that what is below a whole week stays so."""
    return np.floor(weeks * 10.0) / 10.0


def _total(columns):
    """Sum of yes/no items; missing where one of them is."""
    columns = list(columns)
    return Column(np.sum([column.values for column in columns], axis=0, dtype=np.int8),
                  mask=np.any([column.missing for column in columns], axis=0))


def _mean(columns):
    """Mean of the items answered, NaN where fewer than three are."""
    answered = np.array([~column.missing for column in columns])
    count = answered.sum(axis=0)
    total = np.sum([column.values for column in columns], axis=0, where=answered, dtype=float)
    return Column(np.where(count >= 3, total / np.maximum(count, 1), np.nan))
