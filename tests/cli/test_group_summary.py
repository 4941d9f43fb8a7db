# SPDX-License-Identifier: MIT
"""merit sample --save-groups summary: group intercepts summarised without their draws."""

import h5py
import numpy as np
import pytest
from program import USAGE, check_refusal, merit, merit_json, two_level, write_group

from h5same import differences

FORMULA = {"gaussian": "y ~ x + (1 | g)", "binomial": "event ~ x + (1 | g)"}
SHARES = {"q025": 0.025, "q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95,
          "q975": 0.975}


@pytest.fixture(scope="module", name="study")
def fixture_study(tmp_path_factory):
    columns = two_level(8, 9)
    columns["event"] = (columns["y"] > 1).astype(int)
    return write_group(tmp_path_factory.mktemp("summary") / "study.h5", columns), columns


def run(path, case, output, save, *options, draws=5000, **how):
    family = [] if case == "gaussian" else ["--family", case]
    return merit_json("sample", path, FORMULA[case], *family, "--draws", draws, "--save-groups", save,
                      "--output", output, *options, **how)


@pytest.mark.parametrize("case", FORMULA)
def test_as_draws_of_them_have_it(case, study, tmp_path):
    path, _ = study
    result = run(path, case, tmp_path / "a.h5", "summary")
    run(path, case, tmp_path / "b.h5", "draws")
    with h5py.File(tmp_path / "a.h5") as a, h5py.File(tmp_path / "b.h5") as b:
        summary = {name: column[:] for name, column in a["summary/groups"].items()}
        columns = list(a["draws/value"].attrs["columns"])
        assert columns[-1] == "lprior"
        draws = b["draws/value"][:, len(columns):]
    assert (summary["group"] == np.arange(8)).all()
    S = draws.shape[0]
    # Two samples of one distribution: 4.5 standard errors of a difference.
    error = 4.5 * (2 / (0.6 * S)) ** 0.5
    assert (np.abs(summary["mean"] - draws.mean(axis=0)) < error * summary["sd"]).all()
    assert np.abs(summary["sd"] / draws.std(axis=0, ddof=1) - 1).max() < 0.1
    for name, share in SHARES.items():
        below = (draws < summary[name]).mean(axis=0)
        assert (np.abs(below - share) < error * (share * (1 - share)) ** 0.5).all(), name
    assert (summary["rhat"] < 1.01).all() and (summary["ess_bulk"] > 0.4 * S).all()
    assert summary["mcse_mean"] == pytest.approx(summary["sd"] / S ** 0.5, rel=0.5)
    rows = [row for row in result["tidy"] if row["effect"] == "ran_vals"]
    assert [row["level"] for row in rows] == [str(j) for j in range(8)]
    for name, column in {"estimate": "mean", "std.error": "sd", "conf.low": "q025",
                         "conf.high": "q975", "rhat": "rhat", "ess_tail": "ess_tail"}.items():
        assert [row[name] for row in rows] == list(summary[column])


def test_gaussian_means_are_those_of_the_conditional_distributions(study, tmp_path):
    """E(u_j) over the parameters' draws, in closed form, which leaves the noise of u given them."""
    path, columns = study
    run(path, "gaussian", tmp_path / "a.h5", "summary")
    with h5py.File(tmp_path / "a.h5") as file:
        b0, bx, tau, sigma, _ = file["draws/value"][:].T
        mean, sd = (file[f"summary/groups/{name}"][:] for name in ("mean", "sd"))
    for j in range(8):
        mine = columns["g"] == j
        residual = columns["y"][mine].mean() - b0 - columns["x"][mine].mean() * bx
        share = 9 * tau ** 2 / (sigma ** 2 + 9 * tau ** 2)
        variance = sigma ** 2 * share / 9
        centre = share * residual
        assert abs(mean[j] - centre.mean()) < 4 * (variance.mean() / b0.size) ** 0.5
        assert sd[j] ** 2 == pytest.approx(variance.mean() + centre.var(), rel=0.06)


def test_same_bits_levels_and_what_is_refused(study, tmp_path):
    path, _ = study
    options = ["--loo", "rows", "--progress", "none"]
    run(path, "binomial", tmp_path / "one.h5", "summary", *options, "--threads", 1, draws=500,
        code=None)
    run(path, "binomial", tmp_path / "two.h5", "summary", *options, draws=500, ranks=2, code=None)
    with h5py.File(tmp_path / "one.h5") as a, h5py.File(tmp_path / "two.h5") as b:
        assert not list(differences(a, b, {"/provenance"}))
        assert a["loo/rows/elpd_loo"].shape == (72,)
        q25 = a["summary/groups/q25"][:]
    half = merit_json("summarize", tmp_path / "one.h5", "--ranef", "--level", 0.5)
    assert [row["conf.low"] for row in half["tidy"] if row["effect"] == "ran_vals"] == list(q25)
    table = merit("summarize", tmp_path / "one.h5", "--ranef", "--level", 0.8).stdout
    assert "Group intercepts" in table and "--level 0.5, 0.9 and 0.95 alone" in table
    check_refusal(merit("sample", path, FORMULA["gaussian"], "--prior", "rstanarm", "--prior-only",
                        "--save-groups", "summary", "--output", tmp_path / "a.h5", code=USAGE),
                  "--save-groups summary", "--save-groups draws")
