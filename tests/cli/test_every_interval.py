# SPDX-License-Identifier: MIT
"""Every interval of every bootstrap of every family: it is there, or one sentence says why not."""

import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group

TYPES = ["norm", "basic", "perc", "bc", "bca", "stud", "calibrated"]
FAMILIES = {
    "gaussian": ["y ~ x + (1 | g)"],
    "gaussian ml": ["y ~ x + (1 | g)", "--method", "ml"],
    "logit": ["event ~ x + (1 | g)", "--family", "binomial"],
    "probit laplace": ["event ~ x + (1 | g)", "--family", "binomial", "--link", "probit",
                       "--method", "laplace"],
    "logit pql": ["event ~ x + (1 | g)", "--family", "binomial", "--method", "pql"],
    "poisson": ["count ~ x + (1 | g)", "--family", "poisson"],
    "poisson mql": ["count ~ x + (1 | g)", "--family", "poisson", "--method", "mql"],
    "negbinomial": ["count ~ x + (1 | g)", "--family", "negbinomial"],
    "ordinal": ["rating ~ x + (1 | g)", "--family", "ordinal"],
}
BOOTSTRAPS = {
    "parametric": [],
    "groups": ["--type", "cases"],
    "groups in strata": ["--type", "cases", "--strata", "half"],
    "rows": ["--type", "cases", "--resample", "rows"],
    "both": ["--type", "cases", "--resample", "both"],
    "residual": ["--type", "residual"],
    "reb 0": ["--type", "reb", "--reb-type", "0"],
    "reb 1": ["--type", "reb", "--reb-type", "1"],
    "reb 2": ["--type", "reb", "--reb-type", "2"],
    "wild": ["--type", "wild"],
    "transformation": ["--type", "transformation"],
}
OF_RESIDUALS = list(BOOTSTRAPS)[5:]


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(8, 25)
    rng = np.random.default_rng(8)
    y = columns["y"] - columns["y"].mean()
    # Overdispersed counts, so that theta is finite in the resamples too.
    columns["count"] = rng.poisson(np.exp(0.5 + 0.4 * y) * rng.gamma(1.5, 1 / 1.5, y.size)).astype(float)
    columns["event"] = (rng.random(y.size) < 1 / (1 + np.exp(-y))).astype(float)
    columns["rating"] = np.digitize(y + rng.logistic(size=y.size), [-1.0, 1.0]).astype(float)
    columns["half"] = (columns["g"] >= 4).astype(float)
    return write_group(tmp_path_factory.mktemp("every") / "study.h5", columns)


def command(study, output, family, bootstrap, types):
    return ("bootstrap", study, *FAMILIES[family], *BOOTSTRAPS[bootstrap], "--replicates", 24,
            "--intervals", ",".join(types), *(["--inner", 4] if "calibrated" in types else []),
            "--quantity", "exp(b[x])", "--max-failed", 1, "--output", output, "--overwrite",
            "--progress", "none")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bootstrap", BOOTSTRAPS)
def test_it_is_there_or_one_sentence_says_why_not(family, bootstrap, study, tmp_path):
    output = tmp_path / "out.h5"
    is_gaussian = family.startswith("gaussian")
    types = TYPES if bootstrap != "reb 2" else TYPES[:-1]
    if bootstrap in OF_RESIDUALS and not is_gaussian:
        done = merit(*command(study, output, family, bootstrap, types), code=USAGE)
        check_refusal(done, "--type", "draws residuals", FAMILIES[family][2])
        return
    if bootstrap == "reb 2":
        done = merit(*command(study, output, family, bootstrap, TYPES), code=USAGE)
        check_refusal(done, "--intervals calibrated", "--reb-type 2")
    report = merit_json(*command(study, output, family, bootstrap, types))
    terms = {row["term"] for row in report["tidy"]}
    assert {"x", "sd__(Intercept)", "exp(b[x])"} <= terms
    for kind in types:
        rows = {row["term"]: row for row in report["tidy"] if row["conf.type"] == kind}
        assert rows.keys() == terms
        without = [note for note in report["notes"] if note.startswith(f"no {kind} interval of ")]
        for term, row in rows.items():
            if row["conf.low"] is not None:
                assert row["conf.low"] <= row["conf.high"]
            else:
                assert sum(term in note for note in without) == 1, (kind, term, report["notes"])
    missing = {(row["conf.type"], row["term"]) for row in report["tidy"] if row["conf.low"] is None}
    if family in ("logit pql", "poisson mql"):  # no information about what is not a coefficient
        missing -= {("stud", term) for term in terms if term.startswith("sd__")}
    missing = {(kind, term) for kind, term in missing if kind not in ("bc", "bca")}  # z0 may be infinite
    assert not missing
