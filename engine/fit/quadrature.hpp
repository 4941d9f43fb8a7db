// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/fit/glm_family.hpp"
#include "engine/fit/quadrature_kernel.hpp"
#include "engine/fit/quadrature_rule.hpp"
#include "engine/model/packed_rows.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// The likelihood of a generalised random-intercept model by adaptive Gauss–Hermite
/// quadrature, and its derivatives.
///
/// With η = x'β + offset and intercepts b_j = τ v_j, v_j ~ N(0, 1), group j contributes
///
///     L_j = ∫ e^{f(v)} dv/√(2π),    f(v) = Σ_i ℓ_i(η_i + τv) − v²/2
///
/// For these families ℓ is concave in η, so f has one mode v̂ with curvature h = −f″(v̂).
/// With the nodes z_k and weights w_k of the standard normal, v_k = v̂ + z_k/√h (Liu &
/// Pierce 1994):
///
///     log L_j ≈ −½ log h + log Σ_k w_k e^{z_k²/2} e^{f(v_k)}        K = 1: Laplace
///
/// ω_k: the normalised terms of that sum. The gradient is that of the K-point rule itself,
/// with the nodes moving: for a parameter ψ, b1 = ∂f′(v̂)/∂ψ and b2 = ∂f″(v̂)/∂ψ,
///
///     ∂ log L_j/∂ψ = Σ_k ω_k ∂f(v_k)/∂ψ + a₀ b1/h + (1 + a₁)/(2h) (b2 + f‴ b1/h)
///     a₀ = Σ_k ω_k f′(v_k),    a₁ = Σ_k ω_k f′(v_k)(v_k − v̂)     (0 and −1 in the limit)
///
/// The information is Louis' (1982): E[−∂²f] − Cov[∂f] under the nodes' weights, the limit of
/// the exact one for large K. Newton's method with it converges as fast as the rule does.
///
/// With sampling weights w_i of rows and u_j of groups it is the pseudo-likelihood
/// Σ_j u_j log ∫ exp(Σ_i w_i ℓ_i) φ: the same formulas with w_i ℓ_i in the place of ℓ_i, and
/// groups that count u_j times.
///
/// Parameters: ψ = (β, the family's own, τ). The likelihood is even in τ, smooth at 0, where
/// its second derivative in τ tells whether τ̂ = 0.
class QuadratureLikelihood {
 public:
  /// Rows and response are the caller's and must live as long as this object.
  QuadratureLikelihood(const PackedRows& rows,
                       const GlmFamily& family,
                       const Outcome& response,
                       const GaussHermite& rule,
                       double mode_tolerance);

  Eigen::Index num_parameters() const { return num_parameters_; }
  Eigen::Index num_fixed() const { return rows_->num_fixed; }
  const GlmFamily& family() const { return *family_; }
  int num_nodes() const { return rule_.num_nodes; }

  /// How often each group counts, J values of the caller's (null: once), and what their
  /// constants add up to. At first it is as often as the rows' group weights say.
  void set_multiplicity(const double* multiplicity, double log_constant) {
    multiplicity_ = multiplicity;
    log_constant_ = log_constant;
  }
  /// Negative binomial with multiplicities: the counts that belong to them.
  void set_exceeding(const std::vector<double>* exceed) { exceed_ = exceed; }
  void set_rule(const GaussHermite& rule, double mode_tolerance);

  /// Computes what is asked for at ψ, modes found from where they are; false if the
  /// likelihood has no finite value there.
  bool evaluate(const Eigen::VectorXd& psi, QuadratureDetail detail);

  /// The gradient of one group alone, counted once, where evaluate() has found its mode.
  Eigen::VectorXd group_gradient(const Eigen::VectorXd& psi, std::int64_t group);

  /// f and f′ of one group at some values of its intercept.
  void evaluate_intercept(const Eigen::VectorXd& psi,
                          std::int64_t group,
                          InterceptPoints& points);

  // Of the last evaluation.
  double log_likelihood() const { return log_likelihood_; }
  const Eigen::VectorXd& gradient() const { return gradient_; }
  const Eigen::MatrixXd& information() const { return information_; }

  /// Modes v̂_j (b̂_j = τ v̂_j) and curvatures h_j; the next evaluation starts from the modes.
  AlignedVector<double>& modes() { return mode_; }
  const AlignedVector<double>& modes() const { return mode_; }
  const AlignedVector<double>& curvatures() const { return curvature_; }
  /// Mean of h_j − 1, τ² times a group's information, over the groups that count (of others
  /// nothing is known but what earlier evaluations have left).
  double mean_excess() const;
  const AlignedVector<double>& slopes() const { return slope_; }  ///< J × P, ∂v̂_j/∂ψ
  /// Moves the modes to where they will be, to first order, after a step in ψ.
  void predict_modes(const Eigen::VectorXd& step);

 private:
  QuadratureRows rows() const;
  /// Σ_i Σ_{m<y_i} log(1 + m/θ) of the negative binomial, and its derivatives in log θ.
  void add_exceeding(const Eigen::VectorXd& psi);

  const PackedRows* rows_;
  const GlmFamily* family_;
  const Outcome* response_;
  QuadratureRule rule_;
  const double* multiplicity_ = nullptr;
  double log_constant_ = 0.0;  // in the place of the response's, with multiplicities
  const std::vector<double>* exceed_ = nullptr;
  Eigen::Index num_parameters_;
  double log_likelihood_ = 0.0;
  Eigen::VectorXd gradient_;
  Eigen::MatrixXd information_;
  AlignedVector<double> mode_, curvature_, slope_, scratch_;
};

}  // namespace merit
