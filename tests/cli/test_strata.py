# SPDX-License-Identifier: MIT
"""--strata: replicates against fits to the rows of the groups that they draw, written out."""

import h5py
import numpy as np
import pytest
from interrupted_job import same
from program import BAD_DATA, USAGE, check_refusal, merit, merit_json, two_level, write_group
from test_intervals import adjusted, rows_of

SEED, REPLICATES = 7, 2
GROUPS, ROWS = 0x200, 0x210  # engine/random/purpose.hpp


def stream(purpose, replicate):
    """64-bit words of Philox4x32-10 (Salmon et al. 2011, table 2), counter (draw, replicate,
    purpose), key the seed."""
    for draw in range(1 << 32):
        c, key = [draw, replicate, 0, purpose], [SEED, 0]
        for _ in range(10):
            a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [b >> 32 ^ c[1] ^ key[0], b & 0xffffffff, a >> 32 ^ c[3] ^ key[1], a & 0xffffffff]
            key = [key[0] + 0x9E3779B9 & 0xffffffff, key[1] + 0xBB67AE85 & 0xffffffff]
        yield c[0] | c[1] << 32
        yield c[2] | c[3] << 32


def drawn_rows(g, strata, replicate, unit):
    """Rows of a replicate, and its groups' new numbers: a group drawn twice is two groups."""
    groups, within = stream(GROUPS, replicate), stream(ROWS, replicate)
    rows, number = [], []
    for slot in range(g.max() + 1):
        pool = [j for j in range(g.max() + 1) if strata[j] == strata[slot]]
        group = pool[next(groups) * len(pool) >> 64]
        members = np.flatnonzero(g == group)
        if unit == "both":
            members = [members[next(within) * len(members) >> 64] for _ in members]
        rows += [*members]
        number += [slot] * len(members)
    return rows, number


@pytest.fixture(scope="module", name="columns")
def fixture_columns():
    columns = two_level(12, 8)
    rng = np.random.default_rng(4)
    columns["event"] = (rng.random(96) < 1 / (1 + np.exp(-columns["y"]))).astype(float)
    columns["region"] = np.array([b"north", b"south", b"east"])[
        np.array([0, 1, 1, 0, 2, 1, 0, 1, 2, 0, 1, 0])][columns["g"]]
    return columns


@pytest.fixture(scope="module", name="study")
def fixture_study(columns, tmp_path_factory):
    return write_group(tmp_path_factory.mktemp("strata") / "study.h5", columns)


def bootstrap(study, model, output, *options, replicates=REPLICATES, **how):
    return merit("bootstrap", study, *model, "--type", "cases", "--replicates", replicates,
                 "--seed", SEED, "--output", output, *options, **how)


MODELS = {"reml": ["y ~ x + (1 | g)"],
          "binomial": ["event ~ x + (1 | g)", "--family", "binomial"],
          "pql": ["event ~ x + (1 | g)", "--family", "binomial", "--method", "pql"]}


@pytest.mark.parametrize("unit", ["groups", "both"])
@pytest.mark.parametrize("model", MODELS)
def test_a_replicate_is_the_fit_to_the_groups_written_out(model, unit, columns, study, tmp_path):
    bootstrap(study, MODELS[model], tmp_path / "out.h5", "--strata", "region", "--resample", unit)
    strata = [columns["region"][columns["g"] == j][0] for j in range(12)]
    out = {name: [] for name in ("y", "x", "event", "g", "replicate")}
    for replicate in range(REPLICATES):
        rows, number = drawn_rows(columns["g"], strata, replicate, unit)
        for name in ("y", "x", "event"):
            out[name] += [*columns[name][rows]]
        out["g"] += number
        out["replicate"] += [replicate] * len(rows)
    written = write_group(tmp_path / "written.h5", out)
    with h5py.File(tmp_path / "out.h5") as file:
        estimate = file["replicates/estimate"][:]
    for replicate in range(REPLICATES):
        fit = merit_json("fit", written, *MODELS[model], "--where", f"replicate == {replicate}")
        want = [row["estimate"] for row in fit["tidy"]]
        assert estimate[replicate] == pytest.approx(want, rel=2e-6, abs=2e-6)


def test_one_stratum_is_the_ordinary_bootstrap(study, tmp_path):
    options = ["--quantity", "icc", "--format", "csv"]
    all_one = bootstrap(study, MODELS["reml"], tmp_path / "a.h5", *options, "--strata", "one",
                        code=None)
    assert all_one.returncode == BAD_DATA  # there is no such column
    columns = {name: None for name in ("y", "x", "g")}
    with h5py.File(study) as file:
        columns = {name: file[f"data/{name}"][:] for name in columns}
    other = write_group(tmp_path / "other.h5", {**columns, "one": np.ones(96)})
    assert bootstrap(other, MODELS["reml"], tmp_path / "b.h5", *options, "--strata", "one").stdout \
        == bootstrap(study, MODELS["reml"], tmp_path / "c.h5", *options).stdout


