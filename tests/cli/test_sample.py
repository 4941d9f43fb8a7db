# SPDX-License-Identifier: MIT
"""merit sample: the same bits anywhere, resumed or not; priors printed, stored and refused."""

import subprocess

import h5py
import numpy as np
import pytest
from program import (BAD_DATA, DATA, MERIT, USAGE, check_refusal, make_snapshot, merit, merit_json,
                     two_level, write_group)

from h5same import differences

FORMULA = "y ~ x + w + (1 | g)"
STOPPED = 75


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    return write_group(tmp_path_factory.mktemp("sample") / "study.h5", two_level(12, 15))


def same(a, b):
    with h5py.File(a, "r") as one, h5py.File(b, "r") as other:
        assert not list(differences(one, other, {"/provenance"}))


def sample(study, output, *options, **how):
    return merit("sample", study, FORMULA, "--draws", 501, "--chains", 3, "--save-groups", "draws",
                 "--output", output, "--progress", "none", *options, **how)


@pytest.mark.parametrize("ranks, threads", [(None, 2), (2, 1), (3, 2)])
def test_same_bits_on_any_ranks_and_threads(ranks, threads, study, tmp_path):
    one = sample(study, tmp_path / "one.h5", "--threads", 1)
    other = sample(study, tmp_path / "other.h5", "--threads", threads, ranks=ranks)
    same(tmp_path / "one.h5", tmp_path / "other.h5")
    assert one.stdout == other.stdout
    assert one.stdout == merit("summarize", tmp_path / "other.h5", "--ranef").stdout


def test_a_draw_is_the_same_among_more_and_another_with_another_seed(study, tmp_path):
    def draws(name, *options):
        merit("sample", study, FORMULA, "--output", tmp_path / name, *options)
        with h5py.File(tmp_path / name) as file:
            chains = file["draws"].attrs["num_chains"]
            return file["draws/value"][:].reshape(chains, -1, file["draws/value"].shape[1])

    few = draws("few.h5", "--draws", 100, "--chains", 2)
    many = draws("many.h5", "--draws", 900, "--chains", 3)
    assert (few == many[:2, :100]).all()
    assert len(np.unique(many[:, :, 0])) == 2700
    other = draws("other.h5", "--draws", 100, "--chains", 2, "--seed", 2)
    assert not (few == other).any(axis=2).any()


