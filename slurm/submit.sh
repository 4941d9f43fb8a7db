#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Checks a merit job here, says what it will take, and submits it with this site's options
# (site.sh). sbatch's options come first, each as one word; then merit's command line, as it
# would be typed without Slurm.
#
#   slurm/submit.sh --nodes=4 --ntasks-per-node=8 --cpus-per-task=4 --time=4:00:00 \
#     bootstrap study.h5 'y ~ x + (1 | school)' --replicates 10000000 --output results.h5
#
#   slurm/submit.sh --shards=200 --time=1:00:00 \
#     bootstrap study.h5 'y ~ x + (1 | school)' --replicates 10000000 --output results.h5
#
#   --shards=N   an array of N jobs without MPI, and a job that merges what they made
#   --no-check   submit without the check (where merit does not run on the login node)
#   --print      only print the sbatch commands
#
# Exit: sbatch's, or 64 to 66 if merit would refuse the job (nothing is submitted then).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=slurm/site.sh
source "$here/site.sh"
# shellcheck source=slurm/command_line.sh
source "$here/command_line.sh"

refuse() {
  printf 'submit.sh: %s\n' "$*" >&2
  exit 64
}

num_shards=0 check=true print=false
options=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) sed -n '4,19s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 0 ;;
    --shards=*)
      num_shards="${1#--shards=}"
      [[ "$num_shards" =~ ^[1-9][0-9]*$ ]] || refuse "$1: how many, as in --shards=200?"
      ;;
    --no-check) check=false ;;
    --print) print=true ;;
    -*) options+=("$1") ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || refuse "which command of merit? (submit.sh --help)"
[[ "$1" =~ ^[a-z]+$ ]] ||
  refuse "$1 is no command of merit; sbatch's options are one word each: --time=4:00:00, -N4"
if [ "$num_shards" -gt 0 ] && ! is_shardable "$1"; then
  refuse "--shards=$num_shards: merit $1 cannot be cut into shards; bootstrap, simulate and sensitivity can:" \
    "run it on as many ranks instead: --ntasks=$num_shards"
fi
if is_resumable "$1" || [ "$num_shards" -gt 0 ]; then
  find_output "$@" || refuse "merit $1 needs --output FILE.h5"
fi

# What merit would refuse, it refuses now and not after a night in the queue.
if $check && [[ "$1" != merge && "$1" != inspect && "$1" != summarize ]]; then
  status=0
  words=("$@")
  # Also whether there is enough for so many.
  if [ "$num_shards" -gt 0 ]; then words+=(--shard "1/$num_shards"); fi
  "$MERIT" "${words[@]}" --dry-run || status=$?
  case "$status" in
    0) ;;
    64 | 65 | 66) exit "$status" ;;
    *) echo "submit.sh: merit does not run here (exit code $status), so the job is unchecked" >&2 ;;
  esac
fi

# submit WORD...: sbatch's output, the job's number.
submit() {
  if $print; then
    printf 'sbatch%s\n' "$(printf ' %q' "$@")" >&2
    echo NUMBER
  else
    sbatch --parsable "$@" | cut -d ';' -f 1
  fi
}

if [ "$num_shards" -eq 0 ]; then
  job="$(submit "${MERIT_SBATCH[@]}" "${options[@]}" "$here/job.sbatch" "$@")"
  $print || echo "job $job: its log is merit-$job.log"
  exit 0
fi
array="$(submit "${MERIT_SBATCH[@]}" --ntasks=1 "${options[@]}" \
  --array="1-$num_shards" "$here/array.sbatch" "$@")"
merge="$(submit "${MERIT_SBATCH[@]}" --dependency="afterok:$array" --kill-on-invalid-dep=yes \
  "$here/merge.sbatch" "$num_shards" "$@")"
$print || echo "array $array: logs merit-shard-${array}_*.log; then job $merge merges: merit-merge-$merge.log"
