# SPDX-License-Identifier: MIT
"""--intervals calibrated: the double bootstrap."""

import statistics

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, check_same_bits, merit, merit_json, two_level, write_group

MODEL = "y ~ x + w + (1 | g)"
EVENT = "event ~ x + (1 | g)"


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(12, 25)
    rng = np.random.default_rng(4)
    columns["event"] = (rng.random(columns["y"].size)
                        < 1 / (1 + np.exp(-columns["y"]))).astype(float)
    return write_group(tmp_path_factory.mktemp("calibrated") / "study.h5", columns)


def job(study, output, *options, model=MODEL, replicates=400, inner=100):
    family = "binomial" if model == EVENT else "gaussian"
    return ("bootstrap", study, model, "--family", family, "--replicates", replicates,
            "--intervals", "calibrated,perc", "--inner", inner, "--output", output,
            "--progress", "none", *options)


def quantile(values, q):
    """boot's norm.inter in the plain case: interpolated on the scale of normal quantiles, here
    between neighbours so close that a straight line is as good."""
    values = np.sort(values)
    k = (len(values) + 1) * q
    low = int(np.clip(np.floor(k), 1, len(values) - 1))
    return values[low - 1], values[low], k - low


def test_intervals_follow_from_the_shares_in_the_file(study, tmp_path):
    output = tmp_path / "out.h5"
    shown = merit_json(*job(study, output, "--level", 0.9))
    assert merit_json("summarize", output, "--intervals", "calibrated,perc", "--level",
                      0.9)["tidy"] == shown["tidy"]
    with h5py.File(output) as file:
        rows = file["replicates"]
        names = list(rows["inner_share"].attrs["columns"])
        assert names == list(rows["estimate"].attrs["columns"])
        estimate, share = rows["estimate"][:], rows["inner_share"][:]
        assert file["job"].attrs["inner"] == 100
    counts = np.round(share * 100)
    assert np.array_equal(share, counts / 100), "shares of 100"
    found = [row for row in shown["tidy"] if row["conf.type"] == "calibrated"]
    for k, row in enumerate(found):
        assert row["term"] == names[k]
        for end, q in (("conf.low", 0.05), ("conf.high", 0.95)):
            a, b, part = quantile(share[:, k], q)
            probability = a + part * (b - a)
            lower, upper, _ = quantile(estimate[:, k], probability)
            assert lower - 1e-9 <= row[end] <= upper + 1e-9
            if 0 < probability < 1:
                assert row[f"{end}.mcse"] > 0
            else:
                assert row[f"{end}.mcse"] is None
    plain = merit_json("bootstrap", study, MODEL, "--replicates", 400, "--output",
                       tmp_path / "plain.h5", "--level", 0.9)
    perc = [row for row in shown["tidy"] if row["conf.type"] == "perc"]
    assert perc == plain["tidy"], "the replicates are those of the plain bootstrap"


def test_inner_replicates_of_a_logit_model_are_of_its_replicates(study, tmp_path):
    """Of one replicate the share, found again: 60 data sets drawn here from its estimates, each
    fitted by merit fit. Two binomial shares; 4.5 standard errors for each of three estimates."""
    output = tmp_path / "out.h5"
    merit(*job(study, output, model=EVENT, replicates=6, inner=400))
    with h5py.File(output) as file:
        estimate = file["replicates/estimate"][:]
        share = file["replicates/inner_share"][:]
    with h5py.File(study) as file:
        x, g = file["data/x"][:], file["data/g"][:]
    r = int(np.argmax(np.min(share * (1 - share), axis=1)))
    b0, b1, tau = estimate[r]
    rng = np.random.default_rng(5)
    count = 60
    columns = {"x": x, "g": g}
    for s in range(count):
        eta = b0 + b1 * x + tau * rng.standard_normal(12)[g]
        columns[f"y{s}"] = (rng.random(x.size) < 1 / (1 + np.exp(-eta))).astype(float)
    drawn = write_group(tmp_path / "drawn.h5", columns)
    original = merit_json("fit", study, EVENT, "--family", "binomial")
    limits = np.array([row["estimate"] for row in in_file_order(original)])
    below = np.zeros(3)
    for s in range(count):
        refit = merit_json("fit", drawn, f"y{s} ~ x + (1 | g)", "--family", "binomial",
                           "--nagq", 7)
        below += np.array([row["estimate"] for row in in_file_order(refit)]) <= limits
    both = (below + 400 * share[r]) / (count + 400)
    error = np.sqrt(both * (1 - both) * (1 / count + 1 / 400))
    assert np.all(np.abs(below / count - share[r]) < 4.5 * error)


BOOTSTRAPS = {"groups": [], "both": ["--resample", "both"], "residual": [], "reb": [],
              "transformation": [], "wild": ["--wild-hc", "3"]}