def test_stopped_and_resumed_is_uninterrupted(study, tmp_path):
    options = ["sample", study, FORMULA, "--draws", 100_000, "--threads", 1, "--progress", "none"]
    merit(*options, "--output", tmp_path / "whole.h5")
    stopped = tmp_path / "stopped.h5"
    done = merit(*options, "--output", stopped, "--resume", "--time-limit", "0.2", code=STOPPED)
    assert "draws are on disk" in done.stderr
    assert "draws (partial), their checksums are right" in merit("inspect", stopped).stdout
    merit(*options, "--output", stopped, "--resume")
    same(tmp_path / "whole.h5", stopped)
    # Killed outright, and finished on other ranks.
    killed = tmp_path / "killed.h5"
    with subprocess.Popen([MERIT, *map(str, options), "--output", str(killed)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as job:
        try:
            job.wait(0.3)
        except subprocess.TimeoutExpired:
            job.kill()
    merit(*options, "--output", killed, "--resume", ranks=2)
    same(tmp_path / "whole.h5", killed)


def test_table_json_csv_and_file_agree(study, tmp_path):
    result = merit_json("sample", study, FORMULA, "--output", tmp_path / "a.h5", "--prior",
                        "rstanarm", "--level", 0.9)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["format_version"] == 2
        value = file["draws/value"]
        columns = list(value.attrs["columns"])
        draws = dict(zip(columns, value[:].T))
        priors = dict(zip(file["prior/parameter"].asstr()[:],
                          file["prior/distribution"].asstr()[:]))
    assert columns[-3:] == ["sd__(Intercept)", "sd__Observation", "lprior"]
    assert result["glance"]["priors"] == priors
    assert priors["sd__(Intercept)/sd__Observation"] == "exponential(1)"
    assert result["glance"]["draws"] == 4000 and result["glance"]["chains"] == 4
    for row in result["tidy"]:
        x = draws[row["term"]]
        assert row["estimate"] == pytest.approx(x.mean(), rel=1e-12)
        assert row["std.error"] == pytest.approx(x.std(ddof=1), rel=1e-12)
        assert row["conf.low"] == pytest.approx(np.quantile(x, 0.05), rel=1e-12)
        assert row["conf.type"] == "eti" and row["rhat"] < 1.01 and row["ess_tail"] > 400
        assert row["mcse"] == pytest.approx(x.std(ddof=1) / 4000 ** 0.5, rel=0.3)
    text = merit("summarize", tmp_path / "a.h5", "--format", "csv").stdout
    assert text.splitlines()[0].endswith("mcse,psens_prior,psens_likelihood")


def sensitivity(x, component):
    """As priorsense defines it, but for the smoothing of weights, which hardly matters here."""
    def distance(alpha, sign):
        weights = np.exp((alpha - 1) * (component - component.mean()))
        order = np.argsort(sign * x)
        p = np.arange(1, len(x)) / len(x)
        q = np.cumsum(weights[order] / weights.sum())[:-1]
        m = (p + q) / 2
        width = np.diff(sign * x[order])
        return (width @ (p * np.log2(p / m) + q * np.log2(q / m)) / (width @ (p + q))) ** 0.5

    return sum(max(distance(alpha, 1), distance(alpha, -1)) / abs(np.log2(alpha))
               for alpha in (0.99, 1.01)) / 2


def test_sensitivity_to_prior_and_likelihood(study, tmp_path):
    """A prior that the data contradict is named; a flat one has no say."""
    strong = merit_json("sample", study, FORMULA, "--output", tmp_path / "a.h5", "--prior",
                        "x~normal(0.2, 0.1)", "--prior", "w~flat", "--save-groups", "draws")
    with h5py.File(tmp_path / "a.h5") as file:
        value = file["draws/value"]
        draws = dict(zip(value.attrs["columns"], value[:].T))
        likelihood = file["draws/log_likelihood"][:]
    for row in strong["tidy"]:
        if row["effect"] == "ran_vals":
            assert "psens_prior" not in row
            continue
        x = draws[row["term"]]
        assert row["psens_prior"] == pytest.approx(sensitivity(x, draws["lprior"]), rel=0.05)
        assert row["psens_likelihood"] == pytest.approx(sensitivity(x, likelihood), rel=0.05)
    by_term = {row["term"]: row for row in strong["tidy"] if row["effect"] != "ran_vals"}
    assert by_term["x"]["psens_prior"] > 0.1 and by_term["x"]["psens_likelihood"] > 0.1
    assert any("sensitive to prior and likelihood (perhaps they disagree): x" in note
               for note in strong["notes"])
    table = merit("summarize", tmp_path / "a.h5").stdout
    assert "Sens. prior" in table and "perhaps they disagree" in table
    flat = merit_json("sample", study, FORMULA, "--output", tmp_path / "b.h5", "--prior", "flat",
                      "--prior", "sd~half_t(3, 100)")
    assert all(row["psens_prior"] < 0.02 for row in flat["tidy"]) and not flat["notes"]


# numpy's own densities against lprior: rstanarm's conventions worked out from the data.
def test_log_prior_is_the_sum_of_the_densities(study, tmp_path):
    merit("sample", study, FORMULA, "--output", tmp_path / "a.h5", "--prior", "rstanarm",
          "--draws", 50)
    with h5py.File(study) as file:
        data = {name: file[f"data/{name}"][:] for name in "yxw"}
    with h5py.File(tmp_path / "a.h5") as file:
        b0, bx, bw, tau, sigma, lprior = file["draws/value"][:].T

    def normal(x, m, s):
        return -0.5 * ((x - m) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)

    sy = data["y"].std(ddof=1)
    centred = b0 + bx * data["x"].mean() + bw * data["w"].mean()
    expected = (normal(centred, data["y"].mean(), 2.5 * sy)
                + normal(bx, 0, 2.5 * sy / data["x"].std(ddof=1))
                + normal(bw, 0, 2.5 * sy / data["w"].std(ddof=1))
                - sigma / sy - np.log(sy)      # Exponential(1/sd(y)) on sigma
                - tau / sigma - np.log(sigma))  # Exponential(1) on tau/sigma
    assert lprior == pytest.approx(expected, rel=1e-12)


# radon_mn of posteriordb, exact by quadrature: mean and sd of each parameter.
RADON = {
    "log_radon ~ 1 + (1 | county_idx)": {
        "(Intercept)": (1.349712, .047892), "sd__(Intercept)": (.303204, .046662),
        "sd__Observation": (.767126, .018682)},
    "log_radon ~ floor_measure + (1 | county_idx)": {
        "(Intercept)": (1.492341, .050593), "floor_measure": (-.662852, .067929),
        "sd__(Intercept)": (.321204, .044730), "sd__Observation": (.726779, .017707)},
    "log_radon ~ log_uppm + floor_measure + (1 | county_idx)": {
        "(Intercept)": (1.415251, .037556), "log_uppm": (.786410, .100903),
        "floor_measure": (-.638199, .066636), "sd__(Intercept)": (.148312, .048376),
        "sd__Observation": (.729654, .017731)},
}


@pytest.mark.parametrize("formula", RADON)
def test_radon_reference_posteriors(formula, tmp_path):
    make_snapshot(DATA / "radon_mn.csv", tmp_path / "radon.h5", "--factor", "county_idx")
    result = merit_json("sample", tmp_path / "radon.h5", formula, "--draws", 25_000, "--output",
                        tmp_path / "out.h5", "--prior", "flat", "--prior", "b~normal(0, 10)",
                        "--prior", "(Intercept)~normal(0, 10)", "--prior", "sd~half_normal(1)",
                        "--prior", "sigma~half_normal(1)")
    found = {row["term"]: row for row in result["tidy"]}
    assert set(found) == set(RADON[formula])
    for term, (mean, sd) in RADON[formula].items():
        row = found[term]
        assert abs(row["estimate"] - mean) < 4 * row["mcse"] + 1e-6, term
        # The sd of an sd is about sd/√(2S) for these shapes.
        assert abs(row["std.error"] - sd) < 5 * sd / 200_000 ** 0.5 + 1e-6, term


BAD = {
    "nonsense": "give brms, rstanarm, mlwin or flat",
    "sd~halft(3)": "halft is no prior of a standard deviation",
    "sd~half_t(3)": "half_t takes 2 (df, scale)",
    "sd~half_t(3, -1)": "its scale is -1, and has to be positive",
    "sd~normal(2, 1)": "its location is 2",
    "sd~pc(1, 2)": "alpha is not between 0 and 1",
    "b~half_cauchy(1)": "half_cauchy is no prior of a coefficient",
    "z~normal(0, 1)": "the model has no such parameter; it has b, Intercept",
    "x~normal(0, 1": "a closing bracket is missing",
    "x~normal(0, a)": "a is no number",
    "x~normal(0, 0)": "its scale is 0",
    "x~uniform(1, 0)": "its low end is not below",
    "sd~": "nothing after ~",
    "theta~exponential(1)": "the model has no such parameter",
    "sigma~uniform(0, 1e-9)": "contradict the data",
}


@pytest.mark.parametrize("prior", BAD)
def test_bad_priors(prior, study, tmp_path):
    done = merit("sample", study, FORMULA, "--output", tmp_path / "a.h5", "--prior", prior,
                 code=USAGE)
    check_refusal(done, BAD[prior])
    assert not (tmp_path / "a.h5").exists()


def test_priors_that_contradict_the_data_get_another_sampler(study, tmp_path):
    """Of the study x is 0.55 ± 0.08. Where nearly no exact draw would be accepted chains are taken,
    with the same bits anywhere, and table and file say so."""
    for number, (prior, term, low, high) in enumerate([
            ("x~normal(-0.2, 0.1)", "x", -0.2, 0.55), ("x~normal(100, 0.01)", "x", 99.9, 100.1),
            ("w~normal(1e6, 1)", "w", 999990, 1000010),
            ("x~uniform(-2, -1)", "x", -1.3, -1),
            ("sigma~uniform(0, 0.1)", "sd__Observation", 0.099, 0.1)]):
        one = sample(study, tmp_path / f"one{number}.h5", "--prior", prior, code=None)
        two = sample(study, tmp_path / f"two{number}.h5", "--prior", prior, "--threads", 2, ranks=2,
                     code=None)
        assert one.stdout == two.stdout
        same(tmp_path / f"one{number}.h5", tmp_path / f"two{number}.h5")
        assert "the priors contradict the data so far that no exact draws would" in one.stdout
        with h5py.File(tmp_path / f"one{number}.h5") as file:
            sampler = file["sampler"].attrs
            assert sampler["method"] in ("an independence sampler", "a slice sampler")
            assert "contradict the data" in sampler["reason"] and sampler["warmup"] == 200
            value = file["draws/value"]
            draws = dict(zip(value.attrs["columns"], value[:].T))
        assert low < draws[term].mean() < high
        assert len(np.unique(draws[term])) > 300


def test_chains_of_contradictory_priors_stopped_and_resumed(study, tmp_path):
    options = ["sample", study, FORMULA, "--draws", 40_000, "--threads", 1, "--progress", "none",
               "--prior", "x~normal(-0.2, 0.1)", "--save-groups", "draws"]
    merit(*options, "--output", tmp_path / "whole.h5")
    done = merit(*options, "--output", tmp_path / "cut.h5", "--resume", "--time-limit", "0.2",
                 code=STOPPED)
    assert "draws are on disk" in done.stderr
    merit(*options, "--output", tmp_path / "cut.h5", "--resume", ranks=2)
    same(tmp_path / "whole.h5", tmp_path / "cut.h5")


def test_bad_options(study, tmp_path):
    for options, says in ([["--chains", 0], "--chains 0: give 1 to"],
                          [["--draws", 0], "--draws 0: give 4 to"],
                          [["--draws", 3], "a summary needs 4"],
                          [["--draws", "1.5"], "--draws 1.5: give a whole number"],
                          [["--save-groups", "all"], "--save-groups all: not one of"],
                          [["--warmup", "x"], "--warmup x: give a whole number"]):
        done = merit("sample", study, FORMULA, "--output", tmp_path / "a.h5", *options, code=USAGE)
        check_refusal(done, says)
    check_refusal(merit("sample", study, FORMULA, code=USAGE), "--output is missing")


def test_improper_posteriors_are_refused(tmp_path):
    columns = two_level(2, 15)
    del columns["w"]
    study = write_group(tmp_path / "two.h5", columns)
    done = merit("sample", study, "y ~ x + (1 | g)", "--output", tmp_path / "a.h5", "--prior",
                 "flat", code=USAGE)
    check_refusal(done, "the posterior is improper", "sd~half_t(3, 2.5)")
    merit("sample", study, "y ~ x + (1 | g)", "--output", tmp_path / "a.h5")


GRID = """
half_t = ["sd~half_t(3, 1)"]     # a comment
rstanarm = "rstanarm"
mlwin = ["mlwin", "b~normal(0, 5)"]
"""


def test_prior_grid_is_one_job_per_prior_in_one_table(study, tmp_path):
    (tmp_path / "grid.toml").write_text(GRID)
    words = ["--prior", "x~normal(0, 1)", "--prior-grid", tmp_path / "grid.toml", "--draws", 400]
    merit("sample", study, FORMULA, *words, "--output", tmp_path / "grid.h5", "--progress", "none",
          ranks=2)
    assert sorted(path.name for path in tmp_path.glob("*.h5")) == [
        "grid-half_t.h5", "grid-mlwin.h5", "grid-rstanarm.h5"]
    result = merit_json("sample", study, FORMULA, *words, "--output", tmp_path / "grid.h5", "--resume")
    rows = result["tidy"]
    assert [row["prior"] for row in rows] == ["half_t", "rstanarm", "mlwin"] * 5
    priors = {"half_t": ["x~normal(0, 1)", "sd~half_t(3, 1)"],
              "rstanarm": ["x~normal(0, 1)", "rstanarm"],
              "mlwin": ["x~normal(0, 1)", "mlwin", "b~normal(0, 5)"]}
    for name, given in priors.items():
        options = [word for prior in given for word in ("--prior", prior)]
        alone = merit_json("sample", study, FORMULA, *options, "--draws", 400, "--output",
                           tmp_path / "alone.h5", "--overwrite")
        same(tmp_path / "alone.h5", tmp_path / f"grid-{name}.h5")
        assert alone["tidy"] == [{k: v for k, v in row.items() if k != "prior"} for row in rows
                                 if row["prior"] == name]
        for parameter, distribution in alone["glance"]["priors"].items():
            stated = result["glance"]["priors"]
            assert distribution in (stated.get(parameter), stated.get(f"{name}: {parameter}"))
    text = merit("sample", study, FORMULA, *words, "--output", tmp_path / "grid.h5", "--resume").stdout
    assert "mlwin: sd: an inverse-gamma prior is far from" in text
    lines = [line.split()[:2] for line in text.splitlines() if line.startswith("  sd__(I")]
    assert lines == [["sd__(Intercept)", "half_t"]]
    table = merit("sample", study, FORMULA, *words, "--output", tmp_path / "grid.h5", "--resume",
                  "--format", "csv").stdout
    assert table.splitlines()[0].endswith("psens_likelihood,prior")
    assert table.splitlines()[1].endswith(",half_t")


BAD_GRIDS = {
    "": "names no priors",
    "a = 3": "line 1: a is 3; give texts",
    "a = [\"flat\", 3]": "line 1: a is a list",
    "\n\"a/b\" = \"flat\"": "a/b: a name of priors is made of letters",
    "a = [": "not TOML",
    "a = \"nonsense\"": "give brms, rstanarm, mlwin or flat",
}


@pytest.mark.parametrize("text", BAD_GRIDS)
def test_bad_grids(text, study, tmp_path):
    (tmp_path / "grid.toml").write_text(text)
    done = merit("sample", study, FORMULA, "--prior-grid", tmp_path / "grid.toml", "--output",
                 tmp_path / "a.h5", code=USAGE)
    check_refusal(done, BAD_GRIDS[text])
    done = merit("sample", study, FORMULA, "--prior-grid", tmp_path / "none.toml", "--output",
                 tmp_path / "a.h5", code=66)
    check_refusal(done, "none.toml: cannot be read", "a file of named priors")


def test_warm_up_is_not_needed(study, tmp_path):
    done = sample(study, tmp_path / "a.h5", "--warmup", 10)
    assert "--warmup is ignored: the draws are exact and independent" in done.stdout


def test_inverse_gamma_is_warned_of(study, tmp_path):
    done = merit("sample", study, FORMULA, "--output", tmp_path / "a.h5", "--prior", "mlwin")
    assert "an inverse-gamma prior is far from uninformative" in done.stdout


def test_draws_are_not_merged_and_another_job_is_not_resumed(study, tmp_path):
    sample(study, tmp_path / "a.h5")
    check_refusal(merit("merge", tmp_path / "b.h5", tmp_path / "a.h5", code=USAGE),
                  "holds draws of merit sample")
    done = sample(study, tmp_path / "a.h5", "--resume", "--prior", "mlwin", code=USAGE)
    check_refusal(done, "prior: stored", "give the --prior options that lead to them")
    one_group = write_group(tmp_path / "one.h5", two_level(1, 15))
    merit("sample", one_group, "y ~ x + (1 | g)", "--output", tmp_path / "c.h5", code=BAD_DATA)
