// SPDX-License-Identifier: MIT
#include "engine/resample/rotated_parametric.hpp"

#include <algorithm>
#include <map>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

/// 0, then powers of two times 1/(16 μ_max) up to well beyond the λ drawn from and all λ at
/// which some directions are shrunk and others are not: beyond, the profile has no features.
/// The bracket of the last is open.
std::vector<double> grid_of(const Eigen::VectorXd& mu, double lambda) {
  const double last = std::max(16.0 * lambda, 4.0 / mu.minCoeff());
  std::vector<double> grid = {0.0};
  for (double at = 1.0 / (16.0 * mu.maxCoeff()); at < last; at *= 2.0)
    grid.push_back(at);
  return grid;
}

}  // namespace

RotatedModel::RotatedModel(const GroupedStats& stats,
                           const RotatedForm& form,
                           const FitResult& fit,
                           Criterion criterion)
    : reml_(criterion == Criterion::reml),
      num_obs_(form.num_obs),
      residual_df_(form.residual_df),
      log_det_XtX_(form.log_det_XtX),
      sigma_(fit.sigma),
      mean_size_(form.num_obs / static_cast<double>(stats.num_groups())),
      mu_(form.mu),
      beta_(fit.beta) {
  const double lambda = (fit.tau / fit.sigma) * (fit.tau / fit.sigma);
  const Eigen::ArrayXd scale = 1.0 + lambda * mu_.array();
  draw_sd_ = sigma_ * scale.sqrt();
  draw_shift_ = lambda / scale;
  direction_ = form.direction * mu_.cwiseSqrt().asDiagonal();
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

  std::map<double, double> sizes;
  for (const double size : stats.size)
    ++sizes[size];
  for (const auto& [size, count] : sizes) {
    size_.push_back(size);
    size_count_.push_back(count);
  }

  grid_ = grid_of(mu_, lambda);
  const auto num_grid = static_cast<Eigen::Index>(grid_.size());
  const double d = constants().criterion_df;
  grid_shrink_.resize(num_grid, mu_.size());
  for (Eigen::Index k = 0; k < num_grid; ++k) {
    const double at = grid_[static_cast<std::size_t>(k)];
    grid_shrink_.row(k) = (1.0 + at * mu_.array()).inverse().transpose();
    double log_determinant = 0.0;
    if (reml_) {
      for (const double mu : mu_)
        log_determinant += elementary::log1p(at * mu);
    } else {
      for (const auto& [size, count] : sizes)
        log_determinant += count * elementary::log1p(at * size);
    }
    grid_factor_.push_back(elementary::exp(log_determinant / d));
  }
}

ParametricConstants RotatedModel::constants() const {
  ParametricConstants m{};
  m.p = static_cast<int>(beta_.size());
  m.r = static_cast<int>(mu_.size());
  m.reml = reml_;
  m.criterion_df = num_obs_ - (reml_ ? static_cast<double>(m.p) : 0.0);
  m.residual_df = residual_df_;
  m.log_constant = reml_ ? log_det_XtX_ : 0.0;
  m.search_offset = 1.0 / mean_size_;
  m.mu = mu_.data();
  m.draw_sd = draw_sd_.data();
  m.draw_shift = draw_shift_.data();
  m.sigma = sigma_;
  m.beta = beta_.data();
  m.beta_factor = beta_factor_.data();
  m.direction = direction_.data();
  m.direction_squared = direction_squared_.data();
  m.var_at_zero = var_at_zero_.data();
  m.var_null = var_null_.data();
  m.num_sizes = static_cast<int>(size_.size());
  m.size = size_.data();
  m.size_count = size_count_.data();
  m.num_grid = static_cast<int>(grid_.size());
  m.grid = grid_.data();
  m.grid_shrink = grid_shrink_.data();
  m.grid_factor = grid_factor_.data();
  return m;
}

}  // namespace merit
