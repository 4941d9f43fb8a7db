# shellcheck shell=bash
# shellcheck disable=SC2034  # results are variables of the callers
# SPDX-License-Identifier: MIT
#
# What the scripts here ask of merit's command lines, and change in them. Sourced.

# is_resumable COMMAND: whether this command of merit can stop and go on.
is_resumable() { [[ "$1" =~ ^(bootstrap|sample|simulate|sensitivity)$ ]]; }

# is_shardable COMMAND: whether it has --shard.
is_shardable() { [[ "$1" =~ ^(bootstrap|simulate|sensitivity)$ ]]; }

# has_option --NAME WORD...: whether it is among the words, as --NAME or --NAME=VALUE.
has_option() {
  local name="$1" word
  shift
  for word in "$@"; do
    case "$word" in "$name" | "$name"=*) return 0 ;; esac
  done
  return 1
}

# shard_file RESULTS.h5 I N: the file of one shard, results.shard3of8.h5 for instance.
shard_file() {
  local stem="${1%.h5}"
  printf '%s.shard%dof%d%s' "$stem" "$2" "$3" "${1#"$stem"}"
}

# find_output WORD...: sets `output` to the value of --output, and `output_at` to the place of
# the word that holds it. Status 1 if there is none.
find_output() {
  local -i i
  for ((i = 1; i <= $#; i++)); do
    case "${!i}" in
      --output=*) output="${!i#--output=}" output_at=$i && return 0 ;;
      --output) ((i < $#)) && output_at=$((i + 1)) && output="${!output_at}" && return 0 ;;
    esac
  done
  return 1
}

# set_output FILE WORD...: sets `words` to the command line with that output, and `output` to
# the one that it had.
set_output() {
  local file="$1" output_at
  shift
  words=("$@")
  find_output "$@"
  case "${words[output_at - 1]}" in
    --output=*) words[output_at - 1]="--output=$file" ;;
    *) words[output_at - 1]="$file" ;;
  esac
}
