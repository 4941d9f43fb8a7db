# SPDX-License-Identifier: MIT
"""--intervals stud of functions of the parameters."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, check_same_bits, merit, merit_json, two_level, write_group

MODEL = "y ~ x + w + (1 | g)"
EVENT = "event ~ x + (1 | g)"


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(14, 30)
    rng = np.random.default_rng(4)
    columns["event"] = (rng.random(columns["y"].size)
                        < 1 / (1 + np.exp(-columns["y"]))).astype(float)
    return write_group(tmp_path_factory.mktemp("studentised") / "study.h5", columns)


def job(study, output, quantities, *options, model=MODEL, replicates=300):
    family = "binomial" if model == EVENT else "gaussian"
    return ("bootstrap", study, model, "--family", family, "--replicates", replicates,
            "--intervals", "stud,perc", "--max-failed", 1, "--output", output, "--progress", "none",
            *(word for text in quantities for word in ("--quantity", text)), *options)


def ends(shown):
    return {row["term"]: np.array([row["conf.low"], row["conf.high"]], dtype=float)
            for row in shown["tidy"] if row["conf.type"] == "stud"}


SCHEMES = [(MODEL, ["--type", "parametric"]), (MODEL, ["--type", "wild"]),
           (MODEL, ["--type", "reb", "--reb-type", "2"]),
           (MODEL, ["--type", "cases"]), (MODEL, ["--type", "cases", "--resample", "both"]),
           (MODEL, ["--type", "residual", "--method", "ml"]),
           (EVENT, ["--type", "parametric"]), (EVENT, ["--type", "cases"])]


@pytest.mark.parametrize("model, options", SCHEMES)
def test_a_parameter_as_a_quantity_has_its_own_interval(model, options, study, tmp_path):
    """A coefficient is studentised as it is, a standard deviation on the scale of its logarithm: b[x] and
    log(tau) as quantities must have the same intervals, though their standard errors come from
    a covariance matrix of their own. The step of their gradients is good to 1e-8; refits of a logit
    model end within 1e-7 standard errors of where the information is taken."""
    output = tmp_path / "out.h5"
    count = 60 if model == EVENT else 300
    shown = merit_json(*job(study, output, ["b[x]", "log(tau)", "icc", "icc"], *options,
                            model=model, replicates=count))
    found = ends(shown)
    rtol = 1e-4 if model == EVENT else 1e-6
    np.testing.assert_allclose(found["b[x]"], found["x"], rtol=rtol)
    np.testing.assert_allclose(np.exp(found["log(tau)"]), found["sd__(Intercept)"], rtol=rtol)
    assert np.all(np.isfinite(found["icc"])) and found["icc"][0] < found["icc"][1]
    # In another order, twice, and with one that the job did not know of between them.
    again = ends(merit_json("summarize", output, "--intervals", "stud", "--quantity", "icc",
                            "--quantity", "tau^2", "--quantity", "icc", "--quantity", "b[x]"))
    assert np.array_equal(again["icc"], found["icc"])
    assert np.array_equal(again["b[x]"], found["b[x]"])
    assert np.all(np.isnan(again["tau^2"]))


def test_the_file_has_their_standard_errors(study, tmp_path):
    output = tmp_path / "out.h5"
    merit(*job(study, output, ["b[x] + b[w]", "sigma", "b[x]^3"]))
    with h5py.File(output) as file:
        errors = file["replicates/std_error"]
        names = list(errors.attrs["columns"])
        assert names[-3:] == ["b[x] + b[w]", "sigma", "b[x]^3"]
        values = dict(zip(names, errors[:].T))
        original = dict(zip(names[-3:], errors.attrs["original"]))
        assert file["job"].attrs["studentised_quantities"] == "b[x] + b[w]; sigma; b[x]^3"
        estimate = file["replicates/estimate"]
        x = estimate[:, list(estimate.attrs["columns"]).index("x")]
        fit = file["fit"]
        vcov = fit["vcov"][:]
        at = [list(fit["term"].asstr()).index(term) for term in ("x", "w")]
    np.testing.assert_allclose(values["sigma"], values["sd__Observation"], rtol=1e-7)
    np.testing.assert_allclose(values["b[x]^3"], 3 * x**2 * values["x"], rtol=1e-6)
    np.testing.assert_allclose(original["b[x] + b[w]"],
                               np.sqrt(vcov[np.ix_(at, at)].sum()), rtol=1e-7)


def test_ranks_threads_shards_and_stops_change_no_bit(study, tmp_path):
    check_same_bits(lambda path, *options, **how: merit(
        *job(study, path, ["icc", "b[x]/sigma"], "--type", "cases", *options, replicates=3000),
        **how), tmp_path)


def test_refusals_and_what_has_none(study, tmp_path):
    output = tmp_path / "out.h5"
    merit(*job(study, output, ["icc"]))
    shown = merit_json("summarize", output, "--intervals", "stud", "--quantity", "tau/sigma")
    assert any("no stud interval of tau/sigma" in note and "--quantity" in note
               for note in shown["notes"])
    check_refusal(merit(*job(study, output, ["tau"]), "--resume", code=USAGE),
                  "studentised_quantities", "as --quantity")
    without = [word if word != "stud,perc" else "perc" for word in job(study, output, ["icc"])]
    check_refusal(merit(*without, "--resume", code=USAGE),
                  "studentised_quantities", "--intervals with stud")
    # Quasi-likelihood tells nothing of τ.
    shown = merit_json(*job(study, tmp_path / "pql.h5", ["b[x]", "tau"], "--method", "pql",
                            "--pql-scale", "1", model=EVENT, replicates=40))
    found = ends(shown)
    np.testing.assert_allclose(found["b[x]"], found["x"], rtol=1e-6)
    assert np.all(np.isnan(found["tau"]))
