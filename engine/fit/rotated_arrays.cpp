// SPDX-License-Identifier: MIT
#include "engine/fit/rotated_arrays.hpp"

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

RotatedArrays::RotatedArrays(const GroupedStats& stats,
                             const RotatedForm& form,
                             double lambda,
                             Criterion criterion)
    : reml_(criterion == Criterion::reml),
      criterion_df_(form.num_obs -
                    (reml_ ? static_cast<double>(form.beta_ols.size()) : 0.0)),
      residual_df_(form.residual_df),
      mean_size_(form.num_obs / static_cast<double>(stats.num_groups())),
      mu_(form.mu) {
  std::map<double, double> sizes;
  for (const double size : stats.size)
    ++sizes[size];
  for (const auto& [size, count] : sizes) {
    size_.push_back(size);
    size_count_.push_back(count);
  }

  grid_ = grid_of(mu_, lambda);
  const auto num_grid = static_cast<Eigen::Index>(grid_.size());
  const double d = criterion_df_;
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

RotatedConstants RotatedArrays::constants() const {
  RotatedConstants m{};
  m.r = static_cast<int>(mu_.size());
  m.reml = reml_;
  m.criterion_df = criterion_df_;
  m.residual_df = residual_df_;
  m.search_offset = 1.0 / mean_size_;
  m.mu = mu_.data();
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
