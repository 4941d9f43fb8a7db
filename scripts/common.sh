# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What demo.sh and test.sh share; sourced by them.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# step TITLE COMMAND...: one line of output, "TITLE … 12 s"; the command's own output goes to
# a log, which is shown if the command fails.
step() {
  local title="$1" log status=0 start=$SECONDS
  shift
  log="$(mktemp)"
  printf '%s … ' "$title"
  "$@" </dev/null >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    printf 'failed (exit %d):\n' "$status"
    printf '  %s\n' "$*"
    tail -n 100 "$log"
    rm -f "$log"
    return "$status"
  fi
  rm -f "$log"
  printf '%d s\n' $((SECONDS - start))
}

# build PRESET [CMAKE OPTION...]: configures and builds in build/PRESET; with Ninja and
# ccache where they are there.
build() {
  local preset="$1"
  shift
  if command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
  if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
    export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros}"  # precompiled headers
  fi
  cd "$root" || return
  step "configuring build/$preset" cmake --preset "$preset" "$@"
  step "building (a few minutes the first time)" \
    cmake --build --preset "$preset" --parallel "$(nproc)"
}

# Prints the first Python, on PATH or in /usr/bin, that has the modules named (a pyenv or
# conda Python often comes first and has not).
python_with() {
  local python modules
  modules="$(IFS=,; echo "$*")"
  for python in "${PYTHON:-}" python3 /usr/bin/python3; do
    if [ -n "$python" ] && "$python" -c "import $modules" 2>/dev/null; then
      echo "$python"
      return
    fi
  done
  echo "no Python 3 with $modules found: pip install $*, or set PYTHON=…/python3" >&2
  return 1
}
