// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/model/grouped_stats.hpp"

namespace merit {

/// S with β = S β_c + e₁ c_y, p × p: from coefficients of columns measured from the common
/// origin c to those of the data. With an intercept column the intercept alone moves, by
/// c_y − Σ_k c_k β_k; without one nothing does. A covariance matrix becomes S Φ Sᵀ, and a
/// contrast ℓᵀβ of the data (Sᵀℓ)ᵀβ_c.
inline Eigen::MatrixXd origin_shift(const GroupedStats& stats) {
  const Eigen::Index p = stats.num_fixed();
  Eigen::MatrixXd shift = Eigen::MatrixXd::Identity(p, p);
  if (stats.has_intercept) shift.row(0) -= stats.origin.head(p).transpose();
  return shift;
}

}  // namespace merit
