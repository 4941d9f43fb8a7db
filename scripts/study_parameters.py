# SPDX-License-Identifier: MIT
"""Every number behind the synthetic study, each labelled published or assumed.

Published: reported for the Dutch Prison Visitation Study (Life in Custody study), whose
microdata are confidential. Assumed: not published; plausible, and yours to change with
synthesize.py --set NAME=VALUE.
"""

import copy
import dataclasses
import json

from command_line import UsageError, nearest
from study_codebook import CONTACTS, DOMAINS, LEVELS, RATINGS, WAVES


def _parameter(status, value, note):
    return dataclasses.field(default_factory=lambda: copy.deepcopy(value),
                             metadata={"status": status, "note": note})


def published(value, note):
    return _parameter("published", value, note)


def assumed(value, note):
    return _parameter("assumed", value, note)


def _each(names, *values):
    return dict(zip(names, values, strict=True))


@dataclasses.dataclass
class Parameters:
    """Rates and shares are in [0, 1], times in weeks, effects on preparedness in scale points
    per unit, effects on contact in logits."""

    # Samples. --detainees N scales the numbers of detainees, not those of institutions.
    respondents: dict = assumed(_each(map(str, WAVES), 4938, 4004, 4100),
        "survey rows per wave: 2017 published; 2019 published as just over 4,000 in clusters "
        "of about 154; 2022 assumed")
    response: dict = assumed(_each(map(str, WAVES), 0.81, 0.80, 0.78),
        "share of the detainees asked who answered: 2017 and 2019 published, 2022 assumed")
    unit_known: float = published(4538 / 4938,
        "share of rows in the analysis file of multilevel papers (4,538 of 4,938 in 2017); that "
        "these are the rows with a known housing unit is assumed")
    units: int = published(135, "housing units in 2017; assumed for the other waves")
    size_shape: float = assumed(5.0, "gamma shape of institutions' sizes (less: more unequal)")
    partners: dict = assumed(_each(map(str, WAVES), 900, 1000, 950),
        "partner ratings per wave: 2019 published as about 1,000, the others assumed")
    partner_shape: float = assumed(3.0, "gamma shape of the partners per institution")
    late_ratings: int = assumed(6, "ratings in 2022 that name an institution merged before")
    returning: float = assumed(0.03, "share of a wave that was there in the wave before")
    unlinked: float = assumed(0.01, "survey rows whose person is not in the registry")

    # Who they are (registry).
    female: float = published(0.05, "30 September 2019; assumed for the other waves")
    age: dict = published({"18-24": 0.15, "25-44": 0.58, "45-64": 0.26, "65-79": 0.01},
        "30 September 2019; 65-79 is what is left; assumed for the other waves")
    legal: dict = published(_each(LEVELS["legal"], 0.44, 0.39, 0.08, 0.05, 0.04),
        "30 September 2019; other is what is left; assumed for the other waves")
    regime: dict = assumed({
        "remand": _each(LEVELS["regime"], 0.88, 0.00, 0.06, 0.00, 0.00, 0.06),
        "sentenced": _each(LEVELS["regime"], 0.12, 0.67, 0.06, 0.00, 0.11, 0.04),
        "ISD": _each(LEVELS["regime"], 0.00, 0.00, 0.05, 0.90, 0.00, 0.05),
        "substitute": _each(LEVELS["regime"], 0.70, 0.30, 0.00, 0.00, 0.00, 0.00),
        "other": _each(LEVELS["regime"], 0.30, 0.20, 0.05, 0.00, 0.00, 0.45)},
        "regime by legal status")
    offence: dict = assumed(_each(LEVELS["offence"], 0.34, 0.30, 0.18, 0.18), "main offence")
    prior_mean: float = assumed(3.0, "earlier detentions; three times as many in ISD")
    served_mean: dict = assumed(_each(LEVELS["legal"], 12.0, 60.0, 52.0, 4.0, 60.0),
        "mean weeks served, exponential; ISD: uniform over its 104 weeks")
    release_mean: dict = assumed(_each(LEVELS["legal"], 16.0, 60.0, 52.0, 4.0, 60.0),
        "mean weeks to release, exponential and scaled to meet `soon`; ISD: 104 − served")
    release_known: dict = assumed(_each(LEVELS["legal"], 0.7, 1.0, 1.0, 1.0, 0.9),
        "share whose date of release is known")
    soon: float = published(1442 / 4004, "soon to be released: 1,442 of those in 2019")
    soon_weeks: float = assumed(13.0, "soon to be released: fewer weeks to go than this")

    # Contact in the past six months: logit P = a_k + x'b + institution + loading × person.
    # The a_k and the loading are solved so that the published shares hold in each wave.
    contact_share: dict = published(_each(CONTACTS, 0.60, 0.60, 0.49, 0.20, 0.20, 0.20),
        "about 60%, about 60%, just under 50%, about 20% each")
    contact_none: float = published(0.20, "share with none of the six")
    contact_early: float = assumed(-0.8, "first six weeks (direction published)")
    contact_short: float = assumed(-0.5, "whole stay below 13 weeks (direction published)")
    contact_external: float = assumed(0.7,
        "EZV and ISD, contact other than case manager and mentor (direction published)")
    contact_facilitation: float = assumed(0.6,
        "probation, per point of facilitation (direction published); none for others")
    contact_accessibility: float = assumed(0.4,
        "probation, per point of accessibility (direction published); none for others")
    contact_icc: float = assumed(0.05, "latent intraclass correlation; bracket .02, .05, .10")
    satisfaction: dict = assumed(_each(CONTACTS, 3.9, 3.9, 3.1, 3.0, 3.8, 4.2),
        "mean satisfaction of those with contact, 1 to 5 (order published)")
    satisfaction_sd: float = assumed(0.4, "between persons")

    # Felt preparedness for return: five items from 1 to 5 whose expectation is exactly
    #   intercept + x'b + institution + person + offset_d − need_effect × need_d.
    intercept: float = assumed(1.35, "male, HvB, all else 0")
    beta_age: float = assumed(0.004, "per year")
    beta_female: float = assumed(-0.10, "against male")
    beta_regime: dict = assumed(_each(LEVELS["regime"], 0.0, 0.10, 0.05, 0.15, 0.30, -0.20),
        "against HvB")
    beta_served: float = assumed(0.002, "per week served")
    beta_contacts: float = assumed(0.08, "per type of contact, of six")
    beta_facilitation: float = assumed(0.20, "per point of the institution's true facilitation")
    beta_accessibility: float = assumed(0.10, "per point of its true accessibility")
    icc: float = assumed(0.05, "intraclass correlation of preparedness given x; .02, .05, .10")
    person_sd: float = assumed(0.5, "between persons in one institution, given x")
    domain_offset: dict = assumed(_each(DOMAINS, -0.15, -0.10, 0.0, 0.05, 0.20), "sum 0")
    need: dict = assumed(_each(DOMAINS, 0.45, 0.35, 0.55, 0.35, 0.15),
        "needs before detention, share")
    need_loading: float = assumed(1.0, "shared factor of the needs, logits")
    need_effect: float = assumed(0.3, "lowers preparedness in its own domain")
    persistence: float = assumed(0.7, "correlation of an institution's effects between waves")

    # Institutions and the partners who rate them.
    facilitation_mean: float = assumed(3.4, "1 to 5")
    accessibility_mean: float = assumed(3.2, "1 to 5")
    facilitation_sd: float = assumed(0.25, "between institutions; bracket .15 to .40")
    accessibility_sd: float = assumed(0.25, "between institutions; bracket .15 to .40")
    partner_sd: float = assumed(0.5, "between partners in one institution")

    # Missing items, 2% to 15%: logit rate + missing_problems × needs + missing_person × person.
    missing_contact: float = assumed(0.02, "per contact item")
    missing_satisfaction: float = assumed(0.06, "per satisfaction item, of those with contact")
    missing_need: float = assumed(0.04, "per need")
    missing_preparedness: dict = assumed(_each(DOMAINS, 0.05, 0.06, 0.05, 0.10, 0.12), "per item")
    missing_rating: float = assumed(0.04, "per partner rating")
    missing_prior: float = assumed(0.02, "earlier detentions in the registry")
    missing_problems: float = assumed(0.3, "per need: more gaps with more problems")
    missing_person: float = assumed(1.0, "sd between persons, logits")

    def describe(self):
        """{name: {value, status, note}} for the record that goes with the data."""
        return {field.name: {"value": getattr(self, field.name), **field.metadata}
                for field in dataclasses.fields(self)}

    def set(self, assignment):
        """"icc=0.1", or a part: "contact_share.probation=0.45". @throws UsageError"""
        name, equals, text = assignment.partition("=")
        name, *keys = name.split(".")
        known = [field.name for field in dataclasses.fields(self)]
        if not equals:
            raise UsageError(f"--set {assignment}: write NAME=VALUE")
        if name not in known:
            raise UsageError(f"--set {assignment}: no parameter '{name}'{nearest(name, known)}")
        holder, last = vars(self), name
        for key in keys:
            holder, last = holder[last], key
            if not isinstance(holder, dict) or key not in holder:
                keys_there = holder if isinstance(holder, dict) else []
                raise UsageError(f"--set {assignment}: '{name}' has no part '{key}'"
                                 f"{nearest(key, keys_there)}")
        if isinstance(holder[last], dict):
            raise UsageError(f"--set {assignment}: '{name}' has parts: set one, e.g. "
                             f"{'.'.join([name, *keys])}.{next(iter(holder[last]))}=VALUE")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError(f"--set {assignment}: '{text}' is not a number")
        holder[last] = value

    def check(self):
        """@throws UsageError for values that describe no study"""
        for name in ("age", "legal", "offence", *(f"regime.{key}" for key in self.regime)):
            top, _, part = name.partition(".")
            shares = getattr(self, top)[part] if part else getattr(self, top)
            if min(shares.values()) < 0 or abs(sum(shares.values()) - 1) > 1e-9:
                raise UsageError(f"parameter '{name}': the shares must be at least 0 and add up "
                                 f"to 1, not {sum(shares.values()):.6g}")
        for name in ("unit_known", "female", "soon", "contact_none", "icc", "contact_icc",
                     "returning", "unlinked", "persistence", "missing_contact",
                     "missing_satisfaction", "missing_need", "missing_rating", "missing_prior"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"parameter '{name}' must be in [0, 1), not "
                                 f"{getattr(self, name)}")
        for name in ("response", "contact_share", "need"):
            for key, value in getattr(self, name).items():
                if not 0 < value < 1:
                    raise UsageError(f"parameter '{name}.{key}' must be in (0, 1), not {value}")
        if self.units < 28:
            raise UsageError("parameter 'units' must be at least 28, one per institution")
        for name in ("facilitation_sd", "accessibility_sd", "partner_sd", "person_sd",
                     "satisfaction_sd", "missing_person"):
            if getattr(self, name) < 0:
                raise UsageError(f"parameter '{name}' must be at least 0")
