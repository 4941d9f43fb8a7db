// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/result_store.hpp"

namespace merit {

/// The files of `--cmdstan-csv DIR`: chain-1.csv, … and labels.csv.
///
/// Draws as CmdStan writes them for its fixed_param method, one file per chain, which
/// rstan::read_stan_csv, cmdstanr::read_cmdstan_csv and read.csv(comment.char = "#") open: '#'
/// lines of configuration, a header, a row per draw, times. Columns are
///
///     lp__            log posterior density (likelihood × priors, group intercepts integrated out)
///     accept_stat__   1: a new draw; 0: the one before, again
///     Intercept, beta.1 …, threshold.1 …, theta, sd_intercept, sigma      those there are
///     log_posterior, lprior, u.1 …
///
/// Readers split the header at commas and take brackets for indices, so R's names of
/// coefficients stand in labels.csv: column, label.
///
/// @throws UsageError if DIR holds such files and `replace` is false
void check_cmdstan_directory(const std::string& directory, bool replace);

/// Writes them. @throws IoError
void write_cmdstan_csv(const ResultFile& file, const std::string& directory);

}  // namespace merit
