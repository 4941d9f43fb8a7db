// SPDX-License-Identifier: MIT
#include "engine/resample/rotated_parametric.hpp"

namespace merit {
namespace {

double lambda_of(const FitResult& fit) {
  return (fit.tau / fit.sigma) * (fit.tau / fit.sigma);
}

}  // namespace

RotatedModel::RotatedModel(const GroupedStats& stats,
                           const RotatedForm& form,
                           const FitResult& fit,
                           Criterion criterion)
    : arrays_(stats, form, lambda_of(fit), criterion),
      log_constant_(criterion == Criterion::reml ? form.log_det_XtX : 0.0),
      sigma_(fit.sigma),
      beta_(fit.beta) {
  const double lambda = lambda_of(fit);
  const Eigen::ArrayXd scale = 1.0 + lambda * form.mu.array();
  draw_sd_ = sigma_ * scale.sqrt();
  draw_shift_ = lambda / scale;
  direction_ = form.direction * form.mu.cwiseSqrt().asDiagonal();
  direction_squared_ = form.direction.cwiseAbs2();
  var_at_zero_ = form.XtX_inverse.diagonal();
  var_null_ = form.null_covariance.diagonal();
  // Var β̂(λ₀) as the sum of its parts, all of them positive semi-definite.
  const Eigen::MatrixXd between =
      form.null_covariance +
      form.direction * scale.inverse().matrix().asDiagonal() * form.direction.transpose();
  const Eigen::MatrixXd covariance =
      sigma_ * sigma_ * (form.XtX_inverse + lambda * between);
  beta_factor_ = Eigen::MatrixXd(covariance.llt().matrixL());
}

ParametricConstants RotatedModel::constants() const {
  ParametricConstants m{};
  static_cast<RotatedConstants&>(m) = arrays_.constants();
  m.p = static_cast<int>(beta_.size());
  m.log_constant = log_constant_;
  m.draw_sd = draw_sd_.data();
  m.draw_shift = draw_shift_.data();
  m.sigma = sigma_;
  m.beta = beta_.data();
  m.beta_factor = beta_factor_.data();
  m.direction = direction_.data();
  m.direction_squared = direction_squared_.data();
  m.var_at_zero = var_at_zero_.data();
  m.var_null = var_null_.data();
  return m;
}

}  // namespace merit
