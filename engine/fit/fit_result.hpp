// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <Eigen/Dense>

namespace merit {

enum class Criterion { ml, reml };

/// What one fit of the Gaussian random-intercept model ends with. Failure to converge and
/// τ̂ = 0 are outcomes, told here, not exceptions.
struct FitResult {
  Criterion criterion = Criterion::reml;
  Eigen::VectorXd beta;  ///< p, fixed effects, in the units of the data (origin undone)
  Eigen::MatrixXd vcov;  ///< p × p, σ̂² (Xᵀ V⁻¹ X)⁻¹, conditional on θ̂ (lme4's convention)
  double sigma = 0.0;           ///< residual sd
  double tau = 0.0;             ///< sd of the random intercepts
  double log_likelihood = 0.0;  ///< all constants; REML: −½ REML criterion, as lme4
  bool converged = false;
  bool on_boundary = false;  ///< τ̂ = 0
  int iterations = 0;        ///< evaluations of the profiled criterion
  double gradient = 0.0;  ///< of the deviance in log θ at the estimate; 0 on the boundary
  std::string message;    ///< what a reader should know; empty when all is well

  double icc() const { return tau * tau / (tau * tau + sigma * sigma); }
};

/// Conditional modes of the random intercepts and their conditional sds.
struct GroupModes {
  Eigen::VectorXd mode;  ///< J, units of y
  Eigen::VectorXd sd;    ///< J, σ̂ θ̂ / √(1 + n_j θ̂²)
};

}  // namespace merit
