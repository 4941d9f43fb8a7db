#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
#   scripts/install_dependencies.sh            what merit and its scripts need
#   scripts/install_dependencies.sh --tests    and what the tests need
#   scripts/install_dependencies.sh --list     only names the packages, one a line
#
# Debian 12 and Ubuntu 24.04 or newer: installs what is missing with apt-get, as root or
# through sudo if that asks for no password. Anywhere else, or without root, it says what is
# missing and how to get it. Nothing missing: it changes nothing and needs no network.
#
# Exit: 0 all is there, 3 something is missing (callers may go on and see), 64 usage.
set -euo pipefail

build=(g++ cmake ninja-build
       libeigen3-dev libboost-dev libfmt-dev nlohmann-json3-dev libcli11-dev libtoml11-dev
       librandom123-dev libxxhash-dev libhdf5-dev zlib1g-dev libopenmpi-dev openmpi-bin)
scripts=(python3 python3-numpy python3-pandas python3-h5py python3-matplotlib)
tests=(libboost-test-dev python3-pytest python3-scipy python3-xxhash python3-netcdf4 python3-xarray hdf5-tools
       r-base-core r-bioc-rhdf5 r-cran-haven)

say() { printf 'dependencies: %s\n' "$*"; }

wanted=("${build[@]}" "${scripts[@]}")
list_only=false
for option in "$@"; do
  case "$option" in
    --tests) wanted+=("${tests[@]}") ;;
    --list) list_only=true ;;
    -h | --help) sed -n '4,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install_dependencies.sh: unknown option $option (--tests, --list)" >&2; exit 64 ;;
  esac
done
if $list_only; then
  printf '%s\n' "${wanted[@]}"
  exit 0
fi

# --- Not Debian: name what is missing ------------------------------------------------------

# Prints the command-line tools and headers that cannot be found.
missing_tools() {
  local tool
  for tool in g++ cmake mpicxx mpirun python3; do
    command -v "$tool" >/dev/null || printf ' %s' "$tool"
  done
  if command -v python3 >/dev/null; then
    for tool in numpy pandas h5py matplotlib; do
      python3 -c "import $tool" 2>/dev/null || printf ' python3:%s' "$tool"
    done
  fi
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  say "this is not Debian or Ubuntu, so nothing is installed. merit needs GCC >= 12 (or"
  say "Clang >= 14), CMake >= 3.25, Eigen 3.4, Boost >= 1.74, fmt, nlohmann-json, CLI11, toml11,"
  say "Random123, xxHash, zlib, HDF5, an MPI library; Python with numpy, pandas, h5py, matplotlib."
  say "Fedora   dnf install gcc-c++ cmake ninja-build eigen3-devel boost-devel fmt-devel \\"
  say "           json-devel cli11-devel toml11-devel xxhash-devel zlib-devel hdf5-devel openmpi-devel \\"
  say "           python3-pandas python3-h5py python3-matplotlib   (Random123: spack, conda)"
  say "conda    conda create -n merit -c conda-forge cxx-compiler cmake ninja eigen boost-cpp \\"
  say "           fmt nlohmann_json cli11 toml11 random123 xxhash zlib hdf5 openmpi pandas h5py matplotlib"
  say "Spack    spack install gcc@12: cmake eigen boost fmt nlohmann-json cli11 toml11 random123 \\"
  say "           xxhash zlib hdf5 openmpi py-pandas py-h5py py-matplotlib"
  say "cluster  module avail: load a compiler, CMake, MPI, HDF5, Eigen, Boost; the rest with Spack"
  missing="$(missing_tools)"
  say "tools not found on PATH:${missing:- none}; CMake names the libraries that are missing"
  [ -z "$missing" ] && exit 0
  exit 3
fi

# --- Debian and Ubuntu ---------------------------------------------------------------------

# Prints the packages among its arguments that are not installed.
missing_of() {
  local installed package
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package} ' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    case "$installed" in
      *" installed $package "*) ;;
      *) printf '%s\n' "$package" ;;
    esac
  done
}

mapfile -t missing < <(missing_of "${wanted[@]}")
if [ "${#missing[@]}" -eq 0 ]; then
  say "all ${#wanted[@]} packages are there"
  exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
  as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo -n env)
else
  say "not root, and no sudo without a password, so nothing is installed. An administrator can:"
  say "apt-get install --no-install-recommends ${missing[*]}"
  exit 3
fi

apt_get() {
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

say "installing ${missing[*]}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# A failed update may be another repository's; whether the packages come is what counts.
apt_get update </dev/null >"$log" 2>&1 || true
if ! apt_get install -y --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1; then
  tail -n 20 "$log" >&2
  mapfile -t missing < <(missing_of "${wanted[@]}")
  say "apt-get failed (above); still missing: ${missing[*]}"
  exit 3
fi
say "done"
