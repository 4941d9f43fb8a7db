#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
#   scripts/demo.sh                  merit's main job, on synthetic data, in a few minutes
#   scripts/demo.sh --output DIR     where tables and pictures go (default: demo-output)
#   scripts/demo.sh --ranks 4        MPI ranks (default: 2)
#
# Installs what is missing, builds merit (build/release/merit), makes the three sources of
# a study of detainees in institutions, merges them into a snapshot, fits a two-level model,
# and runs a parametric and a group bootstrap on two MPI ranks.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

output="$root/demo-output"
ranks=2
while [ $# -gt 0 ]; do
  case "$1" in
    --output) output="$(realpath -m "${2:?--output needs a directory}")"; shift 2 ;;
    --ranks) ranks="${2:?--ranks needs a number}"; shift 2 ;;
    -h | --help) sed -n '4,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "demo.sh: unknown option $1 (--output, --ranks)" >&2; exit 64 ;;
  esac
done

# Open MPI does not run as root unless told to, because a mistake would have root's rights.
# In a container there is often nobody else.
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# It also refuses more ranks than cores, unless told to.
if [ "$ranks" -gt "$(nproc)" ]; then
  export OMPI_MCA_rmaps_base_oversubscribe=1
fi

"$root/scripts/install_dependencies.sh" || echo "going on with what is here"
build release
python="$(python_with numpy pandas h5py matplotlib)"
mkdir -p "$output"
cd "$output"
PATH="$root/build/release:$PATH"

# Shows a command as one would type it in the output directory, then runs it.
show() {
  printf '\n$ %s\n' "$(printf '%q ' "$@" | sed "s|$python |python3 |; s|$root/scripts/|scripts/|")"
  "$@"
}

# (the lead finishes the steps from here on)
show "$python" "$root/scripts/synthesize.py" --output sources --seed 1
show "$python" "$root/scripts/merge_sources.py" sources study.h5
show merit inspect study.h5
formula='preparedness ~ age + sex + regime + time_served + facilitation + (1 | institution)'
show merit fit study.h5 "$formula" --where 'wave == 2019'
show mpirun -n "$ranks" merit bootstrap study.h5 "$formula" --where 'wave == 2019' \
  --type parametric --replicates 100000 --output parametric.h5 --overwrite
show mpirun -n "$ranks" merit bootstrap study.h5 "$formula" --where 'wave == 2019' \
  --type cases --replicates 20000 --output cases.h5 --overwrite
show "$python" "$root/scripts/plot_results.py" parametric.h5 cases.h5 --output .
printf '\nTables and pictures are in %s\n' "$output"
