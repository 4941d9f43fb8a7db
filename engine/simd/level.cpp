// SPDX-License-Identifier: MIT
#include "engine/simd/level.hpp"

#include "engine/error.hpp"

namespace merit {

std::string_view name(SimdLevel level) {
  switch (level) {
    case SimdLevel::v2:
      return "x86-64-v2";
    case SimdLevel::v3:
      return "x86-64-v3";
    case SimdLevel::v4:
      return "x86-64-v4";
  }
  return "";
}

SimdLevel parse_simd_level(std::string_view text) {
  for (const SimdLevel level : {SimdLevel::v2, SimdLevel::v3, SimdLevel::v4}) {
    if (text == name(level)) return level;
  }
  throw UsageError("--simd " + std::string(text) +
                   ": not a level; use x86-64-v2, x86-64-v3 or x86-64-v4");
}

SimdLevel highest_simd_level() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi2");
  const bool v4 =
      v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd");
  return v4 ? SimdLevel::v4 : v3 ? SimdLevel::v3 : SimdLevel::v2;
}

}  // namespace merit
