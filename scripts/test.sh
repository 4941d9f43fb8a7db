#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
#   scripts/test.sh                  installs what is missing, builds, runs every test
#   scripts/test.sh -L unit          further arguments go to ctest: one label,
#   scripts/test.sh -R formula -V    or one suite with its output
#
# The build stays in build/dev, so that the next run compiles only what changed.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$root/scripts/install_dependencies.sh" --tests || echo "going on with what is here"
build dev

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
status=0
ctest --preset dev --parallel 2 --no-label-summary "$@" | tee "$log" || status=$?
grep 'tests passed' "$log" || true
exit "$status"
