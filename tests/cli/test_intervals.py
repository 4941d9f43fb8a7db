# SPDX-License-Identifier: MIT
"""Bootstrap intervals, their Monte-Carlo errors and p-values, against literal transcriptions
of the formulas from the replicates in the result file."""

import json
import math
from statistics import NormalDist

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group

from h5same import differences

MODEL = "y ~ x + w + (1 | g)"
LEVEL = 0.9
ALPHA = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
NORMAL = NormalDist()


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    return write_group(tmp_path_factory.mktemp("intervals") / "study.h5", two_level(12, 7))


def bootstrap(study, output, *options, replicates=1000, **how):
    return merit("bootstrap", study, MODEL, "--replicates", replicates, "--output", output,
                 "--level", LEVEL, "--progress", "none", *options, **how)


def rows_of(tidy, conf_type):
    return {row["term"]: row for row in tidy if row["conf.type"] == conf_type}


def replicates_of(path):
    """{term: (t0, its replicates that have estimates)}"""
    with h5py.File(path) as file:
        estimate = file["replicates/estimate"]
        fit = file["fit"]
        t0 = [*fit["estimate"][:], fit.attrs["tau"], fit.attrs["sigma"]]
        rows = estimate[:][file["replicates/status"][:] <= 1]
        return {term: (t0[k], rows[:, k]) for k, term in enumerate(estimate.attrs["columns"])}


def quantile(t, q):
    """boot:::norm.inter"""
    t, R = np.sort(t), len(t)
    k = int((R + 1) * q)
    if k < 1 or k >= R:
        return t[0 if k < 1 else -1]
    if k == (R + 1) * q:
        return t[k - 1]
    z = [NORMAL.inv_cdf(p) for p in (q, k / (R + 1), (k + 1) / (R + 1))]
    return t[k - 1] + (z[0] - z[1]) / (z[2] - z[1]) * (t[k] - t[k - 1])


def spacing(t, q):
    """1/(R f), the density from the order statistics a binomial standard deviation away."""
    t, R = np.sort(t), len(t)
    sd = math.sqrt(R * q * (1 - q))
    first = max(1, math.floor((R + 1) * q - sd))
    last = min(R, math.ceil((R + 1) * q + sd))
    if first == last:
        first, last = (first - 1, last) if first > 1 else (first, last + 1)
    return (t[last - 1] - t[first - 1]) / (last - first)


def quantile_mcse(t, q):
    return spacing(t, q) * math.sqrt(len(t) * q * (1 - q))


def adjusted(t0, t, a):
    """bc (a = 0) and bca: boot:::bca.ci, and the delta method for their errors."""
    p0 = np.mean(t < t0)
    z0 = NORMAL.inv_cdf(p0)
    ends, errors = [], []
    for alpha in ALPHA:
        w = z0 + NORMAL.inv_cdf(alpha)
        z = z0 + w / (1 - a * w)
        q = NORMAL.cdf(z)
        g = NORMAL.pdf(z) * (1 + 1 / (1 - a * w) ** 2) / NORMAL.pdf(z0)
        variance = q * (1 - q) + g * g * p0 * (1 - p0) - 2 * g * (min(p0, q) - p0 * q)
        ends.append(quantile(t, q))
        errors.append(spacing(t, q) * math.sqrt(len(t) * variance))
    return ends, errors


def check_row(row, ends, errors):
    assert [row["conf.low"], row["conf.high"]] == pytest.approx(ends, rel=1e-10, abs=1e-12)
    assert [row["conf.low.mcse"], row["conf.high.mcse"]] == pytest.approx(errors, rel=1e-8)


