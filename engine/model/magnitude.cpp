// SPDX-License-Identifier: MIT
#include "engine/model/magnitude.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace merit {
namespace {

constexpr double kLargest = 1e150;
constexpr double kSmallest = 1e-145;

}  // namespace

std::optional<MagnitudeProblem> magnitude_problem(const GroupedStats& stats) {
  for (Eigen::Index k = 0; k < stats.within.rows(); ++k) {
    const double between = stats.mean.row(k).maxCoeff() - stats.mean.row(k).minCoeff();
    const double within = std::sqrt(stats.within(k, k) / stats.num_obs());
    const double deviation = std::max(between, within);
    if (!(deviation <= kLargest) || !stats.mean.row(k).allFinite()) {
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      return MagnitudeProblem{k, std::isfinite(deviation) ? deviation : kInfinity};
    }
    if (deviation > 0.0 && deviation < kSmallest) return MagnitudeProblem{k, deviation};
  }
  return std::nullopt;
}

}  // namespace merit
