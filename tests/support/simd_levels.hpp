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

}  // namespace merit::testing
