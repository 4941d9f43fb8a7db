# SPDX-License-Identifier: MIT
"""The same bits for every number of ranks and threads, every SIMD level and every shape of the
snapshot; other numbers for another seed."""

import functools

import h5py
import numpy as np
import pytest
from program import make_snapshot, merit_json, two_level, write_compound, write_group

from h5same import differences

FORMULA = "y ~ x + w + (1 | g)"
SCHEMES = {"parametric": ["--type", "parametric"],
           "groups": ["--type", "cases", "--resample", "groups"],
           "rows": ["--type", "cases", "--resample", "rows"],
           "both": ["--type", "cases", "--resample", "both"]}
# (ranks, threads per rank); None: without mpirun.
LAYOUTS = [(None, 2), (1, 1), (2, 1), (2, 2), (3, 1), (3, 2)]
# 64 blocks of 16 replicates, the last one short.
REPLICATES = 1019


def same(a, b):
    """Asserts that two result files are equal outside /provenance."""
    with h5py.File(a, "r") as one, h5py.File(b, "r") as other:
        assert not list(differences(one, other, {"/provenance"}))


def without_provenance(result):
    return {key: value for key, value in result.items() if key != "provenance"}


@pytest.fixture(scope="module", name="bootstrap")
def fixture_bootstrap(tmp_path_factory):
    """Runs a bootstrap once for each set of arguments; (result file, what it printed)."""
    place = tmp_path_factory.mktemp("bits")
    columns = two_level(12, 15)
    columns["x"][[7, 100]] = np.nan
    write_group(place / "study.h5", columns)
    numbers = iter(range(1000))

    @functools.lru_cache(maxsize=None)
    def bootstrap(scheme, method="reml", ranks=None, threads=1, replicates=REPLICATES, options=()):
        output = place / f"{next(numbers)}.h5"
        printed = merit_json("bootstrap", place / "study.h5", FORMULA, *SCHEMES[scheme],
                             "--method", method, "--replicates", replicates, "--threads", threads,
                             "--output", output, *options, ranks=ranks)
        return output, without_provenance(printed)

    return bootstrap


def estimates(path):
    with h5py.File(path, "r") as file:
        return file["replicates/estimate"][:]


