// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/model/grouped_stats.hpp"

namespace merit {

/// The model after a rotation that makes every likelihood evaluation cost O(r), r ≤ J.
///
/// Let G be the n × J indicators of the groups, M = I − X(XᵀX)⁻¹Xᵀ and GᵀMG = Q diag(μ) Qᵀ
/// with rank r. K = M G Q μ^(−1/2) (over the r positive μ) has orthonormal columns; w = Kᵀy holds what the data say about the groups, and
/// S₀ = yᵀMy − wᵀw is left over with n − p − r degrees of freedom. With
///
///     S(λ) = S₀ + Σ_i w_i² / (1 + λμ_i)
///
/// the REML deviance is (n−p) log(2πσ²) + log|XᵀX| + Σ_i log(1 + λμ_i) + S(λ)/σ², the ML
/// one n log(2πσ²) + Σ_j log(1 + n_jλ) + S(λ)/σ². With C = (XᵀX)⁻¹XᵀG Q (columns C_i) and
/// N = Σ C_iC_iᵀ over the directions with μ_i = 0,
///
///     β̂(λ)      = β̂_OLS − λ Σ_i C_i √μ_i w_i / (1 + λμ_i)
///     Var β̂/σ² = (XᵀX)⁻¹ + λ (N + Σ_i C_iC_iᵀ / (1 + λμ_i))
///
/// the second in a form without cancellation. Under the model w_i ~ N(0, σ²(1 + λμ_i)),
/// S₀ ~ σ²χ²(n−p−r) and β̂(λ) ~ N(β, Var β̂) are independent: a data set can be drawn in
/// r + p normals and one χ², whatever n is.
///
/// β is in the units of the data (the common origin is undone).
/// Sources: the eigenvalues are those of Crainiceanu & Ruppert (2004), JRSS B 66(1), § 3.
struct RotatedForm {
  Eigen::VectorXd mu;               ///< r, positive eigenvalues of GᵀMG, descending
  Eigen::MatrixXd direction;        ///< p × r, C_i of the μ_i > 0
  Eigen::MatrixXd XtX_inverse;      ///< p × p
  Eigen::MatrixXd null_covariance;  ///< p × p, N
  double log_det_XtX = 0.0;
  double num_obs = 0.0;
  double residual_df = 0.0;  ///< n − p − r

  // What y adds.
  Eigen::VectorXd w;         ///< r
  double S0 = 0.0;           ///< residual sum of squares beyond the groups
  Eigen::VectorXd beta_ols;  ///< p, (XᵀX)⁻¹Xᵀy
};

/// Cost O(J³ + J²p), once. @throws DataError if X has collinear columns
RotatedForm rotate(const GroupedStats& stats);

}  // namespace merit
