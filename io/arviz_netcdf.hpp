// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/result_store.hpp"

namespace merit {

/// The file of `--netcdf FILE`: draws as ArviZ keeps them (InferenceData schema), which
/// arviz.from_netcdf, xarray and every netCDF reader open.
///
///     /posterior              a variable per parameter (chain, draw); r_GROUP (chain, draw, GROUP)
///     /sample_stats           lp, lprior, log_likelihood, accepted (chain, draw)
///     /posterior_predictive   with --ppc: statistics of replicated responses (chain, draw)
///     /observed_data          the same of the responses
///
/// With --prior-only the first three are /prior, /sample_stats_prior and /prior_predictive. (Intercept)
/// is named Intercept, a / in a name is :, and a name that begins with something else than a letter, digit or
/// _, or is a dimension's, has b_ before it. No times: the same draws give the same file.
///
/// @throws UsageError if FILE exists and `replace` is false
void check_netcdf(const std::string& path, bool replace);

/// Writes it, a block of draws in memory at a time. @throws IoError
void write_netcdf(const ResultFile& file, const std::string& path);

}  // namespace merit
