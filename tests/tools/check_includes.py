#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that includes go one way (engine/README.md) and that headers stand on their own.

    tests/tools/check_includes.py            this tree
    tests/tools/check_includes.py DIRECTORY  another

Prints one line per include that points the wrong way and exits with 1 if there is any.
"""

import re
import sys
from pathlib import Path

# Our folders from the ground up: each may include those in its line, besides itself. "base"
# is what lies in engine/ itself (errors and other plain values).
STATISTICS = ["base", "simd", "random", "model", "fit", "inference", "resample", "posterior"]
MAY_INCLUDE = {
    "base": [],
    "simd": ["base"],
    "random": ["base", "simd"],
    "model": ["base", "simd", "random"],
    "fit": ["base", "simd", "random", "model"],
    "inference": ["base", "simd", "random", "model", "fit"],
    "resample": ["base", "simd", "random", "model", "fit"],
    "posterior": ["base", "simd", "random", "model", "fit", "resample"],
    "study": STATISTICS,
    "report": [*STATISTICS, "study"],
    "run": ["base"],
    "io": [*STATISTICS, "study", "run"],
}

# library header: the only folder that may include it.
ONLY_IN = [
    (re.compile(r"^mpi\.h$"), {"run"}),
    (re.compile(r"^omp\.h$"), {"run"}),
    (re.compile(r"^(hdf5|H5\w+)\.h$"), {"io"}),
    (re.compile(r"^CLI/"), {"cli"}),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path: str) -> str:
    """'engine/fit/gaussian.hpp' -> 'fit', 'engine/error.hpp' -> 'base', 'io/x' -> 'io'."""
    parts = path.split("/")
    if parts[0] == "io":
        return "io"
    return parts[1] if len(parts) > 2 else "base"


def problems_of(root: Path, source: Path):
    """Yields a sentence per include of `source` that should not be there."""
    name = source.relative_to(root).as_posix()
    folder = folder_of(name)
    own_header = name.removesuffix(".cpp") + ".hpp"
    first = None
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, included = match.groups()
        first = first or included
        where = f"{name}:{number}: "
        if quote == "<":
            for pattern, folders in ONLY_IN:
                if pattern.match(included) and folder not in folders:
                    yield where + f"<{included}> belongs in {', '.join(folders)} alone"
        elif not included.startswith(("engine/", "io/")):
            yield where + f'"{included}": paths start at the root, "engine/…" or "io/…"'
        elif folder != "cli":
            target = folder_of(included)
            if target != folder and target not in MAY_INCLUDE.get(folder, []):
                yield where + f'{folder} may not include "{included}"'
    # A header that its own source includes first is seen to compile alone.
    if name.endswith(".cpp") and (root / own_header).exists() and first != own_header:
        yield f'{name}: the first include should be its own header, "{own_header}"'


def main() -> int:
    default = Path(__file__).resolve().parents[2]
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default
    sources = sorted(p for top in ("engine", "io") for p in (root / top).rglob("*.[ch]pp"))
    found = [line for source in sources for line in problems_of(root, source)]
    print("\n".join(found + [f"{len(sources)} files, {len(found)} problems"]))
    return 1 if found or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
