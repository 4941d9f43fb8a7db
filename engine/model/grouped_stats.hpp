// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <Eigen/Dense>

namespace merit {

/// Everything the Gaussian likelihood needs from the data: O(J p) numbers, not n rows.
///
/// One row is z = [x, y]: p fixed-effect columns and the response. All means are taken from
/// a common `origin` c, so that large offsets cost no digits:
///
///     within  = Σ_j Σ_i (z_ij − z̄_j)(z_ij − z̄_j)ᵀ        mean_j = z̄_j − c
///
/// With an intercept column the origin of X and y is their grand mean (0 for the intercept
/// column itself), which moves the intercept alone; without one X's origin is 0.
struct GroupedStats {
  Eigen::MatrixXd within;   ///< (p+1) × (p+1), pooled over groups
  Eigen::MatrixXd mean;     ///< (p+1) × J, column j is z̄_j − c
  Eigen::VectorXd size;     ///< J, rows per group n_j
  Eigen::VectorXd origin;   ///< p+1, c
  std::vector<double> key;  ///< J, the group's key in the table, ascending

  /// One (p+1) × (p+1) matrix per group with Σ_j = `within`, or empty: only resampling
  /// groups needs them.
  std::vector<Eigen::MatrixXd> group_within;

  /// With sampling weights (engine/fit/weighted_fit.hpp): J, how often each group counts; then
  /// `size` and the means are weighted, and `within` adds up groups so often. Empty: once.
  Eigen::VectorXd multiplicity;

  bool has_intercept = true;  ///< column 0 of X is the constant 1

  Eigen::Index num_groups() const { return size.size(); }
  Eigen::Index num_fixed() const { return within.rows() - 1; }
  double num_obs() const {
    return multiplicity.size() == 0 ? size.sum() : size.dot(multiplicity);
  }
};

}  // namespace merit