@pytest.mark.parametrize("ranks, threads", LAYOUTS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_layout(scheme, ranks, threads, bootstrap):
    alone, printed_alone = bootstrap(scheme)
    spread, printed = bootstrap(scheme, ranks=ranks, threads=threads)
    same(alone, spread)
    assert printed == printed_alone


@pytest.mark.parametrize("scheme", ["parametric", "groups"])
def test_rows_by_message(scheme, bootstrap, monkeypatch):
    """As from other machines: ranks send their rows instead of writing them."""
    alone, printed_alone = bootstrap(scheme)
    monkeypatch.setenv("MERIT_ROWS", "message")
    sent, printed = bootstrap(scheme, ranks=3, threads=2, options=("--progress", "none"))
    same(alone, sent)
    assert printed == printed_alone


@pytest.mark.parametrize("scheme", SCHEMES)
def test_layout_ml(scheme, bootstrap):
    same(bootstrap(scheme, "ml")[0], bootstrap(scheme, "ml", ranks=3, threads=2)[0])
    assert not np.array_equal(estimates(bootstrap(scheme, "ml")[0]),
                              estimates(bootstrap(scheme, "reml")[0]))


@pytest.mark.parametrize("replicates", [1, 2, 50])
def test_few_replicates_for_many_ranks(replicates, bootstrap):
    few, _ = bootstrap("groups", replicates=replicates)
    same(few, bootstrap("groups", replicates=replicates, ranks=3, threads=2)[0])
    # Replicate r does not depend on how many there are.
    assert np.array_equal(estimates(few), estimates(bootstrap("groups")[0])[:replicates])


@pytest.mark.parametrize("level", ["x86-64-v2", "x86-64-v3", "x86-64-v4"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_simd_level(scheme, level, bootstrap):
    """A level that the processor lacks falls back to the highest it has."""
    same(bootstrap(scheme)[0], bootstrap(scheme, options=("--simd", level))[0])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_streams_differ(scheme, bootstrap):
    """No two replicates are alike, nor any replicate of seed 1 and of seed 2. The group
    bootstrap may draw the same of its 12 groups again: 6.3 pairs of 2,038 replicates are
    expected to (sum of squared multinomial probabilities), over 22 with probability 2e-7."""
    rows = np.concatenate([estimates(bootstrap(scheme)[0]),
                           estimates(bootstrap(scheme, options=("--seed", "2"))[0])])
    alike = 2 * REPLICATES - len(np.unique(rows, axis=0))
    assert alike <= (22 if scheme == "groups" else 0)


@pytest.mark.parametrize("seed", ["0", "18446744073709551615"])
def test_all_64_bits_of_the_seed_count(seed, bootstrap):
    path, printed = bootstrap("parametric", options=("--seed", seed))
    assert printed["options"]["seed"] == seed
    assert not np.array_equal(estimates(path), estimates(bootstrap("parametric")[0]))


def test_what_is_kept_does_not_matter(bootstrap):
    path, _ = bootstrap("both", options=("--keep", "estimates"))
    assert np.array_equal(estimates(path), estimates(bootstrap("both")[0]))
    with h5py.File(path, "r") as file:
        assert "std_error" not in file["replicates"]


@pytest.fixture(scope="module", name="long")
def fixture_long(tmp_path_factory):
    """230,000 rows, 4 blocks, with missing values and a factor."""
    columns = two_level(23, 10_000, seed=2)
    rng = np.random.default_rng(3)
    columns["x"][rng.integers(0, 230_000, 500)] = np.nan
    columns["k"] = rng.integers(0, 4, 230_000)
    columns["g"] = rng.permutation(columns["g"])  # groups across blocks and ranks
    return write_group(tmp_path_factory.mktemp("long") / "long.h5", columns)


@pytest.mark.parametrize("ranks, threads", [(None, 2), (2, 1), (3, 2)])
def test_fit_of_many_blocks(ranks, threads, long, tmp_path):
    """Two passes: factor levels, group means and scale first."""
    command = ("fit", long, "y ~ x + gmean(x) + scale(w) + factor(k) + (1 | g)", "--ranef")
    alone = merit_json(*command, "--threads", 1, "--output", tmp_path / "alone.h5")
    spread = merit_json(*command, "--threads", threads, "--output", tmp_path / "spread.h5",
                        ranks=ranks)
    assert without_provenance(alone) == without_provenance(spread)
    assert alone["data"]["rows_dropped"]["x"] > 400
    same(tmp_path / "alone.h5", tmp_path / "spread.h5")


@pytest.mark.parametrize("level", ["x86-64-v2", "x86-64-v4"])
def test_fit_simd_level(level, long):
    command = ("fit", long, "y ~ x + w + (1 | g)")
    assert (without_provenance(merit_json(*command))
            == without_provenance(merit_json(*command, "--simd", level)))


def test_digest_and_fit_do_not_depend_on_the_snapshots_shape(tmp_path):
    columns = two_level(8, 12)
    columns["x"][5] = np.nan
    kind = np.array(["old", "new", "other"])[np.arange(96) % 3]
    text = "\n".join(f"{y!r},{'' if np.isnan(x) else repr(x)},{g},{k}" for y, x, g, k in
                     zip(columns["y"].tolist(), columns["x"].tolist(), columns["g"], kind))
    (tmp_path / "table.csv").write_text(f"y,x,g,kind\n{text}\n", encoding="ascii")
    shapes = [
        make_snapshot(tmp_path / "table.csv", tmp_path / "frame.h5"),
        write_group(tmp_path / "group.h5", {**columns, "kind": kind.astype(object)}),
        write_compound(tmp_path / "compound.h5", {**columns, "kind": kind.astype("S5")})]
    found = [merit_json("fit", shape, "y ~ x + kind + (1 | g)", "--ranef") for shape in shapes]
    for result in found:
        assert result["data"]["digest"] == found[0]["data"]["digest"]
        assert result["tidy"] == found[0]["tidy"] and result["glance"] == found[0]["glance"]


@pytest.mark.parametrize("change", ["value", "missing", "order"])
def test_digest_changes_with_the_data(change, tmp_path):
    columns = two_level(8, 12)
    before = merit_json("fit", write_group(tmp_path / "a.h5", columns), FORMULA)
    if change == "value":
        columns["x"][40] = np.nextafter(columns["x"][40], 9)
    elif change == "missing":
        columns["x"][40] = np.nan
    else:
        columns = {name: np.roll(values, 1) for name, values in columns.items()}
    after = merit_json("fit", write_group(tmp_path / "b.h5", columns), FORMULA)
    assert before["data"]["digest"] != after["data"]["digest"]
