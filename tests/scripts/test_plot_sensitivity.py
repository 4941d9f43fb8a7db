# SPDX-License-Identifier: MIT
"""plot_sensitivity.py draws the rows that merit sensitivity prints (tests/cli/test_sensitivity.py)."""

import pytest
from scripting import SCRIPTS, run

HEADER = ("analysis,kind,label,wave,left out,method,where,effect,term,estimate,std.error,statistic,"
          "df,p.value,conf.low,conf.high,conf.type,fmi,dfbetas,decision,differs,nobs,ngroups,converged,"
          "boundary,logLik,cooks.distance,replicates,failed,message")
FITS = [  # kind, wave, left out, method, where, estimate, decision
    ("base", "", "", "", "", 0.5, "positive"),
    ("wave", "2017", "", "", "", 0.1, "none"),
    ("wave", "2019", "", "", "", 0.9, "positive"),
    ("pooled", "", "", "", "", 0.55, "positive"),
    ("interaction", "", "", "", "", 0.2, "none"),
    ("left out", "", "A", "", "", 0.45, "positive"),
    ("left out", "", "B", "", "", -0.6, "negative"),
    ("specification", "", "", "reml", "", 0.5, "positive"),
    ("specification", "", "", "ml", "age < 65", 0.49, "positive"),
]


def write(path, fits=FITS, replicates=False):
    """As merit sensitivity --format csv writes it; bootstraps' intervals are half as wide."""
    lines = [HEADER]
    for number, (kind, wave, out, method, where, estimate, decision) in enumerate(fits, 1):
        begin = f"{number},{kind},{kind} {number},{wave},{out},{method},{where}"
        end = "100,10,true,false,-10,,,,"
        for term in ("(Intercept)", "x", "z"):
            lines.append(f"{begin},fixed,{term},{estimate},0.1,5,,0.01,{estimate - 0.2},"
                         f"{estimate + 0.2},wald,,,{decision},false,{end}")
            if replicates:
                lines.append(f"{begin},fixed,{term},{estimate},0.1,,,,{estimate - 0.1},"
                             f"{estimate + 0.1},perc,,,{decision},false,{end}")
        lines.append(f"{begin},ran_pars,sd__(Intercept),0.3,,,,,,,,,,,false,{end}")
    lines.append(f"{len(fits) + 1},specification,broken,,,reml,age > 99" + "," * 23 + "no rows")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def texts(path):
    """The words of an .svg: matplotlib writes each as a comment beside its glyphs."""
    return [line.strip()[5:-4] for line in path.read_text(encoding="utf-8").splitlines()
            if line.strip().startswith("<!-- ")]


def test_what_is_drawn(tmp_path):
    study = write(tmp_path / "study.csv")
    assert run("plot_sensitivity.py", study, "--output",
               tmp_path / "f.svg").stdout == f"{tmp_path / 'f.svg'}\n"
    words = texts(tmp_path / "f.svg")
    for word in ("x", "z", "wave: 2017", "wave: 2019", "left out", "method: reml", "method: ml",
                 "waves pooled", "base", "8 fits, by estimate"):  # all but the interaction
        assert word in words, word
    assert "(Intercept)" not in words
    run("plot_sensitivity.py", study, "--term", "z", "--output", tmp_path / "g.svg")
    assert "x" not in texts(tmp_path / "g.svg")


def test_each_fit_has_the_dots_of_what_was_changed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    from plot_sensitivity import dot_lines, read
    table = read(write(tmp_path / "study.csv"))
    rows = table[table["term"] == "x"]
    dots = {name: [row["analysis"] for _, row in rows.iterrows() if has(row)]
            for name, has in dot_lines(table)}
    assert dots == {"wave: 2017": ["2"], "wave: 2019": ["3"], "left out": ["6", "7"],
                    "method: reml": ["8"], "method: ml": ["9"], "where: as it is": ["8"],
                    "where: age < 65": ["9"], "waves pooled": ["4"]}


def test_intervals_of_replicates_go_first(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    from plot_sensitivity import read
    table = read(write(tmp_path / "study.csv", replicates=True))
    assert len(table) == 3 * (len(FITS) - 1)  # once each; all but the interaction
    assert set(table["conf.type"]) == {"perc"}
    assert ((table["conf.high"] - table["estimate"]).round(12) == 0.1).all()


def test_the_same_bytes_again(tmp_path):
    study = write(tmp_path / "study.csv")
    run("plot_sensitivity.py", study)
    first = (tmp_path / "study.png").read_bytes()
    run("plot_sensitivity.py", study, "--overwrite")
    assert first.startswith(b"\x89PNG") and (tmp_path / "study.png").read_bytes() == first


@pytest.mark.parametrize("options, code, says", [
    (["--term", "zz"], 64, "no such coefficient (did you mean 'z'?)"),
    (["--output", "f.bmp"], 64, "must end in .png, .pdf or .svg"),
    (["--dpi", "3"], 64, "from 30 to 1200"),
])
def test_options_that_cannot_be(options, code, says, tmp_path):
    run("plot_sensitivity.py", write(tmp_path / "study.csv"), *options, code=code, says=says)


def test_files_that_cannot_be_drawn(tmp_path):
    run("plot_sensitivity.py", tmp_path / "none.csv", code=66, says="none.csv: no such file")
    other = tmp_path / "other.csv"
    other.write_text("effect,term,estimate\nfixed,x,1\n", encoding="utf-8")
    run("plot_sensitivity.py", other, code=65, says="has no column analysis")
    run("plot_sensitivity.py", write(tmp_path / "empty.csv", fits=[]), code=65,
        says="has no coefficient to draw")
    write(tmp_path / "study.csv")
    (tmp_path / "study.png").write_bytes(b"")
    run("plot_sensitivity.py", tmp_path / "study.csv", code=64, says="--overwrite")