@pytest.mark.parametrize("kind", BOOTSTRAPS)
def test_every_bootstrap_of_a_mean_is_bootstrapped_itself(kind, tmp_path):
    """Balanced groups: given replicate r its mean's inner replicates are nearly normal about t_r, with
    the variance that r's groups have, (τ² + σ²/n)/J, times (J − 1)/J where groups are drawn as they
    are. So u_r is Φ((t₀ − t_r)/s_r), but for binomial noise of 0.025 and the skewness of 15
    groups. Inner replicates of the data as they are, not of r's, would have shares about 0.5,
    whose distance from Φ has a root mean square of 0.3."""
    num_groups, size, inner = 15, 8, 400
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(num_groups), size)
    y = 2.0 + rng.standard_normal(num_groups)[g] + rng.standard_normal(g.size)
    study = write_group(tmp_path / "mean.h5", {"g": g, "y": y})
    output = tmp_path / "out.h5"
    kind_options = ["--type", "cases" if kind in ("groups", "both") else kind, *BOOTSTRAPS[kind]]
    merit(*job(study, output, *kind_options, model="y ~ 1 + (1 | g)", replicates=100,
               inner=inner))
    with h5py.File(output) as file:
        mean, tau, sigma = file["replicates/estimate"][:].T
        share = file["replicates/inner_share"][:, 0]
        boundary = file["replicates/status"][:] == 1
    variance = (tau**2 + sigma**2 / size) / num_groups
    if kind in ("groups", "both"):
        variance *= (num_groups - 1) / num_groups
    if kind == "both":  # rows of drawn groups are drawn, too
        variance += sigma**2 * (size - 1) / size / size / num_groups
    t0 = merit_json("fit", study, "y ~ 1 + (1 | g)")["tidy"][0]["estimate"]
    expected = np.array([statistics.NormalDist().cdf(z) for z in (t0 - mean) / np.sqrt(variance)])
    away = (share - expected)[~boundary]
    assert np.sqrt(np.mean(away**2)) < 0.07
    assert np.std(expected) > 0.2


@pytest.mark.parametrize("kind", ["groups", "rows"])
@pytest.mark.parametrize("method", ["agq", "pql"])
def test_cases_of_a_logit_model_are_bootstrapped_themselves(kind, method, study, tmp_path):
    """The same of a coefficient, roughly: its inner replicates are about t_r with some standard error."""
    output = tmp_path / "out.h5"
    merit(*job(study, output, "--type", "cases", "--resample", kind, "--method", method,
               model=EVENT, replicates=30, inner=60))
    with h5py.File(output) as file:
        slope = file["replicates/estimate"][:, 1]
        share = file["replicates/inner_share"][:, 1]
    used = np.isfinite(slope)
    assert used.sum() > 20 and not np.isnan(share[used]).any()
    assert np.corrcoef(slope[used], share[used])[0, 1] < -0.8


def in_file_order(fit):
    """β, then τ, as rows of replicates are."""
    return sorted(fit["tidy"], key=lambda row: row["effect"] != "fixed")


@pytest.mark.parametrize("model, count, inner", [(MODEL, 600, 60), (EVENT, 60, 10)])
def test_ranks_threads_shards_and_stops_change_no_bit(model, count, inner, study, tmp_path):
    check_same_bits(lambda path, *options, **how: merit(
        *job(study, path, *options, model=model, replicates=count, inner=inner), **how), tmp_path)


def test_refusals(study, tmp_path):
    output = tmp_path / "out.h5"

    def refused(*options, mentions):
        done = merit("bootstrap", study, MODEL, "--replicates", 50, "--output", output,
                     *options, code=USAGE)
        check_refusal(done, *mentions)

    calibrated = ("--intervals", "calibrated")
    refused(*calibrated, "--inner", 0, mentions=["--inner 0", "1 or more"])
    refused("--inner", 50, mentions=["--inner goes with --intervals calibrated"])
    refused(*calibrated, "--type", "reb", "--reb-type", 2, mentions=["--reb-type 2"])
    refused(*calibrated, "--null", "y ~ x + (1 | g)", mentions=["--null"])
    merit("bootstrap", study, MODEL, "--replicates", 50, "--output", output)
    check_refusal(merit("summarize", output, *calibrated, code=USAGE),
                  "--intervals calibrated", "merit bootstrap")
    done = merit(*job(study, output, replicates=50), "--resume", code=USAGE)
    check_refusal(done, "inner", "without calibrated")


def test_functions_of_the_parameters(study, tmp_path):
    """A function that rises has its argument's shares, one that falls the others, and one that is
    undefined above the estimate (its root is) what is left."""
    output = tmp_path / "out.h5"
    texts = ["exp(b[x])", "-b[x]", "icc", "tau/sigma"]
    shown = merit_json(*job(study, output, *(word for text in texts for word in ("--quantity", text))))
    with h5py.File(output) as file:
        shares = file["replicates/inner_share"]
        assert list(shares.attrs["columns"])[-4:] == texts
        of = dict(zip(shares.attrs["columns"], shares[:].T))
    assert np.array_equal(of["exp(b[x])"], of["x"])
    assert np.allclose(of["-b[x]"], 1 - of["x"], atol=1e-12)
    assert np.array_equal(of["icc"], of["tau/sigma"])
    ends = {row["term"]: row for row in shown["tidy"] if row["conf.type"] == "calibrated"}
    assert np.log(ends["exp(b[x])"]["conf.low"]) == pytest.approx(ends["x"]["conf.low"], rel=1e-2)
    ratio = ends["tau/sigma"]["conf.high"] ** 2
    assert ends["icc"]["conf.high"] == pytest.approx(ratio / (1 + ratio), rel=2e-2)
    check_refusal(merit(*job(study, output, "--resume", "--quantity", "icc"), code=USAGE),
                  "inner_quantities", "give the stored ones as --quantity")


def test_what_has_no_inner_replicates_and_too_few(study, tmp_path):
    output = tmp_path / "out.h5"
    shown = merit_json(*job(study, output, replicates=50, inner=5))
    notes = " ".join(shown["notes"])
    asked = merit_json("summarize", output, "--intervals", "calibrated", "--quantity", "icc")
    assert any("no calibrated interval of icc: the job bootstrapped" in note
               for note in asked["notes"])
    assert "give more --inner" in notes
    done = merit(*job(study, tmp_path / "no.h5", "--dry-run", replicates=10_000))
    assert "10,000 replicates" in done.stdout and not (tmp_path / "no.h5").exists()