def test_are_those_of_their_formulas(study, tmp_path):
    out = tmp_path / "out.h5"
    bootstrap(study, out, "--type", "cases")
    tidy = merit_json("summarize", out, "--level", LEVEL,
                      "--intervals", "norm,basic,perc,bc")["tidy"]
    for term, (t0, t) in replicates_of(out).items():
        perc = [quantile(t, q) for q in ALPHA]
        errors = [quantile_mcse(t, q) for q in ALPHA]
        check_row(rows_of(tidy, "perc")[term], perc, errors)
        check_row(rows_of(tidy, "basic")[term], [2 * t0 - end for end in perc[::-1]], errors[::-1])
        check_row(rows_of(tidy, "bc")[term], *adjusted(t0, t, 0.0))
        R, sd, z = len(t), np.std(t, ddof=1), NORMAL.inv_cdf(ALPHA[1])
        d = t - t.mean()
        kappa = np.mean(d**4) / np.mean(d**2) ** 2
        parts = sd**2 / R + z * z * sd**2 * (kappa - 1) / (4 * R)
        both = z * np.mean(d**3) / (R * sd)
        check_row(rows_of(tidy, "norm")[term],
                  [2 * t0 - t.mean() - z * sd, 2 * t0 - t.mean() + z * sd],
                  [math.sqrt(parts + both), math.sqrt(parts - both)])
        # p-values of what the fit gives one for: coefficients, not standard deviations.
        p = (1 + np.sum(np.abs(t - t0) >= abs(t0))) / (R + 1)
        want = None if term.startswith("sd__") else p
        assert rows_of(tidy, "perc")[term]["p.value"] == want


@pytest.mark.parametrize("options", [["--type", "cases"], ["--type", "residual"]])
def test_are_the_same_on_any_ranks_and_threads(options, study, tmp_path):
    """Also from the file, by one process, as from the run that made it."""
    wanted = [*options, "--intervals", "norm,basic,perc,bc", "--format", "json"]
    tables = []
    for number, how in enumerate([{"ranks": None}, {"ranks": 2}, {"ranks": 3}]):
        done = bootstrap(study, tmp_path / f"{number}.h5", *wanted, "--threads", 1 + number % 2,
                         replicates=1500, **how)
        tables.append(json.loads(done.stdout)["tidy"])
    tables.append(merit_json("summarize", tmp_path / "0.h5", "--level", LEVEL,
                             "--intervals", "norm,basic,perc,bc")["tidy"])
    assert all(table == tables[0] for table in tables)


def test_bc_of_a_boundary_estimate_is_blank_and_noted(tmp_path):
    """Where the estimated sd is 0 no replicate lies below it."""
    columns = two_level(8, 5)
    columns["y"] = np.random.default_rng(2).standard_normal(40)
    study = write_group(tmp_path / "flat.h5", columns)
    out = tmp_path / "out.h5"
    bootstrap(study, out)
    report = merit_json("summarize", out, "--intervals", "bc,perc")
    assert report["tidy"][-4]["term"] == "sd__(Intercept)"
    assert report["tidy"][-4]["estimate"] == 0.0
    row = rows_of(report["tidy"], "bc")["sd__(Intercept)"]
    assert row["conf.low"] is None and row["conf.high"] is None and row["conf.low.mcse"] is None
    assert rows_of(report["tidy"], "perc")["sd__(Intercept)"]["conf.high"] > 0.0
    assert rows_of(report["tidy"], "bc")["x"]["conf.low"] is not None
    note = [note for note in report["notes"] if "no bc interval" in note]
    assert note == ["no bc interval of sd__(Intercept): all replicates lie on one side of the "
                    "estimate, so that z0 is infinite"]


@pytest.mark.parametrize("options, mentions", [
    (["--intervals", "perc,bcanon"], ["--intervals bcanon", "norm, basic, perc, bc, bca, stud"]),
    (["--intervals", "stud", "--keep", "estimates"],
     ["--intervals stud", "standard errors", "--keep estimates", "--keep all"]),
    (["--quantity", "b[x] / b[q]"], ["--quantity: no coefficient 'q'", "b[x] / b[q]\n         ^"]),
    (["--quantity", "1 +"], ["--quantity", "the end"]),
    (["--quantity", "log(-b[w])"], ["--quantity 'log(-b[w])'", "undefined"]),
])
def test_what_is_refused(options, mentions, study, tmp_path):
    for ranks in (None, 2):
        done = bootstrap(study, tmp_path / "out.h5", *options, code=USAGE, ranks=ranks)
        check_refusal(done, *mentions)
        assert not list(tmp_path.iterdir())


# --- BCa: the fits without one group ---------------------------------------------------------

FAMILIES = {"gaussian": ["--method", "ml"],
            "binomial": ["--family", "binomial"],
            "poisson": ["--family", "poisson"]}


