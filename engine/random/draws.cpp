// SPDX-License-Identifier: MIT
#include "engine/random/draws_kernel.hpp"

namespace merit {

DrawKernels draw_kernels(SimdLevel level) {
  return at_level(
      level, simd_v2::draw_kernels, simd_v3::draw_kernels, simd_v4::draw_kernels)();
}

}  // namespace merit
