// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/fit/glmm_fit.hpp"
#include "engine/fit/quadrature.hpp"
#include "engine/fit/quadrature_rule.hpp"
#include "engine/inference/profile_interval.hpp"

namespace merit {

/// The likelihood of a generalised model with one parameter held.
///
/// Every reported parameter is a linear function aᵀψ of the parameters that the quadrature has
/// (engine/fit/glmm_fit.hpp), or the exponential of one (negative binomial's θ). With aᵀψ = v
/// one of them follows from the others; Newton's method with the information at the nodes goes
/// through the rest, uphill at every step, until a step is shorter than 10⁻⁷ standard errors:
/// the likelihood is then right to 10⁻¹⁴.
class ConstrainedGlmm {
 public:
  /// @param fit  converged and finite, by agq or laplace
  ConstrainedGlmm(const GlmmModel& model, const GlmmFit& fit);

  /// Parameters as reported, and τ as the last.
  Eigen::Index num_parameters() const;

  /// Deviance with parameter k held at v, less that of the fit. Starts from where the last call
  /// for the same parameter ended. @throws DataError if no maximum is found
  double drop(Eigen::Index k, double v);

 private:
  struct Constraint {
    Eigen::VectorXd row;  // a
    double value = 0.0;
  };
  Constraint constraint(Eigen::Index k, double v) const;
  double maximum(const Constraint& constraint, Eigen::VectorXd& psi);

  const GlmmModel& model_;
  GaussHermite rule_;
  QuadratureLikelihood likelihood_;
  Eigen::VectorXd best_, last_;  // ψ
  AlignedVector<double> best_modes_;
  double best_log_likelihood_ = 0.0;
  Eigen::Index last_parameter_ = -1;
  double last_value_ = 0.0;
};

/// Profile likelihood of all parameters, in the order of the report, sd__(Intercept) last (terms
/// are left empty). @throws DataError for a fit with infinite estimates
std::vector<ProfiledParameter> profile_glmm(const GlmmModel& model,
                                            const GlmmFit& fit,
                                            double level);

/// Deviance at τ = 0 less that of the fit: the likelihood-ratio statistic.
double drop_without_intercepts(const GlmmModel& model, const GlmmFit& fit);

}  // namespace merit