@pytest.fixture(scope="module", name="outcomes")
def fixture_outcomes(tmp_path_factory):
    """{family: snapshot} of one design, with a response for each family."""
    directory = tmp_path_factory.mktemp("outcomes")
    columns = two_level(9, 12, seed=5)
    eta = columns["y"]
    random = np.random.default_rng(1)
    responses = {"gaussian": eta,
                 "binomial": (random.random(eta.size) < 1 / (1 + np.exp(-eta))).astype(float),
                 "poisson": random.poisson(np.exp(0.5 * eta)).astype(float)}
    return {family: write_group(directory / f"{family}.h5", {**columns, "y": y})
            for family, y in responses.items()}


def stored_delete_one(path):
    with h5py.File(path) as file:
        group = file["delete_one"]
        return (file["fit/groups/level"].asstr()[:], list(group["estimate"].attrs["columns"]),
                group["estimate"][:], group["status"][:])


@pytest.mark.parametrize("family", FAMILIES)
def test_delete_one_fits_are_those_of_merit_fit(family, outcomes, tmp_path):
    """Brute force: fit the data without each group. Quadrature refits end within 1e-7 standard
    errors of the maximum, Gaussian ones where merit fit does."""
    study, options = outcomes[family], FAMILIES[family]
    bootstrap(study, tmp_path / "out.h5", *options, "--type", "cases", "--intervals", "bca",
              "--max-failed", 1, replicates=20)
    levels, columns, estimate, status = stored_delete_one(tmp_path / "out.h5")
    assert len(levels) == 9 and set(status) <= {0, 1}
    for j, level in enumerate(levels):
        fit = merit_json("fit", study, MODEL, *options, "--where", f"g != {level}")
        by_term = {row["term"]: row for row in fit["tidy"]}
        for k, term in enumerate(columns):
            want = by_term[term]["estimate"]
            assert estimate[j, k] == pytest.approx(want, rel=1e-6, abs=1e-6), (level, term)


@pytest.mark.parametrize("family", FAMILIES)
def test_bca_is_that_of_its_formula(family, outcomes, tmp_path):
    out = tmp_path / "out.h5"
    bootstrap(outcomes[family], out, *FAMILIES[family], "--type", "cases",
              "--intervals", "bca", "--max-failed", 1, replicates=200)
    report = merit_json("summarize", out, "--level", LEVEL, "--intervals", "bca,perc")
    _, columns, estimate, _ = stored_delete_one(out)
    with h5py.File(out) as file:
        rows = file["replicates/estimate"][:][file["replicates/status"][:] <= 1]
        t0 = [*file["fit/estimate"][:], file["fit"].attrs["tau"]]
        if "sigma" in file["fit"].attrs:
            t0.append(file["fit"].attrs["sigma"])
    for k, term in enumerate(columns):
        row = rows_of(report["tidy"], "bca")[term]
        d = estimate[:, k].mean() - estimate[:, k]
        a = np.sum(d**3) / (6 * np.sum(d**2) ** 1.5)
        if 0 < np.mean(rows[:, k] < t0[k]) < 1:
            check_row(row, *adjusted(t0[k], rows[:, k], a))
    assert (rows_of(report["tidy"], "bca")["x"]["conf.low"]
            != rows_of(report["tidy"], "perc")["x"]["conf.low"])
    assert "bca: acceleration from 9 fits without one group each" in report["notes"]


def test_bca_of_a_group_that_cannot_be_left_out(tmp_path):
    """z varies in one group alone: without it there is no effect of z."""
    columns = two_level(6, 8)
    columns["z"] = np.where(columns["g"] == 2, columns["x"], 0.0)
    study = write_group(tmp_path / "study.h5", columns)
    out = tmp_path / "out.h5"
    merit("bootstrap", study, "y ~ x + z + (1 | g)", "--replicates", 200, "--output", out,
          "--intervals", "bca", "--progress", "none")
    _, _, estimate, status = stored_delete_one(out)
    assert status.tolist() == [0, 0, 3, 0, 0, 0]
    assert np.isnan(estimate[2]).all() and np.isfinite(np.delete(estimate, 2, 0)).all()
    notes = merit_json("summarize", out, "--intervals", "bca")["notes"]
    assert ("bca: acceleration from 6 fits without one group each, 1 of them failed "
            "(collinear 1)") in notes
    assert any("bca is approximate for this bootstrap (parametric)" in note for note in notes)


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_delete_one_fits_are_the_same_on_any_ranks_and_threads(family, outcomes, tmp_path):
    wanted = [*FAMILIES[family], "--intervals", "bca", "--max-failed", 1, "--format", "json"]
    tables = []
    for number, how in enumerate([{"ranks": None}, {"ranks": 3}]):
        done = bootstrap(outcomes[family], tmp_path / f"{number}.h5", *wanted,
                         "--threads", 2 - number, replicates=100, **how)
        tables.append(json.loads(done.stdout)["tidy"])
    assert tables[0] == tables[1]
    with h5py.File(tmp_path / "0.h5") as one, h5py.File(tmp_path / "1.h5") as two:
        assert not list(differences(one, two, {"/provenance"}))


