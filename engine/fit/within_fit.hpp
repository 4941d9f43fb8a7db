// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <Eigen/Dense>

#include "engine/model/grouped_stats.hpp"

namespace merit {

/// The regression of y on X with an intercept for every group: what λ → ∞ leaves.
///
/// Its residual sum of squares is W_yy − W_yx W_xx⁻ W_xy, the S₀ of engine/fit/rotated_form.hpp,
/// here without a difference of large numbers.
struct WithinFit {
  Eigen::Index rank = 0;  ///< of W_xx: directions of X that vary within groups
  double rss = 0.0;       ///< S₀, residual sum of squares
  bool exact = false;     ///< X and the groups leave nothing of y but rounding errors
};

/// Cost O(p³).
WithinFit fit_within(const GroupedStats& stats);

/// Which of the p columns of X vary within groups by more than rounding errors.
std::vector<bool> varies_within(const GroupedStats& stats);

}  // namespace merit
