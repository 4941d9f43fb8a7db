// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/fit/fit_result.hpp"
#include "engine/model/grouped_stats.hpp"

namespace merit {

/// Least squares with a dummy for every group, which is least squares of deviations from the
/// groups' means (the within or fixed-effects estimator):
///
///     β̂ = W_xx⁻¹ W_xy,    σ̂² = (W_yy − β̂ᵀW_xy)/(n − J − p),    vcov σ̂²W_xx⁻¹
///
/// Columns that are constant within groups are the dummies' and have no estimate. In the
/// deviations a group's rows have the mean 0, which the dummies' share of the hat matrix,
/// 11ᵀ/n_j, leaves alone: the adjustments of CR2 and CR3 and their degrees of freedom may be taken
/// from the deviations as they are (Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4), § 3.2).
struct WithinRegression {
  GroupedStats stats;  ///< of the deviations: means of 0, no intercept
  FitResult fit;       ///< of these columns; τ̂ = 0 is no finding
};

/// @param stats    with `group_within` if cluster-robust matrices are wanted
/// @param columns  of X, which vary within groups
/// @throws DataError if they are collinear there, or no degree of freedom is left
WithinRegression within_regression(const GroupedStats& stats,
                                   const std::vector<Eigen::Index>& columns);

}  // namespace merit