def test_shards_keep_the_delete_one_fits(study, tmp_path):
    wanted = ["--intervals", "bca"]
    bootstrap(study, tmp_path / "whole.h5", *wanted)
    for shard in (1, 2):
        bootstrap(study, tmp_path / f"{shard}.h5", *wanted, "--shard", f"{shard}/2")
    merit("merge", tmp_path / "merged.h5", tmp_path / "1.h5", tmp_path / "2.h5")
    with h5py.File(tmp_path / "whole.h5") as one, h5py.File(tmp_path / "merged.h5") as two:
        assert "delete_one" in one
        assert not list(differences(one, two, {"/provenance"}))


def test_bca_that_a_job_cannot_give(study, tmp_path):
    done = bootstrap(study, tmp_path / "out.h5", "--intervals", "bca", replicates=11, code=USAGE)
    check_refusal(done, "--intervals bca", "11 replicates", "12 groups", "--replicates 12")
    assert not list(tmp_path.iterdir())
    bootstrap(study, tmp_path / "out.h5")
    done = merit("summarize", tmp_path / "out.h5", "--intervals", "perc,bca", code=USAGE)
    check_refusal(done, "--intervals bca", "leave out one group", "merit bootstrap")
    done = bootstrap(study, tmp_path / "out.h5", "--intervals", "bca", "--resume", code=USAGE)
    check_refusal(done, "delete_one: stored none, given groups (--intervals without bca)")


# --- Studentised intervals, and functions of the parameters --------------------------------------


def test_studentised_are_those_of_their_formula(study, tmp_path):
    """boot:::stud.ci with the stored standard errors, of standard deviations with h = log."""
    out = tmp_path / "out.h5"
    bootstrap(study, out, "--type", "residual")
    report = merit_json("summarize", out, "--level", LEVEL, "--intervals", "stud")
    with h5py.File(out) as file:
        keep = file["replicates/status"][:] <= 1
        std_error = file["replicates/std_error"][:][keep]
        s0 = file["fit/std_error"][:]
        of_fit = dict(file["fit"].attrs)
    for k, term in enumerate(["(Intercept)", "x", "w"]):
        t0, t = replicates_of(out)[term]
        z = (t - t0) / std_error[:, k]
        row = rows_of(report["tidy"], "stud")[term]
        check_row(row, [t0 - s0[k] * quantile(z, q) for q in ALPHA[::-1]],
                  [s0[k] * quantile_mcse(z, q) for q in ALPHA[::-1]])
        p = (1 + np.sum(np.abs(z) >= abs(t0 / s0[k]))) / (len(z) + 1)
        assert row["p.value"] == pytest.approx(p, rel=1e-14)
    for k, (term, name) in enumerate([("sd__(Intercept)", "tau"), ("sd__Observation", "sigma")], 3):
        t0, t = replicates_of(out)[term]
        inside = t > 0
        z = (np.log(t) - np.log(t0))[inside] / (std_error[:, k] / t)[inside]
        s0 = of_fit[f"{name}_std_error"] / of_fit[name]
        row = rows_of(report["tidy"], "stud")[term]
        ends = [t0 * np.exp(-s0 * quantile(z, q)) for q in ALPHA[::-1]]
        check_row(row, ends,
                  [end * s0 * quantile_mcse(z, q) for end, q in zip(ends, ALPHA[::-1])])


