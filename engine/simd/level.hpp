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

/// What of a processor's instruction sets decides its level.
struct ProcessorFeatures {
  bool v2 = false;  ///< SSE4.2, POPCNT and what came before
  bool v3 = false;  ///< AVX2, FMA, BMI2
  bool v4 = false;  ///< AVX-512 F, DQ, BW, VL, CD
};

ProcessorFeatures processor_features();

/// The highest level of a processor.
/// @throws UsageError if it has not even v2
SimdLevel highest_level(const ProcessorFeatures& features);

/// The highest level of this processor.
SimdLevel highest_simd_level();

/// For main, before anything else: a rank that cannot compute ends before the others wait for
/// it. @throws UsageError
void check_processor();

/// The one of three, e.g. functions, that belongs to a level.
template <class T>
constexpr T at_level(SimdLevel level, T v2, T v3, T v4) {
  return level == SimdLevel::v4 ? v4 : level == SimdLevel::v3 ? v3 : v2;
}

}  // namespace merit
