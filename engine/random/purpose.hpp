// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace merit {

/// What a random stream is for. Streams of different purposes never overlap, so that a
/// replicate number may be used again for something else. Spaced, so that new purposes
/// never renumber old ones: the values are part of every stored result.
enum class Purpose : std::uint32_t {
  parametric_bootstrap = 0x100,
  simulated_intercepts = 0x110,  ///< of families without a sufficient statistic
  simulated_responses = 0x111,
  group_bootstrap = 0x200,
  row_bootstrap = 0x210,
  residual_groups = 0x220,
  residual_rows = 0x221,
  wild_weights = 0x230,
  inner_bootstrap = 0x240,  ///< seeds of replicates' own bootstraps
  tau_test = 0x280,         ///< of the exact null distribution
  posterior_draws = 0x300,
  posterior_pilot = 0x301,       ///< by which a sampler is chosen
  posterior_accept = 0x302,      ///< of a proposal
  posterior_start = 0x303,       ///< of a chain
  posterior_slices = 0x304,      ///< of a chain's sweeps
  posterior_group_seed = 0x305,  ///< seeds of groups' own streams
  posterior_intercept = 0x306,   ///< of one group, given a draw
  posterior_responses = 0x307,   ///< of its rows, given these
  study_group_sizes = 0x400,     ///< of simulation studies, like the following
  study_intercepts = 0x401,
  study_responses = 0x402,
  study_external = 0x403,  ///< seeds of users' own estimators
  study_intercept_shapes = 0x404,
  study_response_shapes = 0x405,
  study_inference = 0x406,          ///< seeds of data sets' own bootstraps and posteriors
  study_snapshot_groups = 0x800,    ///< + k: real groups drawn from the k-th snapshot
  study_snapshot_rows = 0x900,      ///< + k: rows within these
  study_snapshot_any_rows = 0xa00,  ///< + k: rows of any group
  study_covariates = 0x1000,        ///< + k: the k-th covariate
};

}  // namespace merit
