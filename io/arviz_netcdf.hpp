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
/// _, or is taken by a dimension, r_GROUP or a parameter before it, has b_ before it. No times:
/// the same draws give the same file.
///
/// Looks, before there are draws, whether FILE can be written and nothing else is lost by it.
/// @param replace  a netCDF-4 file that is there; any other file stays
/// @param snapshot, output  of the job: never FILE, nor its draft FILE.new
/// @throws UsageError if FILE is taken @throws IoError if its directory cannot be written to
void check_netcdf(const std::string& path,
                  bool replace,
                  const std::string& snapshot,
                  const std::string& output);

/// Writes it by way of FILE.new. In memory are a block of draws at a time, and the log-likelihoods and
/// replicated statistics of all. @throws IoError
void write_netcdf(const ResultFile& file, const std::string& path);

}  // namespace merit
