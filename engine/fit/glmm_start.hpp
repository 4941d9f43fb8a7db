// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/fit/glmm_fit.hpp"
#include "engine/fit/quadrature.hpp"

namespace merit {

/// Where the search begins: intercept or thresholds from the mean response, all else 0.
Eigen::VectorXd start_values(const GlmmModel& model);

/// A moment estimate of τ from the scores of the groups' intercepts, after an evaluation of
/// gradient and information at τ = 0.
///
/// There S_j = Σ_i ℓ′ has variance I_j + τ² I_j², I_j = −Σ_i ℓ″; with the mean of I_j for each,
/// τ² = J Σ(S_j² − I_j)/(ΣI_j)².
double start_tau(const QuadratureLikelihood& likelihood);

/// sd of each column of X about its mean, 1 for constant columns and for the parameters that
/// have none: what a unit of the parameter means for η.
Eigen::VectorXd column_spread(const PackedRows& rows, const GlmFamily& family);

}  // namespace merit
