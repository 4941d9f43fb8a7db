// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include <Eigen/Dense>

namespace merit {

enum class Criterion { ml, reml };

/// How far a quadrature with K points is from converged: against 2K + 1 points at the
/// estimates.
struct QuadratureError {
  int num_nodes = 0;            ///< K
  double log_likelihood = 0.0;  ///< log L with 2K + 1 points less that with K
  double std_error = 0.0;       ///< largest relative difference of a standard error
};

/// What one fit of a random-intercept model ends with. Failure to converge and τ̂ = 0 are
/// outcomes, told here, not exceptions. Families other than the Gaussian have no `sigma`
/// (NaN), and their own parameters (thresholds, theta) stand among the `beta`.
struct FitResult {
  Criterion criterion = Criterion::reml;
  Eigen::VectorXd beta;  ///< p, fixed effects, in the units of the data (origin undone)
  Eigen::MatrixXd
      vcov;  ///< p × p, σ̂² (Xᵀ V⁻¹ X)⁻¹, conditional on θ̂ (lme4's convention);
             ///< other families: from the observed information of all
  double sigma = 0.0;           ///< residual sd
  double tau = 0.0;             ///< sd of the random intercepts
  double log_likelihood = 0.0;  ///< all constants; REML: −½ REML criterion, as lme4
  bool converged = false;
  bool on_boundary = false;  ///< τ̂ = 0
  /// Of τ̂ and σ̂, from the observed information; NaN where there is none: τ̂ on the boundary, σ̂
  /// where the family has none, both where a method has no likelihood.
  double tau_std_error = std::numeric_limits<double>::quiet_NaN();
  double sigma_std_error = std::numeric_limits<double>::quiet_NaN();
  int iterations = 0;  ///< evaluations of the profiled criterion
  /// Of the deviance in log θ at the estimate; 0 on the boundary. Others than the Gaussian: the
  /// last step in standard errors; without convergence the largest scaled gradient.
  double gradient = 0.0;
  std::string message;  ///< what a reader should know; empty when all is well

  // Other families than the Gaussian.
  std::string method;  ///< "agq", "laplace", …; empty: the criterion's
  /// Of the level-one error on the scale of the linear predictor: π²/3 for logit; NaN where
  /// there is none (counts).
  double latent_variance = std::numeric_limits<double>::quiet_NaN();
  /// Binary outcomes: share of the variance of a response of 0 or 1 that lies between groups,
  /// at the mean linear predictor; else NaN.
  double response_icc = std::numeric_limits<double>::quiet_NaN();
  std::optional<QuadratureError> quadrature;

  bool has_sigma() const { return !std::isnan(sigma); }
  /// Gaussian τ²/(τ² + σ²); others on the latent scale.
  double icc() const {
    const double within = method.empty() ? sigma * sigma : latent_variance;
    return tau * tau / (tau * tau + within);
  }
};

/// Conditional modes of the random intercepts and their conditional sds.
struct GroupModes {
  Eigen::VectorXd mode;  ///< J, units of y
  Eigen::VectorXd sd;    ///< J, σ̂ θ̂ / √(1 + n_j θ̂²)
};

}  // namespace merit
