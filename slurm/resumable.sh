# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the job scripts share; sourced by them, inside a job.
#
# A merit job is one command line with --resume: submitted over and over, it starts, goes on,
# or is done. So a job that is stopped early needs nothing but to be started again:
#
#   Slurm ──USR1 before the limit, TERM at preemption──> this shell ──USR1──> srun ──> ranks
#   ranks finish the blocks in hand, store them, exit 75 ──> scontrol requeue, the same job
#
# Every other exit code is the job's own, so that its state in Slurm, and what depends on it,
# is right: 0 done, 1 done but a result needs a look, 64 and above an error (merit --help).

# shellcheck source=slurm/site.sh
source "$(dirname "${BASH_SOURCE[0]}")/site.sh"
# shellcheck source=slurm/command_line.sh
source "$(dirname "${BASH_SOURCE[0]}")/command_line.sh"

readonly stopped_early=75

# This job. Not SLURM_JOB_ID: that of an array's last element names the whole array.
this_job="$SLURM_JOB_ID"
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
  this_job="${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
readonly this_job

say() { printf '%s job %s: %s\n' "$(date +%FT%T)" "$this_job" "$*" >&2; }

# Sets `launcher` to the words that start merit on this job's tasks.
choose_launcher() {
  case "$MERIT_LAUNCHER" in
    none) launcher=() ;;
    srun)
      launcher=(srun "${MERIT_SRUN[@]}")
      # Since Slurm 22.05 srun does not take this from the job by itself.
      if [ -n "${SLURM_CPUS_PER_TASK:-}" ]; then
        launcher+=("--cpus-per-task=$SLURM_CPUS_PER_TASK")
      fi
      ;;
    mpirun)
      launcher=(mpirun "${MERIT_MPIRUN[@]}")
      # "4" or "4(x2)": as many ranks on each node; left to itself, mpirun gives a rank one core.
      if [[ "$SLURM_TASKS_PER_NODE" =~ ^([0-9]+)(\(x[0-9]+\))?$ ]]; then
        launcher+=(--map-by "ppr:${BASH_REMATCH[1]}:node:PE=${SLURM_CPUS_PER_TASK:-1}")
      else
        launcher+=(-n "$SLURM_NTASKS" --bind-to none)
      fi
      ;;
    *) read -ra launcher <<<"$MERIT_LAUNCHER" ;;
  esac
}

# --- Signals -------------------------------------------------------------------------------

stop_asked=false
interrupted=false
child=''

pass_on() {
  say "SIG$1: asking merit to store what it has and stop"
  stop_asked=true
  interrupted=true
  # USR1, whatever came: srun and mpirun pass it on to every rank, and end at once on TERM.
  if [ -n "$child" ]; then kill -USR1 "$child" 2>/dev/null || true; fi
}

# run_to_its_end COMMAND...: as a child, because a shell that waits for a command in the
# foreground does not run its traps; a trap interrupts `wait`, which is then repeated.
run_to_its_end() {
  local status
  trap 'pass_on USR1' USR1
  trap 'pass_on TERM' TERM
  if $stop_asked; then return $stopped_early; fi
  "$@" &
  child=$!
  while
    interrupted=false
    status=0
    wait "$child" || status=$?
    $interrupted
  do :; done
  # Asked to stop before merit could listen: its launcher, or a rank, died of the signal.
  if $stop_asked && [ "$status" -gt 128 ]; then status=$stopped_early; fi
  return "$status"
}

# --- Again, please -------------------------------------------------------------------------

# Hands the job back to Slurm, to be started again from the top; or says why not.
requeue() {
  local state time_left restarts="${SLURM_RESTART_COUNT:-0}"
  read -r state time_left < <(squeue --noheader --jobs="$this_job" --format='%T %L') || true
  # A job that Slurm ends itself is COMPLETING by now, any other is RUNNING (or SIGNALING).
  # One out of time goes on; one that somebody cancelled must not come back; one preempted
  # without grace, or requeued by hand, comes back anyway.
  if [ "$state" = COMPLETING ] && [ "$time_left" != 0:00 ]; then
    say "ended by Slurm, which starts it again itself after a preemption or scontrol requeue;" \
      "after scancel, submit it again to go on"
  elif [ "$restarts" -ge "$MERIT_MAX_REQUEUES" ]; then
    say "started again $restarts times (MERIT_MAX_REQUEUES): does it get on? If so," \
      "submit it again"
  elif scontrol requeue "$this_job"; then
    say "stopped early; Slurm starts it again"
  else
    say "stopped early, and this cluster does not requeue; submit it again to go on"
  fi
}

# run_merit COMMAND ARGUMENT...: runs merit on all tasks of this job, with --resume; requeues
# the job if it stopped early. Its status is merit's.
run_merit() {
  local -a launcher words=("$@")
  local status=0
  choose_launcher
  if is_resumable "$1"; then
    has_option --resume "$@" || words+=(--resume)
    # As many threads as Slurm gave CPUs, also where the site does not bind.
    if [ -n "${SLURM_CPUS_PER_TASK:-}" ] && ! has_option --threads "$@"; then
      words+=(--threads "$SLURM_CPUS_PER_TASK")
    fi
  fi
  say "start $((${SLURM_RESTART_COUNT:-0} + 1)) on ${SLURM_JOB_NODELIST:-one node}:" \
    "$(printf '%q ' "${launcher[@]}" "$MERIT" "${words[@]}")"
  run_to_its_end "${launcher[@]}" "$MERIT" "${words[@]}" || status=$?
  if [ "$status" -eq $stopped_early ] && is_resumable "$1"; then requeue; fi
  return "$status"
}
