// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "engine/fit/glmm_fit.hpp"
#include "engine/model/grouped_stats.hpp"

/// The covariance matrix of all estimates of a fit, in the order of a row of replicates: β̂, τ̂ and,
/// if there is one, σ̂. A function of the parameters has its standard error by it.
namespace merit {

/// Gaussian. β̂ and the standard deviations are uncorrelated to the order that counts; Cov β̂ =
/// σ̂²(XᵀV⁻¹X)⁻¹ at λ̂ = τ̂²/σ̂². With the formulas of engine/fit/gaussian_fit.hpp
///
///     Var log σ̂ = 1/(2d) + A,   Var log τ̂ = 1/(2d) + B,   Cov(log σ̂, log τ̂) = 1/(2d) − √(A B):
///
/// A and B are squares of λρ and λρ + 1 times V/4, and −1 < λρ < 0, because dρ = −(log-determinants)′
/// at the minimum, whose every term is below 1/λ and of which there are no more than d. So the
/// two standard errors tell the covariance, and y is not needed.
///
/// @param design      groups and X of the data; its y must leave residual variation
/// @param estimates   p + 2, of a fit by `criterion`
/// @param std_errors  of the same; those of τ̂ (NaN on the boundary) and σ̂ are used
/// What has none is NaN.
Eigen::MatrixXd gaussian_covariance(const GroupedStats& design,
                                    Criterion criterion,
                                    std::span<const double> estimates,
                                    std::span<const double> std_errors);

/// Other families, by quadrature with so many points: from the observed information.
/// @param estimates  P, the maximum-likelihood ones of the model's data
/// @returns P × P; τ̂'s is NaN on the boundary. Empty if the information is singular
Eigen::MatrixXd glmm_covariance(const GlmmModel& model,
                                int num_nodes,
                                std::span<const double> estimates);

}  // namespace merit
