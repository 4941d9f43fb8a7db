// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/simd/level.hpp"

namespace merit::testing {

/// The instruction-set levels that this processor has.
inline std::vector<SimdLevel> simd_levels() {
  std::vector<SimdLevel> levels;
  for (const SimdLevel level : {SimdLevel::v2, SimdLevel::v3, SimdLevel::v4}) {
    if (level <= highest_simd_level()) levels.push_back(level);
  }
  return levels;
}

/// One of three per-level values.
template <class T>
T at_level(SimdLevel level, T v2, T v3, T v4) {
  return level == SimdLevel::v4 ? v4 : level == SimdLevel::v3 ? v3 : v2;
}

}  // namespace merit::testing
