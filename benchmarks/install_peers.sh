#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The programs that merit is compared with: R with lme4, glmmTMB, ordinal, pbkrtest and RLRsim, JAGS and rstanarm
# (Debian, Ubuntu); and what the benchmarks themselves need: Google Benchmark, SimGrid. Neither
# the demo nor the tests need any of them.
set -eu
packages='library(lme4); library(glmmTMB); library(ordinal); library(pbkrtest); library(RLRsim);
          library(rjags); library(rstanarm); library(posterior)'
if command -v Rscript >/dev/null && Rscript -e "$packages" >/dev/null 2>&1 \
    && command -v smpicxx >/dev/null && [ -e /usr/include/benchmark/benchmark.h ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "install_peers.sh: install R with the packages lme4, glmmTMB, ordinal, pbkrtest, RLRsim, rjags, rstanarm and" \
       "posterior, Google Benchmark and SimGrid, then run this again" >&2
  exit 66
fi
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -y -qq --no-install-recommends r-base-core r-cran-lme4 \
  r-cran-glmmtmb r-cran-ordinal r-cran-pbkrtest r-cran-rlrsim r-cran-rjags r-cran-rstanarm r-cran-posterior libbenchmark-dev \
  libsimgrid-dev
