// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/model/grouped_stats.hpp"

namespace merit {

/// log p(y | β, σ, τ) of a Gaussian model, its intercepts integrated out; all constants.
///
/// With r_j = ȳ_j − x̄_jᵀβ, Q = W_yy − 2 W_xyᵀβ + βᵀW_xx β and λ = τ²/σ²
///
///     −½ [ n log(2πσ²) + Σ_j log(1 + n_jλ) + (Q + Σ_j n_j r_j²/(1 + n_jλ))/σ² ]
///
/// @param beta  about the common origin. Cost: O(J p + p²)
double gaussian_log_likelihood(const GroupedStats& stats,
                               const Eigen::VectorXd& beta,
                               double sigma,
                               double tau);

/// Its gradient and negative Hessian in (β, log σ, log τ). With v_j = τ² + σ²/n_j it is
///
///     −½ [ 2(n − J) log σ + Q/σ² + Σ_j (log v_j + r_j²/v_j) ] + constant,
///
/// where dv_j/d log σ = 2σ²/n_j, dv_j/d log τ = 2τ².
void gaussian_derivatives(const GroupedStats& stats,
                          const Eigen::VectorXd& beta,
                          double sigma,
                          double tau,
                          Eigen::VectorXd& gradient,
                          Eigen::MatrixXd& curvature);

}  // namespace merit
