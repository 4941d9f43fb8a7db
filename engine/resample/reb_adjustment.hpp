// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include <Eigen/Dense>

#include "engine/resample/read_replicates.hpp"

namespace merit {

/// What the random-effect block bootstrap of type 2 does to the replicates of type 0 once all
/// are there. With s* = (log τ̂*², log σ̂*²), M its mean over the replicates, C its covariance
/// matrix and D = √diag C:
///
///     l* = M + D C^(−1/2) (s* − M)              uncorrelated, variances as they were
///     (τ̂*², σ̂*²) ← exp(l*) · (τ̂², σ̂²)/mean(exp l*)     the estimates are their means
///     β̂* ← β̂* − mean(β̂*) + β̂
///
/// C^(−1/2) is the symmetric root. Of replicates with τ̂* = 0 or σ̂* = 0 there is no logarithm:
/// their standard deviations are undefined, and left out of M and C. Where C is singular (fewer
/// than three such replicates), l* = s*.
/// Source: Chambers & Chandra (2013), J. Comput. Graph. Statist. 22(2), § 2.
class RebAdjustment {
 public:
  /// Three passes over the replicates.
  /// @param original  p + 2: β̂, τ̂, σ̂
  RebAdjustment(std::span<const double> original, const ReadReplicates& read);

  /// Adjusts a row; what is undefined becomes NaN.
  void operator()(std::span<double> row) const;

 private:
  Eigen::VectorXd shift_;        // p, β̂ − mean(β̂*)
  Eigen::Vector2d mean_;         // M
  Eigen::Matrix2d uncorrelate_;  // D C^(−1/2)
  Eigen::Vector2d log_scale_;    // log of estimate over mean
};

}  // namespace merit
