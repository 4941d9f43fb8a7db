// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/fit/fit_result.hpp"
#include "engine/fit/rotated_arrays.hpp"
#include "engine/inference/tau_test_kernel.hpp"
#include "engine/model/grouped_stats.hpp"

/// Is τ zero? The likelihood-ratio statistic
///
///     LRT = deviance(τ = 0) − deviance(τ̂) ≥ 0      (of REML: RLRT)
///
/// tests a value on the boundary of what τ can be.
namespace merit {

/// Of a Gaussian fit, by its own criterion.
double tau_statistic(const GroupedStats& stats, const FitResult& fit);

/// As if there were very many groups: half of the statistics are 0, half χ² on one degree of
/// freedom (Self & Liang 1987; Stram & Lee 1994). 1 for a statistic of 0. With few groups it is
/// too large: more than half are 0.
double mixture_p_value(double statistic);

/// The distribution of the statistic in the data's own design if τ = 0, which depends on nothing
/// that is unknown (Crainiceanu & Ruppert 2004, JRSS B 66(1), § 3): in the rotated form
///
///     sup_λ d log(1 + N(λ)/D(λ)) − D_log(λ),   N = Σ λμ_i/(1 + λμ_i) w_i²,   D = Σ w_i²/(1 + λμ_i) + S₀
///
/// with w_i standard normal and S₀ ~ χ²(n − p − r); D_log = Σ log(1 + λμ_i) for REML and
/// Σ_j log(1 + λn_j) for ML. The supremum is found as in a fit, not on a grid. Draw i is a pure
/// function of (design, seed, i).
class TauDistribution {
 public:
  /// Rotating costs O(J³): this many groups take a few seconds.
  static constexpr std::int64_t kMostGroups = 2000;

  TauDistribution(const GroupedStats& stats,
                  Criterion criterion,
                  std::uint64_t seed,
                  SimdLevel simd);

  /// How many of the draws [first, first + count) are no lower than `statistic`. first is a
  /// multiple of 8. Thread-safe.
  std::int64_t count_exceeding(double statistic,
                               std::int64_t first,
                               std::int64_t count) const;

 private:
  RotatedArrays arrays_;
  std::uint64_t seed_;
  TauTestKernel kernel_;
};

}  // namespace merit
