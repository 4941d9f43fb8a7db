// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/random/purpose.hpp"
#include "engine/simd/level.hpp"

namespace merit {

/// Draws from the stream (seed, purpose, task), eight at a time: number i is the same however
/// many are asked for.
struct DrawKernels {
  /// Standard normals. @param count  a multiple of 8
  void (*normals)(std::uint64_t seed,
                  Purpose purpose,
                  std::int64_t task,
                  std::int64_t count,
                  double* out);
  /// Uniforms on [0, 1). @param count  a multiple of 8
  void (*uniforms)(std::uint64_t seed,
                   Purpose purpose,
                   std::int64_t task,
                   std::int64_t count,
                   double* out);
};

DrawKernels draw_kernels(SimdLevel level);

namespace simd_v2 {
DrawKernels draw_kernels();
}
namespace simd_v3 {
DrawKernels draw_kernels();
}
namespace simd_v4 {
DrawKernels draw_kernels();
}

}  // namespace merit
