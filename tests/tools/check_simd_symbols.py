#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that SIMD kernels (*_kernel.cpp) share no function with code for older processors.

    tests/tools/check_simd_symbols.py nm KERNEL.o...

The linker keeps one copy of an inline function (a weak symbol) that several objects define.
If it kept the copy of a kernel compiled for AVX-512, the whole program would stop with an
illegal instruction on processors without it. So every symbol that a kernel object defines
for others must carry the level's own namespace, merit::simd_v2, _v3 or _v4.
"""

import re
import subprocess
import sys

# Defined and visible to the linker: text, data, read-only, common, weak, vague linkage.
SHARED = re.compile(r"^[0-9a-f]* ?([TDBRCVWuG]) (\S+)$")


def main() -> int:
    nm, *objects = sys.argv[1:]
    found = []
    for path in objects:
        output = subprocess.run([nm, path], check=True, capture_output=True, text=True).stdout
        for line in output.splitlines():
            match = SHARED.match(line.strip())
            if match and not re.search(r"simd_v[234]", match.group(2)):
                found.append(f"{path}: {match.group(2)} ({match.group(1)})")
    print("\n".join(found + [f"{len(objects)} objects, {len(found)} problems"]))
    return 1 if found or not objects else 0


if __name__ == "__main__":
    sys.exit(main())
