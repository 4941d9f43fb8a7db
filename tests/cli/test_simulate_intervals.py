# SPDX-License-Identifier: MIT
"""merit simulate: intervals that are made with the data: profiles, bootstraps, posteriors."""

import csv
import io
import subprocess
import time

import h5py
import numpy as np
import pytest
from program import MERIT, ROOT, USAGE, check_refusal, merit, merit_json

from h5same import differences

DESIGN = """
repetitions = 12
seed = 4
[data]
formula = "y ~ x + w + (1 | g)"
groups = [6, 10]
group_size = { mean = 7, sd = 2, min = 3 }
icc = 0.3
[data.covariates]
x = { kind = "normal" }
w = { kind = "halves" }
[data.coefficients]
"(Intercept)" = 1
x = 0.4
w = 0
"""
GAUSSIAN = 'estimands = ["x", "w", "sd__(Intercept)", "var__(Intercept)", "sd__Observation"]' + DESIGN + """
[[estimator]]
name = "REML"
df = ["kr", "profile"]
bootstrap = { replicates = 99, intervals = ["perc", "norm", "basic", "bc", "bca", "stud"] }
[[estimator]]
name = "Bayes"
prior = "brms"
draws = 100
[[estimator]]
name = "median"
prior = ["rstanarm", "x~normal(0, 1)"]
draws = 100
point = "median"
"""
BINARY = DESIGN.replace("icc = 0.3", 'icc = 0.3\nfamily = "binomial"').replace("mean = 7", "mean = 15") + """
[[estimator]]
name = "AGQ"
df = ["normal", "profile"]
bootstrap = { type = "cases", replicates = 39, intervals = ["perc", "bca"] }
[[estimator]]
name = "PQL"
method = "pql"
bootstrap = { replicates = 39, intervals = "norm" }
[[estimator]]
name = "Bayes"
method = "posterior"
prior = "brms"
chains = 2
draws = 40
warmup = 10
"""


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    place = tmp_path_factory.mktemp("intervals")
    for name, text in (("gaussian", GAUSSIAN), ("binary", BINARY)):
        (place / f"{name}.toml").write_text(text, encoding="utf-8")
        merit("simulate", f"{name}.toml", "--output", f"{name}.h5", cwd=place)
        merit("simulate", f"{name}.toml", "--only", "cell=2,rep=3", "--dump-data",
              f"{name}_data.h5", cwd=place)
    return place


def only(place, study):
    """{(estimator, way, term): line} of the repetition whose data are in a snapshot, and its seed."""
    shown = merit_json("simulate", place / f"{study}.toml", "--only", "cell=2,rep=3")
    return ({(line["estimator"], line["df"], line["term"]): line for line in shown["fits"]},
            shown["seed"])


FORMULA = "y ~ x + w + (1 | g)"


@pytest.mark.parametrize("study, estimator, options", [
    ("gaussian", "REML", []), ("binary", "AGQ", ["--family", "binomial"])])