def test_studentised_where_there_is_no_standard_error(study, tmp_path):
    """Of a quantity, of a standard deviation of 0, of PQL's standard deviations."""
    flat = two_level(12, 7)
    flat["y"] = flat["y"] - np.repeat([flat["y"][flat["g"] == g].mean() for g in np.unique(flat["g"])],
                                      7)
    at_zero = write_group(tmp_path / "flat.h5", flat)
    merit("bootstrap", at_zero, "y ~ x + (1 | g)", "--replicates", 40, "--output", tmp_path / "a.h5")
    report = merit_json("summarize", tmp_path / "a.h5", "--intervals", "stud", "--quantity", "icc")
    rows = rows_of(report["tidy"], "stud")
    for term in ("sd__(Intercept)", "icc"):
        assert rows[term]["conf.low"] is None
    assert rows["sd__Observation"]["conf.low"] is not None
    assert [note for note in report["notes"]
            if note.startswith("no stud interval of sd__(Intercept), icc: there is no standard error")]


def test_studentised_need_standard_errors_in_the_file(study, tmp_path):
    bootstrap(study, tmp_path / "out.h5", "--keep", "estimates")
    done = merit("summarize", tmp_path / "out.h5", "--intervals", "stud", code=USAGE)
    check_refusal(done, "--intervals stud", "standard errors", "--keep all")


QUANTITIES = {"icc": lambda r: r[:, 3]**2 / (r[:, 3]**2 + r[:, 4]**2),
              "b[x]/b[w]": lambda r: r[:, 1] / r[:, 2],
              "exp(b[x]) - 1": lambda r: np.exp(r[:, 1]) - 1,
              "log(0.3 + b[x])": lambda r: np.log(0.3 + r[:, 1])}


def test_quantities_are_functions_of_each_replicate(study, tmp_path):
    out = tmp_path / "out.h5"
    asked = [word for text in QUANTITIES for word in ("--quantity", text)]
    wanted = ["--intervals", "perc,bca,norm", *asked, "--format", "json", "--max-failed", 1]
    done = bootstrap(study, out, "--type", "cases", *wanted)
    report = json.loads(done.stdout)
    assert report == {**report, "tidy": merit_json(
        "summarize", out, "--level", LEVEL, "--intervals", "perc,bca,norm", *asked)["tidy"]}
    again = bootstrap(study, tmp_path / "two.h5", "--type", "cases", *wanted, ranks=3)
    assert json.loads(again.stdout)["tidy"] == report["tidy"]
    with h5py.File(out) as file:
        rows = file["replicates/estimate"][:][file["replicates/status"][:] <= 1]
        fit = np.array([[*file["fit/estimate"][:], file["fit"].attrs["tau"],
                         file["fit"].attrs["sigma"]]])
        delete_one = file["delete_one/estimate"][:]
    for text, function in QUANTITIES.items():
        with np.errstate(invalid="ignore"):
            t0, t, without = function(fit)[0], function(rows), function(delete_one)
        assert report["glance"]["undefined"][text] == np.sum(np.isnan(t))
        t = t[~np.isnan(t)]
        row = rows_of(report["tidy"], "perc")[text]
        assert row["effect"] == "quantity" and row["p.value"] is None
        assert row["estimate"] == pytest.approx(t0, rel=1e-14)
        assert row["std.error"] == pytest.approx(np.std(t, ddof=1), rel=1e-10)
        check_row(row, [quantile(t, q) for q in ALPHA], [quantile_mcse(t, q) for q in ALPHA])
        d = without.mean() - without
        a = np.sum(d**3) / (6 * np.sum(d**2) ** 1.5)
        check_row(rows_of(report["tidy"], "bca")[text], *adjusted(t0, t, a))


def test_quantity_that_is_undefined_at_replicates_is_counted(study, tmp_path):
    """The effect of w is positive, and near 0: log(b[w]) does not always exist."""
    out = tmp_path / "out.h5"
    asked = ["--quantity", "log(b[w])"]
    done = bootstrap(study, out, *asked, "--format", "json", code=1)  # more than 1% of them
    report = json.loads(done.stdout)
    _, t = replicates_of(out)["w"]
    undefined = int(np.sum(t <= 0))
    assert undefined > 10 and report["glance"]["failed"] == 0
    assert report["glance"]["undefined"] == {"log(b[w])": undefined}
    assert (f"log(b[w]) is undefined at {undefined} of 1000 replicates, which are left out"
            in report["notes"])
    assert rows_of(report["tidy"], "perc")["log(b[w])"]["conf.high"] == pytest.approx(
        quantile(np.log(t[t > 0]), ALPHA[1]), rel=1e-12)
    assert "Quantities" in merit("summarize", out, *asked).stdout
