# SPDX-License-Identifier: MIT
"""What of slurm/ can be tested without Slurm: syntax, changed command lines, the check before
submitting."""

import pathlib
import re
import shutil
import subprocess
import types

import pytest
from cluster import FORMULA, ROOT, SLURM, bootstrap, write_study
from program import MERIT

SHELL = sorted([*SLURM.glob("*.sh"), *SLURM.glob("*.sbatch"), ROOT / "tests/slurm/slurm-sandbox.sh"])
RECIPES = SLURM / "recipes"


def bash(script, *words, code=0, **options):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script, "bash", *map(str, words)],
                          text=True, capture_output=True, check=False, **options)
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_shell_syntax(path):
    bash('bash -n "$1"', path)
    if shutil.which("shellcheck"):
        bash('cd "$1" && shellcheck -x -S warning "$2"', ROOT, path)


@pytest.mark.parametrize("given, changed", [
    (["bootstrap", "a b.h5", "--output", "r.h5", "--seed", "2"],
     ["bootstrap", "a b.h5", "--output", "r.shard2of3.h5", "--seed", "2"]),
    (["bootstrap", "--output=x/r.h5", "y ~ (1 | g)"],
     ["bootstrap", "--output=x/r.shard2of3.h5", "y ~ (1 | g)"]),
    (["bootstrap", "s.h5", "--output", "r"], ["bootstrap", "s.h5", "--output", "r.shard2of3"]),
])
def test_shard_command_line(given, changed):
    script = ('source "$1/command_line.sh"; shift; find_output "$@"; '
              'set_output "$(shard_file "$output" 2 3)" "$@"; printf "%s\\n" "${words[@]}"')
    assert bash(script, SLURM, *given).stdout.splitlines() == changed


def submit(place, *words, code=0):
    done = subprocess.run([SLURM / "submit.sh", "--print", *words], cwd=place, text=True,
                          capture_output=True, check=False, env={"PATH": "/usr/bin:/bin",
                                                                 "MERIT": MERIT})
    assert done.returncode == code, done.stderr
    return done


def test_submit(tmp_path):
    write_study(tmp_path)
    words = bootstrap(100, "r.h5")
    done = submit(tmp_path, "--nodes=2", "--time=10", *words)
    # What --dry-run says, and one job.
    assert "100 replicates: about" in done.stdout and "memory: about" in done.stdout
    assert re.fullmatch(rf"sbatch --nodes=2 --time=10 {SLURM}/job.sbatch bootstrap study.h5 .*\n",
                        done.stderr)
    done = submit(tmp_path, "--shards=4", *words)
    array, merge = done.stderr.splitlines()
    assert f"--array=1-4 {SLURM}/array.sbatch bootstrap" in array
    assert "--dependency=afterok:NUMBER --kill-on-invalid-dep=yes" in merge
    assert f"{SLURM}/merge.sbatch 4 bootstrap" in merge
    assert not list(tmp_path.glob("r*"))


@pytest.mark.parametrize("words, code, mention", [
    (["bootstrap", "study.h5", "nothing ~ x + (1 | g)", "--replicates", "9", "--output", "r.h5"], 65,
     "nothing"),
    (["bootstrap", "study.h5", FORMULA, "--replicates", "9"], 64, "--output"),
    (["bootstrap", "none.h5", FORMULA, "--replicates", "9", "--output", "r.h5"], 66, "none.h5"),
    (["--time", "4:00:00", "bootstrap", "study.h5"], 64, "4:00:00"),
    (["--shards=0", "bootstrap"], 64, "--shards=0"),
    (["--shards=2", "sample", "study.h5", FORMULA, "--output", "r.h5"], 64, "merit sample cannot"),
    (["--shards=3", "fit", "study.h5", FORMULA, "--output", "r.h5"], 64, "--ntasks=3"),
    # As merit says of shard 1/200: blocks are too few.
    (["--shards=200", "bootstrap", "study.h5", FORMULA, "--replicates", "100", "--output", "r.h5"], 64,
     "--shard 1/200"),
    ([], 64, "which command"),
])
def test_submit_refuses(words, code, mention, tmp_path):
    write_study(tmp_path)
    done = submit(tmp_path, *words, code=code)
    assert mention in done.stderr and "sbatch " not in done.stderr


def test_spack_recipe():
    """Every directive of the recipe, recorded by a stand-in; merit's own build options."""
    recorded = []
    directives = {name: lambda *words, _name=name, **_: recorded.append((_name, words[0]))
                  for name in ("license", "version", "variant", "depends_on", "conflicts",
                               "requires")}
    base = type("CMakePackage", (), {"define": lambda _, key, value: key,
                                     "define_from_variant": lambda _, key, variant: key})
    path = RECIPES / "spack/packages/merit/package.py"
    source = path.read_text().replace("from spack.package import *", "")
    names = {**directives, "CMakePackage": base, "__file__": str(path), "Executable": None,
             "run_after": lambda _: lambda function: function,
             "on_package_attributes": lambda **_: lambda function: function}
    exec(compile(source, str(path), "exec"), names)
    options = names["Merit"]().cmake_args()
    assert names["Merit"].git == ROOT.as_uri()
    built = (ROOT / "CMakeLists.txt").read_text()
    assert all(f"option({option}" in built for option in options if option.startswith("MERIT_"))
    needed = {name.split("@")[0].split("~")[0] for kind, name in recorded if kind == "depends_on"}
    assert {"eigen", "boost", "fmt", "nlohmann-json", "cli11", "random123", "xxhash", "hdf5",
            "mpi", "toml11", "zlib-api"} <= needed


@pytest.mark.parametrize("path", sorted((RECIPES / "easybuild").glob("*.eb")),
                         ids=lambda path: path.name)
def test_easybuild_recipe(path):
    names = types.SimpleNamespace(SYSTEM={"name": "system"}, SOURCE_TAR_GZ="%(name)s.tar.gz")
    values = dict(vars(names))
    exec(compile(path.read_text(), str(path), "exec"), values)
    # The name that EasyBuild looks for a recipe under.
    toolchain = "" if values["toolchain"]["name"] == "system" else "-{name}-{version}".format(
        **values["toolchain"])
    assert path.name == f"{values['name']}-{values['version']}{toolchain}.eb"


def test_versions_agree():
    version = re.search(r"project\(merit VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert f'version("{version}"' in (RECIPES / "spack/packages/merit/package.py").read_text()
    assert (RECIPES / "easybuild" / f"merit-{version}-gompi-2024a.eb").exists()


def test_modulefile(tmp_path):
    """Run by Tcl with stand-ins for the commands of a modules tool."""
    if not shutil.which("tclsh"):
        pytest.skip("no tclsh")
    stand_in = """
        foreach name {module-whatis conflict prepend-path setenv module} {
            proc $name args "puts \\"$name \\$args\\""
        }
        proc module-info args { return 1 }
        set ModulesCurrentModulefile /x/merit/0.1.0
        while 1 { source %s; break }
    """
    modulefile = tmp_path / "0.1.0"
    program = tmp_path / "merit/0.1.0/bin/merit"
    modulefile.write_text((RECIPES / "modulefile").read_text().replace("/apps", str(tmp_path)))
    (tmp_path / "run.tcl").write_text(stand_in % modulefile)

    def run():
        return subprocess.run(["tclsh", tmp_path / "run.tcl"], text=True, capture_output=True,
                              check=False)

    assert "no program at" in run().stderr
    program.parent.mkdir(parents=True)
    pathlib.Path(program).symlink_to(MERIT)
    assert f"setenv MERIT {program}" in run().stdout