def test_profiles_are_those_of_merit_fit(study, estimator, options, place):
    lines, _ = only(place, study)
    fit = merit_json("fit", place / f"{study}_data.h5", FORMULA, "--ci", "profile", *options)
    for row in fit["tidy"]:
        line = lines[estimator, "profile", row["term"]]
        assert line["estimate"] == pytest.approx(row["estimate"], rel=1e-6)
        for end in ("conf.low", "conf.high"):
            assert line[end] == pytest.approx(row[end], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("study, estimator, replicates, options", [
    ("gaussian", "REML", 99, ["--intervals", "perc,norm,basic,bc,bca,stud"]),
    ("binary", "AGQ", 39, ["--intervals", "perc,bca", "--type", "cases", "--family", "binomial"]),
    ("binary", "PQL", 39, ["--intervals", "norm", "--family", "binomial", "--method", "pql"])])
def test_bootstraps_are_those_of_merit_bootstrap(study, estimator, replicates, options, place, tmp_path):
    lines, seed = only(place, study)
    rows = merit_json("bootstrap", place / f"{study}_data.h5", FORMULA, "--replicates", replicates,
                      "--seed", seed, "--output", tmp_path / "b.h5", *options)["tidy"]
    compared = 0
    for row in rows:
        line = lines.get((estimator, row["conf.type"], row["term"]))
        if line is None:  # a residual sd of a working model
            assert row["term"] == "sd__Observation"
            continue
        assert line["std.error"] == pytest.approx(row["std.error"], rel=1e-4)
        for end in ("conf.low", "conf.high"):
            if row[end] is None:
                assert line[end] is None
            else:
                assert line[end] == pytest.approx(row[end], rel=1e-4, abs=1e-5)
                compared += 1
    assert compared > 2 * 3 * len(options[1].split(",")) - 1


@pytest.mark.parametrize("study, estimator, draws, options", [
    ("gaussian", "Bayes", 100, ["--prior", "brms"]),
    ("gaussian", "median", 100, ["--prior", "rstanarm", "--prior", "x~normal(0, 1)"]),
    ("binary", "Bayes", 40, ["--prior", "brms", "--family", "binomial", "--chains", "2", "--warmup", "10"])])
def test_posteriors_are_those_of_merit_sample(study, estimator, draws, options, place, tmp_path):
    lines, seed = only(place, study)
    file = tmp_path / "p.h5"
    rows = merit_json("sample", place / f"{study}_data.h5", FORMULA, "--draws", draws, "--seed", seed,
                      "--output", file, *options, code=None)["tidy"]  # 1: so few draws need a look
    with h5py.File(file) as stored:
        columns = list(stored["draws/value"].attrs["columns"])
        median = dict(zip(columns, np.median(stored["draws/value"][:], axis=0)))
    for row in rows:
        line = lines[estimator, "eti", row["term"]]
        estimate = median[row["term"]] if estimator == "median" else row["estimate"]
        assert line["estimate"] == pytest.approx(estimate, rel=1e-6)
        assert line["std.error"] == pytest.approx(row["std.error"], rel=1e-6)
        for end in ("conf.low", "conf.high"):
            assert line[end] == pytest.approx(row[end], rel=1e-6, abs=1e-9)


def table(place, name):
    text = merit("summarize", place / name, "--format", "csv").stdout
    return {(row["cell"], row["estimator"], row["df"], row["term"]): row
            for row in csv.DictReader(io.StringIO(text))}


@pytest.mark.parametrize("estimator, at, way, term, truth", [
    ("REML", 0, "perc", "w", 0.0), ("REML", 0, "profile", "x", 0.4),
    ("REML", 0, "bc", "sd__(Intercept)", (0.3 / 0.7) ** 0.5),
    ("Bayes", 1, "eti", "sd__Observation", 1.0)])
def test_table_from_the_rows(estimator, at, way, term, truth, place):
    """Coverage, power and width of one row of the table, counted from the file's columns."""
    row = table(place, "gaussian.h5")["2", estimator, way, term]
    with h5py.File(place / "gaussian.h5") as file:
        estimates, errors = (file[f"replicates/{name}"] for name in ("estimate", "std_error"))
        column = {name: at for at, name in enumerate(estimates.attrs["columns"])}
        mine = slice(3 + at, None, 2 * 3)
        low = estimates[mine, column[f"interval[{way}][{term}]"]]
        high = errors[mine, column[f"interval[{way}][{term}]"]]
        value = estimates[mine, column[term]]
    there = ~np.isnan(low)
    assert int(row["nsim"]) == 12 and int(row["no_interval"]) == 12 - there.sum()
    low, high = low[there], high[there]
    assert float(row["coverage"]) == pytest.approx(((low <= truth) & (truth <= high)).mean())
    assert float(row["rej_rate"]) == pytest.approx(((low > 0) | (high < 0)).mean())
    assert float(row["width"]) == pytest.approx((high - low).mean())
    assert float(row["bias"]) == pytest.approx(value.mean() - truth, abs=1e-12)


def test_standard_errors_and_variances(place):
    """Of a bootstrap the replicates' sd; of a variance the squares of what a way keeps."""
    rows = table(place, "gaussian.h5")
    ways = {way for _, estimator, way, term in rows if (estimator, term) == ("REML", "var__(Intercept)")}
    assert ways == {"profile", "perc", "bc", "bca", "stud"}  # norm and basic do not square
    with h5py.File(place / "gaussian.h5") as file:
        estimates, errors = (file[f"replicates/{name}"] for name in ("estimate", "std_error"))
        column = {name: at for at, name in enumerate(estimates.attrs["columns"])}
        mine = slice(3, None, 2 * 3)
        sd = errors[mine, column["draws[sd__(Intercept)]"]]
        low = estimates[mine, column["interval[perc][sd__(Intercept)]"]]
        high = errors[mine, column["interval[perc][sd__(Intercept)]"]]
        mean, spread = (values[4::6, column["draws[sd__(Intercept)]"]] for values in (estimates, errors))
    row = rows["2", "REML", "perc", "sd__(Intercept)"]
    assert float(row["modelse"]) == pytest.approx(np.sqrt((sd ** 2).mean()))
    row = rows["2", "REML", "perc", "var__(Intercept)"]
    assert float(row["width"]) == pytest.approx((high ** 2 - low ** 2).mean())
    assert row["modelse"] == ""
    # The posterior mean of a variance, from 400 draws' mean and sd.
    row = rows["2", "Bayes", "eti", "var__(Intercept)"]
    assert float(row["bias"]) == pytest.approx(
        (mean ** 2 + spread ** 2 * 399 / 400).mean() - 0.3 / 0.7)


@pytest.mark.parametrize("study", ["gaussian", "binary"])
def test_the_same_bits_on_ranks_and_shards(study, place, tmp_path):
    merit("simulate", f"{study}.toml", "--output", tmp_path / "ranks.h5", cwd=place, ranks=2)
    shards = [tmp_path / f"{k}.h5" for k in (1, 2)]
    for k, shard in enumerate(shards, 1):
        merit("simulate", f"{study}.toml", "--output", shard, "--shard", f"{k}/2", cwd=place)
    merit("merge", tmp_path / "merged.h5", *shards)
    others = ["ranks.h5", "merged.h5"]
    if study == "gaussian":  # of the others' kernels test_simulate.py knows; they take long without FMA
        others.append("v2.h5")
        merit("simulate", "gaussian.toml", "--output", tmp_path / "v2.h5", "--simd", "x86-64-v2", cwd=place)
    for other in others:
        with h5py.File(place / f"{study}.h5") as one, h5py.File(tmp_path / other) as two:
            assert not list(differences(one, two, {"/provenance"}))


def test_killed_and_resumed(place, tmp_path):
    text = GAUSSIAN.replace("repetitions = 12", "repetitions = 60")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    merit("simulate", "study.toml", "--output", "whole.h5", cwd=tmp_path)
    command = ["simulate", "study.toml", "--output", "killed.h5", "--resume", "--progress", "none"]
    with subprocess.Popen([MERIT, *command], cwd=tmp_path, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as job:
        part = tmp_path / "killed.h5.parts" / "rank0.h5"
        while not part.exists() and job.poll() is None:
            time.sleep(0.01)
        time.sleep(0.1)
        job.kill()
    merit(*command, cwd=tmp_path)
    with h5py.File(tmp_path / "whole.h5") as one, h5py.File(tmp_path / "killed.h5") as two:
        assert not list(differences(one, two, {"/provenance"}))
        assert one["replicates/estimate"].shape[0] == 60 * 2 * 3
        # Repetitions do not depend on how many there are.
        with h5py.File(place / "gaussian.h5") as fewer:
            assert np.array_equal(fewer["replicates/estimate"][:], one["replicates/estimate"][:72],
                                  equal_nan=True)


@pytest.mark.parametrize("old, new", [
    ("replicates = 99", "replicates = 98"), ('"basic", "bc"', '"bc"'), ('"kr", "profile"', '"kr"'),
    ("draws = 100\npoint", "draws = 101\npoint"), ("x~normal(0, 1)", "x~normal(0, 2)"),
    ('point = "median"', 'point = "mean"')])
def test_another_way_is_another_job(old, new, place, tmp_path):
    assert old in GAUSSIAN
    (tmp_path / "study.toml").write_text(GAUSSIAN.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "out.h5").write_bytes((place / "gaussian.h5").read_bytes())
    done = merit("simulate", "study.toml", "--output", "out.h5", "--resume", cwd=tmp_path, code=USAGE)
    check_refusal(done, "study", "the study file has changed")


def test_until_mcse(place, tmp_path):
    text = GAUSSIAN.replace("repetitions = 12", "repetitions = 4000").replace("groups = [6, 10]", "groups = 6")
    text = text[:text.index("[[estimator]]")] + '[[estimator]]\ndf = "profile"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    done = merit_json("simulate", "study.toml", "--output", "out.h5", "--until-mcse", "coverage=0.02",
                      cwd=tmp_path)
    assert done["study"]["repetitions"] < 4000
    assert all(row["coverage_mcse"] < 0.02 for row in done["performance"])


def test_level(place, tmp_path):
    """Ends are made with the data: another level is another job."""
    merit("simulate", "gaussian.toml", "--output", tmp_path / "half.h5", "--level", 0.5, cwd=place)
    half, whole = table(tmp_path, "half.h5"), table(place, "gaussian.h5")
    for key, row in half.items():
        if row["width"]:
            assert float(row["width"]) < float(whole[key]["width"])
    done = merit("summarize", tmp_path / "half.h5", "--level", 0.95, code=USAGE)
    check_refusal(done, "--level 0.95", "made at level 0.5")
    done = merit("simulate", "gaussian.toml", "--output", tmp_path / "half.h5", "--resume", cwd=place,
                 code=USAGE)
    check_refusal(done, "level", "0.5")


def test_what_has_no_interval_is_counted(place):
    """bc has none where no replicate is below τ̂ = 0: the estimate counts all the same."""
    rows = table(place, "gaussian.h5")
    found = 0
    for cell in "12":
        row, whole = (rows[cell, "REML", way, "sd__(Intercept)"] for way in ("bc", "perc"))
        found += int(row["no_interval"])
        assert int(row["no_interval"]) == round(12 * float(row["failed"]))
        assert int(row["nsim"]) == 12 and int(row["no_interval"]) == round(12 * float(row["boundary"]))
        assert [row[name] for name in ("bias", "empse", "rmse")] == [
            whole[name] for name in ("bias", "empse", "rmse")]
    assert found > 0


def test_the_example_is_a_study():
    done = merit("simulate", ROOT / "examples" / "intervals.toml", "--dry-run")
    assert "2 cells × 1,000 repetitions × 3 estimators" in done.stdout or "2 cells × 1000" in done.stdout


def test_improper_posteriors_are_rows(tmp_path):
    """Four groups of three rows with few events: some data sets have fewer than two groups with both
    outcomes beyond the columns between groups, and so no posterior under a flat prior of τ."""
    text = (BINARY[:BINARY.index("[[estimator]]")].replace("groups = [6, 10]", "groups = 4")
            .replace("{ mean = 15, sd = 2, min = 3 }", "3") + '[[estimator]]\nprior = "flat"\ndraws = 20\n')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    row, *_ = merit_json("simulate", "study.toml", cwd=tmp_path)["performance"]
    assert row["improper"] > 0
    assert row["nsim"] + row["improper"] + row["degenerate"] == 12


@pytest.mark.parametrize("prior, least", [("flat", 4), ("sd~flat_var", 5)])
def test_designs_without_any_posterior_are_told_before(prior, least, tmp_path):
    """Beside the intercept and w two groups have to be left, three under a flat variance."""
    start = GAUSSIAN[:GAUSSIAN.index("[[estimator]]")]
    for groups, code in ((least - 1, USAGE), (least, 0)):
        (tmp_path / "study.toml").write_text(
            start.replace("[6, 10]", str(groups)) + f'[[estimator]]\nname = "B"\nprior = ["flat", "{prior}"]\n'
            'draws = 20\n', encoding="utf-8")
        done = merit("simulate", "study.toml", cwd=tmp_path, code=code)
    (tmp_path / "study.toml").write_text(
        start.replace("[6, 10]", "[2, 3]") + f'[[estimator]]\nname = "B"\nprior = ["flat", "{prior}"]\n',
        encoding="utf-8")
    done = merit("simulate", "study.toml", cwd=tmp_path, code=USAGE)
    # Every impossible cell at once, at the line of the key.
    check_refusal(done, "3 problems", "line 6: groups = 2: 2 terms vary", "line 6: groups = 2: the posterior",
                  f"line 6: groups = 3: the posterior of estimator 'B' is improper with fewer than {least}")


@pytest.mark.parametrize("old, new, mentions", [
    ('"kr", "profile"', '"kr", "perc"', ["df = 'perc'", 'write bootstrap = { replicates = 399']),
    ("replicates = 99, ", "", ["bootstrap lacks replicates"]),
    ("replicates = 99", "replicates = 1", ["replicates = 1", "from 2"]),
    ("replicates = 99", "replicatse = 99", ["no key 'replicatse', did you mean 'replicates'?"]),
    ('["perc", "norm",', '["prec", "norm",', ["intervals = 'prec'", "did you mean 'perc'?"]),
    ("replicates = 99", 'type = "case", replicates = 99', ["did you mean 'cases'?"]),
    ("replicates = 99", 'resample = "rows", replicates = 99', ["resample", 'goes with type = "cases"']),
    ("replicates = 99", "wild_hc = 3, replicates = 99", ["wild_hc", 'goes with type = "wild"']),
    ('"REML"\n', '"REML"\nmethod = "pooled"\n', ["bootstrap", "fitted random-intercept model"]),
    ('prior = "brms"', 'prior = "brmz"', ["brmz"]),
    ('x~normal(0, 1)', 'z~normal(0, 1)', ["prior z~", "no such parameter"]),
    ('prior = "brms"\n', 'prior = "brms"\ndf = "kr"\n', ["df = ", "equal-tailed"]),
    ('point = "median"', 'point = "mode"', ["point", "mean, median"]),
    ('"REML"\n', '"REML"\ndraws = 3\n', ["draws", 'goes with method = "posterior"']),
    ("icc = 0.3", 'icc = 0.3\nfamily = "binomial"', ["df = 'kr'"]),
    ("[[estimator]]\nname = \"Bayes\"\n", "[[estimator]]\nname = \"Bayes\"\nmethod = \"reml\"\n",
     ["prior", 'goes with method = "posterior"']),
])
def test_what_there_is_not(old, new, mentions, tmp_path):
    assert old in GAUSSIAN
    (tmp_path / "study.toml").write_text(GAUSSIAN.replace(old, new, 1), encoding="utf-8")
    check_refusal(merit("simulate", "study.toml", code=USAGE, cwd=tmp_path), "line ", *mentions)
