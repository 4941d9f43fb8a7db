# SPDX-License-Identifier: MIT
"""Solves the constants of the synthetic study that are not given but follow from others.

All by expectation over the population, not over the sample drawn: the published shares hold up
to sampling error at any size.
"""

import dataclasses

import numpy as np

from command_line import UsageError
from study_codebook import CONTACTS, LEVELS

EARLY_WEEKS = 6.0    # the first six weeks of detention
SHORT_WEEKS = 13.0   # a stay below three months is short
ISD_WEEKS = 104.0    # the length of an ISD order

# A standard normal person factor, by 41-point Gauss-Hermite quadrature.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def expit(x):
    """1 / (1 + e^−x)."""
    return 1.0 / (1.0 + np.exp(-x))


@dataclasses.dataclass
class ContactModel:
    """logit P(contact with k) = intercept_k + x'b + sd × u_kj + loading × f, f ~ N(0, 1)."""
    intercept: np.ndarray    # 6
    loading: float           # of the person factor, the same for all types
    institution_sd: float    # logits


def release_scale(parameters):
    """What the mean weeks to release are multiplied by, so that the published share has
    less than `soon_weeks` to go. @throws UsageError if no scale does that"""
    limit = parameters.soon_weeks

    def soon(scale):
        share = 0.0
        for legal, probability in parameters.legal.items():
            within = (min(limit / ISD_WEEKS, 1.0) if legal == "ISD" else
                      1.0 - np.exp(-limit / (scale * parameters.release_mean[legal])))
            share += probability * parameters.release_known[legal] * within
        return share

    return _bisect(lambda log_scale: parameters.soon - soon(np.exp(log_scale)), -6.0, 6.0,
                   "soon", transform=np.exp)


def stay_shares(parameters, legal, scale):
    """2 × 2: P(in the first six weeks or not, short stay or not) for one legal status.

    Weeks served S and to go R are independent and exponential with rates a and b, so
    P(S < s, S + R < t) = 1 − e^{−as} − a e^{−bt} ∫₀ˢ e^{−(a−b)x} dx for s ≤ t.
    """
    if legal == "ISD":
        early = EARLY_WEEKS / ISD_WEEKS
        return np.array([[1.0 - early, 0.0], [early, 0.0]])
    a = 1.0 / parameters.served_mean[legal]
    b = 1.0 / (scale * parameters.release_mean[legal])

    def joint(s, t):
        integral = s if np.isclose(a, b) else -np.expm1(-(a - b) * s) / (a - b)
        return -np.expm1(-a * s) - a * np.exp(-b * t) * integral

    early = -np.expm1(-a * EARLY_WEEKS)
    early_short = joint(EARLY_WEEKS, SHORT_WEEKS)
    short = joint(SHORT_WEEKS, SHORT_WEEKS)
    return np.array([[1.0 - early - short + early_short, short - early_short],
                     [early - early_short, early_short]])


def contact_effects(parameters, regime, early, short, facilitation, accessibility):
    """x'b of the contact model, 6 × n. regime: codes into LEVELS["regime"]."""
    regimes = LEVELS["regime"]
    more = np.isin(regime, [regimes.index("EZV"), regimes.index("ISD")])
    stay = parameters.contact_early * early + parameters.contact_short * short
    effects = np.tile(stay, (len(CONTACTS), 1)).astype(float)
    effects[2:] += parameters.contact_external * more
    effects[CONTACTS.index("probation")] += (
        parameters.contact_facilitation * (facilitation - parameters.facilitation_mean)
        + parameters.contact_accessibility * (accessibility - parameters.accessibility_mean))
    return effects


def contact_model(parameters, institutions, scale):
    """The contact model of one wave, given its institutions.

    The six intercepts make the expected shares those published; the loading of the person
    factor makes "none of the six" so. @throws UsageError if no loading does
    """
    share = np.zeros((len(LEVELS["regime"]), 2, 2, len(institutions.names)))
    for legal, probability in parameters.legal.items():
        regime = np.array(list(parameters.regime[legal].values()))
        share += (probability * regime[:, None, None, None]
                  * stay_shares(parameters, legal, scale)[None, :, :, None])
    by_sex = np.array([1.0 - parameters.female, parameters.female])
    share *= np.tensordot(institutions.placement, by_sex, axes=(1, 0))[:, None, None, :]
    cells = np.nonzero(share)
    weight = share[cells]
    regime, early, short, where = cells
    effects = contact_effects(parameters, regime, early, short,
                              institutions.facilitation[where],
                              institutions.accessibility[where])
    target = np.array([parameters.contact_share[kind] for kind in CONTACTS])
    odds = parameters.contact_icc / (1.0 - parameters.contact_icc)
    intercept = np.log(target / (1.0 - target))

    def solve(loading):
        nonlocal intercept   # Newton's start: where the last loading ended
        sd = np.sqrt(odds * (loading**2 + np.pi**2 / 3.0))
        fixed = effects + sd * institutions.contact_effect[:, where]
        logits = fixed[:, :, None] + loading * _NODES
        weights = weight[:, None] * _WEIGHTS
        for _ in range(50):
            p = expit(intercept[:, None, None] + logits)
            miss = np.einsum("kcq,cq->k", p, weights) - target
            slope = np.einsum("kcq,cq->k", p * (1.0 - p), weights)
            if np.max(np.abs(miss)) < 1e-10:
                break
            intercept = intercept - np.clip(miss / slope, -2.0, 2.0)
        none = np.einsum("cq,cq->", np.prod(1.0 - p, axis=0), weights)
        return sd, none

    loading = _bisect(lambda x: solve(x)[1] - parameters.contact_none, 0.0, 15.0,
                      "contact_none")
    sd, _ = solve(loading)
    return ContactModel(intercept, loading, sd)


def need_intercepts(parameters):
    """Logits of the five needs, given the person factor: 5."""
    return np.array([_logit_for(share, parameters.need_loading * _NODES, _WEIGHTS)
                     for share in parameters.need.values()])


def missing_intercept(parameters, rate, intercepts):
    """Logit of a gap without needs, for a gap in `rate` of all; `intercepts` of the needs."""
    if rate <= 0.0:
        return -np.inf
    at_node = np.array([[1.0] + [0.0] * len(intercepts)] * len(_NODES))
    for need in intercepts:           # Poisson-binomial number of needs, per node
        p = expit(need + parameters.need_loading * _NODES)[:, None]
        at_node = at_node * (1.0 - p) + np.roll(at_node, 1, axis=1) * p
    count = _WEIGHTS @ at_node
    offsets = (parameters.missing_problems * np.arange(len(count))[:, None]
               + parameters.missing_person * _NODES)
    return _logit_for(rate, offsets, count[:, None] * _WEIGHTS)


def _logit_for(share, offsets, weights):
    """The intercept at which the weighted mean of expit(intercept + offsets) is `share`."""
    return _bisect(lambda x: np.sum(weights * expit(x + offsets)) - share, -40.0, 40.0, "share")


def _bisect(function, low, high, name, transform=float):
    """Root of an increasing function. @throws UsageError naming the parameter"""
    if function(low) > 0.0 or function(high) < 0.0:
        raise UsageError(f"parameter '{name}': its value cannot be reached together with "
                         "the others")
    for _ in range(45):   # 80 / 2^45: as good as exact
        middle = 0.5 * (low + high)
        low, high = (middle, high) if function(middle) < 0.0 else (low, middle)
    return transform(0.5 * (low + high))
