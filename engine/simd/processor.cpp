// SPDX-License-Identifier: MIT
#include "engine/simd/processor.hpp"

#include "engine/error.hpp"

namespace merit {

bool has_lowest_simd_level() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
}

void check_processor(bool has_lowest_level) {
  if (has_lowest_level) return;
  throw UsageError(
      "this processor has not the instructions of x86-64-v2 (SSE4.2, POPCNT) that merit "
      "needs: use a machine made after 2009, or, if it is a virtual one, let its "
      "hypervisor "
      "show the host's processor");
}

}  // namespace merit