def test_same_bits_on_any_ranks_and_the_job_knows_its_strata(study, tmp_path):
    job = [study, MODELS["reml"]]
    for output, how in {"a": {}, "b": {"ranks": 3}}.items():
        bootstrap(*job, tmp_path / f"{output}.h5", "--strata", "region", replicates=20_000, **how)
    same(tmp_path / "a.h5", tmp_path / "b.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["job"].attrs["strata"] == "region"
        assert [*file["fit/groups/stratum"].asstr()[:3]] == ["north", "south", "south"]
    resumed = bootstrap(*job, tmp_path / "a.h5", "--resume", replicates=20_000, code=USAGE)
    check_refusal(resumed, "strata: stored region, given none (--strata region)")
    resumed = bootstrap(*job, tmp_path / "a.h5", "--strata", "w", "--resume", replicates=20_000,
                        code=None)
    assert resumed.returncode in (USAGE, BAD_DATA)


def test_bca_adds_up_what_strata_contribute(study, tmp_path):
    """a of Davison & Hinkley (1997), § 5.3.2, for several samples: from l_j = (n − 1)(mean − t_j)
    in each, Σ n⁻³ Σ l³/(6 (Σ n⁻² Σ l²)^1.5)."""
    out = tmp_path / "out.h5"
    bootstrap(study, MODELS["reml"], out, "--strata", "region", "--intervals", "bca", replicates=2000)
    tidy = merit_json("summarize", out, "--intervals", "bca", "--level", 0.9)["tidy"]
    with h5py.File(out) as file:
        left_out = file["delete_one/estimate"][:]
        strata = file["fit/groups/stratum"].asstr()[:]
        t0 = [*file["fit/estimate"][:], file["fit"].attrs["tau"], file["fit"].attrs["sigma"]]
        t = file["replicates/estimate"][:]
    for column, term in enumerate(["(Intercept)", "x", "sd__(Intercept)", "sd__Observation"]):
        cubes = squares = 0.0
        for stratum in {*strata}:
            own = left_out[strata == stratum, column]
            n = len(own)
            l = (n - 1) * (own.mean() - own)
            cubes += np.sum(l**3) / n**3
            squares += np.sum(l**2) / n**2
        ends, _ = adjusted(t0[column], t[:, column], cubes / (6 * squares**1.5))
        row = rows_of(tidy, "bca")[term]
        assert [row["conf.low"], row["conf.high"]] == pytest.approx(ends, rel=1e-8)


def test_a_stratum_of_one_group_is_noted(columns, tmp_path):
    columns = {**columns, "region": np.where(columns["g"] == 5, 1.0, columns["g"] % 2 * 2.0)}
    study = write_group(tmp_path / "study.h5", columns)
    bootstrap(study, MODELS["reml"], tmp_path / "out.h5", "--strata", "region")
    notes = merit("summarize", tmp_path / "out.h5").stdout
    assert "1 of 3 strata have one group" in " ".join(notes.split())
    assert "1 (g 5)" in " ".join(notes.split())


REFUSED = {
    "varies": (["--strata", "x"], BAD_DATA, ["--strata x: ", "rows of g 0", "same in all rows"]),
    "missing": (["--strata", "gap"], BAD_DATA, ["--strata gap: missing in row 18", "--where"]),
    "alone": (["--strata", "g"], BAD_DATA, ["each of its 12 strata has one g", "--resample rows"]),
    "unknown": (["--strata", "regoin"], BAD_DATA, ["--strata: ", "'regoin'", "region"]),
    "rows": (["--strata", "region", "--resample", "rows"], USAGE, ["--strata region", "--resample groups or both"]),
    "type": (["--strata", "region", "--type", "parametric"], USAGE, ["--strata region", "--type cases"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case, columns, tmp_path):
    options, code, mentions = REFUSED[case]
    gap = np.where(np.arange(96) == 17, np.nan, columns["g"] % 3)
    study = write_group(tmp_path / "study.h5", {**columns, "gap": gap})
    kind = [] if "--type" in options else ["--type", "cases"]
    check_refusal(merit("bootstrap", study, *MODELS["reml"], *kind, "--replicates", 10, "--output",
                        tmp_path / "out.h5", *options, code=code), *mentions)
