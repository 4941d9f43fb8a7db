# SPDX-License-Identifier: MIT
"""--intervals calibrated: the double bootstrap."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group

from h5same import differences

MODEL = "y ~ x + w + (1 | g)"
EVENT = "event ~ x + (1 | g)"
STOPPED = 75


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


def in_file_order(fit):
    """β, then τ, as rows of replicates are."""
    return sorted(fit["tidy"], key=lambda row: row["effect"] != "fixed")


@pytest.mark.parametrize("model, count, inner", [(MODEL, 600, 60), (EVENT, 60, 10)])
def test_ranks_threads_shards_and_stops_change_no_bit(model, count, inner, study, tmp_path):
    def run(name, *options, **how):
        merit(*job(study, tmp_path / name, *options, model=model, replicates=count,
                   inner=inner), **how)

    def same(name):
        with h5py.File(tmp_path / "one.h5") as a, h5py.File(tmp_path / name) as b:
            assert not list(differences(a, b, {"/provenance"}))

    run("one.h5", "--threads", 1)
    run("two.h5", "--threads", 2, ranks=2)
    same("two.h5")
    for shard in (1, 2):
        run(f"{shard}.h5", "--shard", f"{shard}/2")
    merit("merge", tmp_path / "merged.h5", tmp_path / "2.h5", tmp_path / "1.h5")
    same("merged.h5")
    run("three.h5", "--time-limit", "0.001", code=None)
    run("three.h5", "--resume")
    same("three.h5")


def test_refusals(study, tmp_path):
    output = tmp_path / "out.h5"

    def refused(*options, mentions):
        done = merit("bootstrap", study, MODEL, "--replicates", 50, "--output", output,
                     *options, code=USAGE)
        check_refusal(done, *mentions)

    calibrated = ("--intervals", "calibrated")
    refused(*calibrated, "--inner", 0, mentions=["--inner 0", "1 or more"])
    refused("--inner", 50, mentions=["--inner goes with --intervals calibrated"])
    refused(*calibrated, "--type", "wild", mentions=["--type wild", "--type parametric"])
    refused(*calibrated, "--null", "y ~ x + (1 | g)", mentions=["--null"])
    done = merit(*job(study, output, "--method", "pql", model=EVENT),
                 code=USAGE)
    check_refusal(done, "--method")
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
    assert "50 replicates are too few" in notes
    done = merit(*job(study, tmp_path / "no.h5", "--dry-run", replicates=10_000))
    assert "10,000 replicates" in done.stdout and not (tmp_path / "no.h5").exists()
