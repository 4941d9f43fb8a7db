// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace merit {

/// What sampling weights of rows are made to add up to in each group (engine/model/sampling_weights.hpp).
enum class WeightScaling {
  size,       ///< to add up to the group's rows:            w n/Σw
  effective,  ///< to add up to its effective sample size:   w Σw/Σw²
  none        ///< as they are
};
std::string_view name(WeightScaling scaling);

}  // namespace merit
