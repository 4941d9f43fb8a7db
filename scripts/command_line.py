# SPDX-License-Identifier: MIT
"""What the data scripts share with `merit` itself: its exit codes and one-sentence errors.

Standard library only, so that it can say which package is missing.
"""

import argparse
import difflib
import importlib
import os
import sys
import traceback


class UsageError(Exception):
    """Options that cannot be, or an output that exists."""
    exit_code = 64


class DataError(Exception):
    """The files can be read, but what they hold is not acceptable."""
    exit_code = 65


class InputError(Exception):
    """An input file, or the package that reads it, is missing or unreadable."""
    exit_code = 66


class IoError(Exception):
    """Writing failed."""
    exit_code = 74


class ArgumentParser(argparse.ArgumentParser):
    """argparse with the exit code and the one line that merit has for usage errors."""

    def error(self, message):
        raise UsageError(f"{message} (see {self.prog} --help)")


# HDF5 locks the files it writes, which some network file systems refuse. Here nothing else
# opens a file before it has its final name. HDF5 reads this when it is loaded.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")


def require(*modules):
    """Imports `modules` or says what to install. @throws InputError"""
    missing = []
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError:
            missing.append(module)
    if missing:
        debian = " ".join("python3-" + module for module in missing)
        raise InputError(f"{sys.executable} has no {' and no '.join(missing)}: "
                         f"apt-get install {debian} (and run /usr/bin/python3), or "
                         f"pip install {' '.join(missing)}")


def run(main, modules=("numpy", "pandas", "h5py")):
    """Ends the process with main()'s exit code; errors are one sentence on stderr."""
    name = os.path.basename(sys.argv[0])
    try:
        require(*modules)
        main(sys.argv[1:])
        sys.stdout.flush()
    except (UsageError, DataError, InputError, IoError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        if isinstance(error, IoError):  # HDF5 would try again at exit, and crash
            sys.stderr.flush()
            os._exit(error.exit_code)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # e.g. `| head`; the files are complete by then
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print(f"{name}: interrupted; nothing was replaced", file=sys.stderr)
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        print(f"{name}: this is a bug in the script: please report it", file=sys.stderr)
        sys.exit(70)


def nearest(name, names):
    """" (did you mean 'x'?)", or a list of what there is."""
    names = [str(known) for known in names]
    close = difflib.get_close_matches(str(name), names, n=1)
    if close:
        return f" (did you mean '{close[0]}'?)"
    return f" (there are: {', '.join(names[:12])}{', …' if len(names) > 12 else ''})"


def some(values, limit=5):
    """The first few of `values` as text: "1, 2, 3, … (17 in all)"."""
    values = list(values)
    text = ", ".join(str(value) for value in values[:limit])
    return text if len(values) <= limit else f"{text}, … ({len(values)} in all)"


def check_output(path, overwrite, inputs=()):
    """@throws UsageError if `path` exists or is an input; IoError if it cannot be made"""
    for source in inputs:
        if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
            raise UsageError(f"{path}: is an input; give another output")
    if os.path.isdir(path):
        raise UsageError(f"{path}: is a folder; give a file")
    if os.path.exists(path) and not overwrite:
        raise UsageError(f"{path}: exists; --overwrite replaces it")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise IoError(f"{path}: there is no folder {folder}")


class Replacement:
    """A file written beside `path` that takes its place only when it is complete.

        with Replacement(path) as temporary: write(temporary)

    An error inside leaves `path` as it was. @throws IoError where writing fails
    """

    def __init__(self, path):
        self.path = path
        self.temporary = f"{path}.{os.getpid()}.tmp"

    def __enter__(self):
        return self.temporary

    def __exit__(self, kind, error, _):
        try:
            if kind is None:
                with open(self.temporary, "rb") as written:
                    os.fsync(written.fileno())
                os.replace(self.temporary, self.path)
        except OSError as failure:
            kind, error = OSError, failure
        if kind is None:
            return
        if os.path.exists(self.temporary):
            os.remove(self.temporary)
        if issubclass(kind, OSError) and not issubclass(kind, BrokenPipeError):
            why = os.strerror(error.errno) if error.errno else str(error).splitlines()[0]
            raise IoError(f"{self.path}: writing failed: {why}") from error
