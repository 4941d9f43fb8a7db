// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "engine/model/grouped_stats.hpp"

namespace merit {

/// A column whose squares do not fit into a double: deviations beyond 1e150 overflow, those
/// below 1e-145 lose their digits, and what is fitted then would be wrong without a sign.
struct MagnitudeProblem {
  Eigen::Index column = 0;  ///< of z = [x, y]
  double deviation = 0.0;   ///< typical size; +∞ if not even that can be told
};

/// The first such column of the data, or nothing.
std::optional<MagnitudeProblem> magnitude_problem(const GroupedStats& stats);

}  // namespace merit
