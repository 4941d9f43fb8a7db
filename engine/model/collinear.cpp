// SPDX-License-Identifier: MIT
#include "engine/model/collinear.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace merit {
namespace {

using Eigen::Index;

constexpr double kAliasTolerance = 1e-13;
// A combination's coefficient counts if it carries this share of the column's norm.
constexpr double kSmallestShare = 1e-6;

}  // namespace

std::vector<AliasedColumn> aliased_columns(const GroupedStats& stats) {
  const Index p = stats.num_fixed();
  const Eigen::MatrixXd scaled =
      stats.mean.topRows(p).array().rowwise() * stats.size.array().sqrt().transpose();
  const Eigen::MatrixXd cross =
      stats.within.topLeftCorner(p, p) + scaled * scaled.transpose();
  // What rounding of the values themselves leaves of a constant column.
  const double epsilon = 4.0 * std::numeric_limits<double>::epsilon();
  const Eigen::ArrayXd noise =
      stats.num_obs() * (epsilon * stats.origin.head(p).array()).square();

  std::vector<AliasedColumn> aliased;
  std::vector<Index> kept;
  for (Index k = 0; k < p; ++k) {
    const Eigen::VectorXd with_kept = cross.col(k)(kept);
    const Eigen::LLT<Eigen::MatrixXd> chol(Eigen::MatrixXd(cross(kept, kept)));
    const Eigen::VectorXd explained = chol.matrixL().solve(with_kept);
    const double left = cross(k, k) - explained.squaredNorm();
    if (cross(k, k) > noise[k] && left > kAliasTolerance * cross(k, k)) {
      kept.push_back(k);
      continue;
    }
    AliasedColumn found{k, {}};
    const Eigen::VectorXd coefficient = chol.solve(with_kept);
    if (cross(k, k) > noise[k]) {
      for (std::size_t i = 0; i < kept.size(); ++i) {
        const Index c = kept[i];
        const double part = coefficient[static_cast<Index>(i)] * std::sqrt(cross(c, c));
        if (std::abs(part) > kSmallestShare * std::sqrt(cross(k, k)))
          found.of.push_back(c);
      }
    }
    const bool constant = stats.has_intercept && stats.origin[k] != 0.0;
    if (constant && found.of.empty()) found.of.push_back(0);
    aliased.push_back(std::move(found));
  }
  return aliased;
}

GroupedStats drop_columns(const GroupedStats& stats, const std::vector<Index>& dropped) {
  std::vector<Index> kept;
  for (Index k = 0; k <= stats.num_fixed(); ++k) {
    if (!std::binary_search(dropped.begin(), dropped.end(), k)) kept.push_back(k);
  }
  GroupedStats fewer = stats;
  fewer.within = stats.within(kept, kept);
  fewer.mean = stats.mean(kept, Eigen::all);
  fewer.origin = stats.origin(kept);
  for (Eigen::MatrixXd& within : fewer.group_within)
    within = Eigen::MatrixXd(within(kept, kept));
  return fewer;
}

}  // namespace merit
