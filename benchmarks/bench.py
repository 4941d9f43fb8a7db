# SPDX-License-Identifier: MIT
"""What the benchmark scripts share: run a command, take its time and memory, say where."""
import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FORMULA = "y ~ {} + (1 | g)"


def formula(columns):
    return FORMULA.format(" + ".join(f"x{k + 1}" for k in range(columns)))


def parser(question):
    """Options of every benchmark; `question` is what it answers."""
    result = argparse.ArgumentParser(description=question)
    result.add_argument("--merit", default=str(HERE.parent / "build/release/merit"))
    result.add_argument("--work", help="directory for data and results (default: temporary)")
    result.add_argument("--pairs", type=int, default=5, help="measurements (default 5)")
    result.add_argument("--json", help="write the measurements here too")
    return result


def workspace(args):
    """A directory that stays if it was named, and vanishes with the program if not."""
    if args.work:
        Path(args.work).mkdir(parents=True, exist_ok=True)
        return Path(args.work)
    workspace.kept = tempfile.TemporaryDirectory(prefix="merit-bench-")
    return Path(workspace.kept.name)


def make_data(path, rows, groups, columns, csv=None):
    if not path.exists() or (csv and not csv.exists()):
        command = [sys.executable, HERE / "make_data.py", path, "--rows", rows,
                   "--groups", groups, "--columns", columns]
        run(command + (["--csv", csv] if csv else []))
    return path


def run(command, **options):
    return subprocess.run([str(part) for part in command], check=True, text=True,
                          stdout=subprocess.PIPE, **options).stdout


def measured(command, accepted=(0,)):
    """(wall seconds, the process's resource usage, stdout); `accepted` exit codes"""
    before = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    if os.waitstatus_to_exitcode(status) not in accepted:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {status >> 8}")
    return seconds, usage, output


def timed(command, accepted=(0,)):
    """(wall seconds, peak memory of the largest process in MB, stdout)"""
    seconds, usage, output = measured(command, accepted)
    return seconds, usage.ru_maxrss / 1024, output


def cpu_seconds(command, accepted=(0,)):
    """Processor time, which other programs on the machine change less than the clock's."""
    usage = measured(command, accepted)[1]
    return usage.ru_utime + usage.ru_stime


def lme4_seconds(work, csv, model, times):
    """Seconds per unit of work in R's lme4."""
    output = run(["Rscript", HERE / "peer_lme4.R", work, csv, model, times])
    return float(output.split()[1])


def mpi_environment():
    """mpirun refuses root unless told otherwise: containers usually are root."""
    if os.geteuid() == 0:
        os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"


def spread(values):
    return f"{statistics.median(values):.4g} ({min(values):.4g} … {max(values):.4g})"


def report(args, name, rows):
    """Prints (what, bar, values) rows, and writes them with the machine."""
    for what, bar, values in rows:
        print(f"{what:<58} {spread(values):<32} {bar}")
    if args.json:
        version = run([args.merit, "--version"]).splitlines()
        Path(args.json).write_text(json.dumps({
            "benchmark": name, "machine": platform.machine(), "cpus": os.cpu_count(),
            "version": version,
            "rows": [{"what": w, "bar": b, "values": v} for w, b, v in rows]}, indent=1))
