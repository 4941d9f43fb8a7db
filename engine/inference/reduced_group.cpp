// SPDX-License-Identifier: MIT
#include "engine/inference/reduced_group.hpp"

#include <cassert>
#include <cmath>

#include "engine/fit/pivot_tolerance.hpp"

namespace merit {

ReducedGroup reduce_group(const GroupedStats& stats, Eigen::Index group) {
  assert(!stats.group_within.empty());
  const Eigen::Index p = stats.num_fixed();
  const Eigen::MatrixXd& W = stats.group_within[static_cast<std::size_t>(group)];
  const double n = stats.size[group];
  // Cholesky factorisation of [X y]'s products that passes over columns without a pivot.
  Eigen::MatrixXd R = Eigen::MatrixXd::Zero(p, p + 1);
  Eigen::Index rank = 0;
  for (Eigen::Index a = 0; a < p; ++a) {
    const double pivot = W(a, a) - R.col(a).head(rank).squaredNorm();
    const double mean = stats.mean(a, group) + stats.origin[a];
    constexpr double kRoundingSquared = 1e-30;  // a mean computed in different ways
    if (!(pivot > kPivotTolerance * W(a, a) &&
          W(a, a) > kRoundingSquared * n * mean * mean))
      continue;
    R(rank, a) = std::sqrt(pivot);
    for (Eigen::Index b = a + 1; b <= p; ++b) {
      R(rank, b) = (W(a, b) - R.col(a).head(rank).dot(R.col(b).head(rank))) / R(rank, a);
    }
    ++rank;
  }
  ReducedGroup out;
  out.X.resize(rank + 1, p);
  out.y.resize(rank + 1);
  const double root = std::sqrt(n);
  out.X.row(0) = root * stats.mean.col(group).head(p).transpose();
  out.y[0] = root * stats.mean(p, group);
  out.X.bottomRows(rank) = R.topLeftCorner(rank, p);
  out.y.tail(rank) = R.col(p).head(rank);
  return out;
}

}  // namespace merit
