// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace merit {

/// Instruction-set levels of the x86-64 psABI for which the kernels are compiled. The level
/// changes speed alone: all levels give the same bits (engine/simd/lanes.hpp).
enum class SimdLevel { v2, v3, v4 };

/// "x86-64-v2", "x86-64-v3", "x86-64-v4"
std::string_view name(SimdLevel level);

/// @throws UsageError if `text` names no level
SimdLevel parse_simd_level(std::string_view text);

/// The highest level of this processor; v2 is taken for granted.
SimdLevel highest_simd_level();

/// The one of three, e.g. functions, that belongs to a level.
template <class T>
constexpr T at_level(SimdLevel level, T v2, T v3, T v4) {
  return level == SimdLevel::v4 ? v4 : level == SimdLevel::v3 ? v3 : v2;
}

}  // namespace merit
