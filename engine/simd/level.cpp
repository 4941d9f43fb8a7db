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

ProcessorFeatures processor_features() {
  __builtin_cpu_init();
  return {.v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"),
          .v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                __builtin_cpu_supports("bmi2"),
          .v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd")};
}

SimdLevel highest_level(const ProcessorFeatures& features) {
  if (!features.v2) {
    throw UsageError(
        "this processor has not the instructions of x86-64-v2 (SSE4.2, POPCNT) that "
        "merit "
        "needs: use a machine made after 2009, or, if it is a virtual one, let its "
        "hypervisor show the host's processor");
  }
  if (!features.v3) return SimdLevel::v2;
  return features.v4 ? SimdLevel::v4 : SimdLevel::v3;
}

SimdLevel highest_simd_level() {
  return highest_level(processor_features());
}

void check_processor() {
  highest_simd_level();
}

}  // namespace merit
