#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
#   scripts/demo.sh                  merit's main job, on synthetic data, in a few minutes
#   scripts/demo.sh --output DIR     where its files go (default: demo-output)
#   scripts/demo.sh --ranks 4        MPI ranks (default: 2)
#
# Installs what is missing, builds merit (build/release/merit), makes the three sources of
# a study of detainees in institutions, merges them into a snapshot, fits a two-level model,
# runs a parametric and a cases bootstrap on two MPI ranks, samples posteriors, and draws pictures. It can be run
# again: it replaces what it made, and compiles only what changed.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

output="$root/demo-output"
ranks=2
while [ $# -gt 0 ]; do
  case "$1" in
    --output) output="$(realpath -m "${2:?--output needs a directory}")"; shift 2 ;;
    --ranks) ranks="${2:?--ranks needs a number}"; shift 2 ;;
    -h | --help) sed -n '4,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "demo.sh: unknown option $1 (--output, --ranks)" >&2; exit 64 ;;
  esac
done

# Open MPI does not run as root unless told to, because a mistake would have root's rights.
# In a container there is often nobody else.
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

"$root/scripts/install_dependencies.sh" || echo "going on with what is here"
build release
python="$(python_with numpy pandas h5py matplotlib)"
# It also refuses more ranks than cores, which only it can count, unless told to.
if ! mpirun -n "$ranks" true 2>/dev/null; then
  export OMPI_MCA_rmaps_base_oversubscribe=1
fi
mkdir -p "$output"
cd "$root"
merit=build/release/merit
out="${output#"$root"/}"  # as one would type it in the clone

# --- How steps are shown -------------------------------------------------------------------

# title TEXT: the next step, numbered.
number=0
title() {
  number=$((number + 1))
  printf '\n\n%d. %s\n' "$number" "$*"
}

# typed COMMAND...: prints it as a shell takes it again, in lines of up to 96 characters, an
# option and its value in one.
typed() {
  local word piece='' line='$'
  for word in "$@" --end; do
    if [[ $word == -* || $piece != -* || $piece == *' '* ]]; then
      if [ $((${#line} + ${#piece})) -gt 93 ]; then
        printf '%s \\\n' "$line"
        line='   '
      fi
      line+="${piece:+ }$piece"
      piece=''
    fi
    case "$word" in
      *[!A-Za-z0-9_./=,:@%+-]* | '') word="'${word//\'/\'\\\'\'}'" ;;
    esac
    piece+="${piece:+ }$word"
  done
  printf '%s\n' "$line"
}

# show COMMAND...: prints the command and runs it.
show() {
  printf '\n'
  typed "$@"
  printf '\n'
  "$@"
}

# script NAME ARGUMENT...: shows and runs scripts/NAME, with the Python that can.
script() {
  local prefix=()
  if [ "$python" != python3 ]; then prefix=("$python"); fi
  show "${prefix[@]}" "scripts/$1" "${@:2}"
}

# --- The main job --------------------------------------------------------------------------

seconds_before=$SECONDS
printf '\nThe commands below can be typed in %s' "$root"
if [ -n "${OMPI_ALLOW_RUN_AS_ROOT:-}" ]; then
  printf '\n(as root, after: export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)'
fi
if [ -n "${OMPI_MCA_rmaps_base_oversubscribe:-}" ]; then
  printf '\n(more ranks than cores, after: export OMPI_MCA_rmaps_base_oversubscribe=1)'
fi

title "A study in three sources: survey of detainees, registry, survey of partners. Synthetic:
   it imitates the Dutch Prison Visitation Study, and no person in it exists."
script synthesize.py --output "$out/study" --seed 1 --overwrite

title "The sources merged into one snapshot."
script merge_sources.py --survey "$out/study/survey.csv" --registry "$out/study/registry.csv" \
  --partners "$out/study/partners.csv" --output "$out/study.h5" \
  --title "Synthetic study of detainees, seed 1" --overwrite

title "What the snapshot holds."
show "$merit" inspect "$out/study.h5"

title "Felt preparedness for return (1 to 5) in 2019: two-level model by REML, and the
   institutions' intercepts."
formula='preparedness ~ age + sex + regime + served + contacts + facilitation + accessibility + (1 | institution)'
model=("$out/study.h5" "$formula" --where 'wave == 2019')
show "$merit" fit "${model[@]}" --ranef

title "Parametric bootstrap: how far can the estimates be trusted if the model is right?"
show mpirun -n "$ranks" "$merit" bootstrap "${model[@]}" \
  --type parametric --replicates 100000 --output "$out/parametric.h5" --overwrite

title "Cases bootstrap: and if all we know is that the institutions are a sample? Women are in few
   of them, so some resamples have none, and no effect of sex. Such replicates fail (collinear)
   and are counted; --max-failed says that up to 5% are no surprise."
show mpirun -n "$ranks" "$merit" bootstrap "${model[@]}" \
  --type cases --replicates 20000 --max-failed 0.05 --output "$out/cases.h5" --overwrite

title "Contact with the probation officer (yes or no) in 2019: logistic two-level model, by adaptive
   quadrature with 7 points."
formula='probation ~ age + sex + regime + served + facilitation + accessibility + (1 | institution)'
contact=("$out/study.h5" "$formula" --where 'wave == 2019' --family binomial)
show "$merit" fit "${contact[@]}"

title "Its parametric bootstrap: every replicate is a quadrature fit to drawn contacts."
show mpirun -n "$ranks" "$merit" bootstrap "${contact[@]}" \
  --type parametric --replicates 5000 --output "$out/contact.h5" --overwrite

title "The same model as a Bayesian sees it: the posterior under three priors of the standard deviation
   between institutions, of which 26 say little."
show mpirun -n "$ranks" "$merit" sample "${contact[@]}" \
  --prior-grid examples/priors.toml --draws 2500 --output "$out/contact-posterior.h5" --overwrite

title "A picture of both bootstraps of preparedness, and of the institutions."
script plot_results.py "$out/parametric.h5" "$out/cases.h5" --output "$out/bootstrap.png" \
  --overwrite

printf '\n\nThe main job took %d s; its files are in %s. Next, for example:\n\n' \
  $((SECONDS - seconds_before)) "$out"
typed "$merit" summarize "$out/cases.h5" --intervals norm,basic,perc
typed "$merit" inspect "$out/cases.h5"
