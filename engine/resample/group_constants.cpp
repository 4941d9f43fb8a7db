// SPDX-License-Identifier: MIT
#include "engine/resample/group_constants.hpp"

#include <algorithm>
#include <utility>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

/// 0 and steps of 4 through the estimate, up to where even the smallest group is hardly
/// shrunk: the λ that fit_gaussian looks at. The bracket of the last is open.
std::vector<double> grid_of(const Eigen::VectorXd& size, double lambda) {
  const double centre = std::max(lambda, 0.0625 / size.maxCoeff());
  double first = centre;
  while (first > 0.25 / size.maxCoeff())
    first *= 0.25;
  std::vector<double> grid = {0.0};
  const double last = std::max(4.0 * centre, 1024.0 / size.minCoeff());
  for (double at = first; at <= last; at *= 4.0)
    grid.push_back(at);
  return grid;
}

}  // namespace

Eigen::VectorXd packed_lower(const Eigen::MatrixXd& symmetric) {
  const Eigen::Index q = symmetric.rows();
  Eigen::VectorXd lower(q * (q + 1) / 2);
  for (Eigen::Index a = 0, ab = 0; a < q; ++a) {
    for (Eigen::Index b = 0; b <= a; ++b)
      lower[ab++] = symmetric(a, b);
  }
  return lower;
}

GroupArrays::GroupArrays(const GroupedStats& stats,
                         const FitResult& fit,
                         Criterion criterion)
    : reml_(criterion == Criterion::reml),
      has_intercept_(stats.has_intercept),
      mean_size_(stats.num_obs() / static_cast<double>(stats.num_groups())),
      origin_(stats.origin),
      size_(stats.size),
      within_(packed_lower(stats.within)),
      mean_(stats.mean.transpose()) {
  grid_ = grid_of(stats.size, (fit.tau / fit.sigma) * (fit.tau / fit.sigma));
  const Eigen::Index J = stats.num_groups();
  grid_log_.resize(static_cast<Eigen::Index>(grid_.size()), J);
  for (std::size_t k = 0; k < grid_.size(); ++k) {
    for (Eigen::Index j = 0; j < J; ++j) {
      grid_log_(static_cast<Eigen::Index>(k), j) = elementary::log1p(grid_[k] * size_[j]);
    }
  }
  if (stats.group_within.empty()) return;
  product_.resize(within_.size(), J);
  group_within_.resize(within_.size(), J);
  for (Eigen::Index j = 0; j < J; ++j) {
    const Eigen::VectorXd mean = stats.mean.col(j);
    product_.col(j) = packed_lower(mean * mean.transpose());
    group_within_.col(j) = packed_lower(stats.group_within[static_cast<std::size_t>(j)]);
  }
}

GroupedStats GroupArrays::drawn(const std::vector<std::int64_t>& groups) const {
  const Eigen::Index J = std::ssize(groups), q = origin_.size();
  GroupedStats out;
  out.within = Eigen::MatrixXd::Zero(q, q);
  out.mean.resize(q, J);
  out.size.resize(J);
  out.origin = origin_;
  out.has_intercept = has_intercept_;
  for (Eigen::Index slot = 0; slot < J; ++slot) {
    const Eigen::Index group = groups[static_cast<std::size_t>(slot)];
    out.key.push_back(static_cast<double>(slot));
    out.mean.col(slot) = mean_.row(group);
    out.size[slot] = size_[group];
    Eigen::MatrixXd within(q, q);
    for (Eigen::Index a = 0, ab = 0; a < q; ++a) {
      for (Eigen::Index b = 0; b <= a; ++b)
        within(a, b) = within(b, a) = group_within_(ab++, group);
    }
    out.within += within;
    out.group_within.push_back(std::move(within));
  }
  return out;
}

GroupConstants GroupArrays::constants() const {
  GroupConstants m{};
  m.p = static_cast<int>(origin_.size()) - 1;
  m.num_groups = static_cast<int>(size_.size());
  m.reml = reml_;
  m.has_intercept = has_intercept_;
  m.origin = origin_.data();
  m.search_offset = 1.0 / mean_size_;
  m.num_grid = static_cast<int>(grid_.size());
  m.grid = grid_.data();
  m.size = size_.data();
  m.mean = mean_.data();
  m.grid_log = grid_log_.data();
  m.product = product_.data();
  m.group_within = group_within_.data();
  m.within = within_.data();
  return m;
}

}  // namespace merit
