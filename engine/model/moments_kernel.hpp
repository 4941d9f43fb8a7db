// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/simd/level.hpp"

namespace merit {

/// Moments per group that rows are being added to, as plain arrays; `stride` is the number
/// of columns rounded up to a multiple of 8, the padding is 0.
struct MomentsAccumulator {
  int num_columns, stride;
  const double* origin;  ///< g × stride
  double* size;          ///< g, rows so far
  double* offset;        ///< g × stride, mean so far − origin
  double* cross;  ///< stride × stride, Σ_j W_j so far; blocks on and below the diagonal

  // Scratch. `sums`, `counts` and the padding of `rows` are 0 between calls.
  double* rows;           ///< moments_rows(stride) × stride
  double* sums;           ///< g × stride
  double* counts;         ///< g
  std::int32_t* touched;  ///< moments_chunk(stride)
};

/// Rows that are worked on at a time: about 256 kB, which stays in the second cache.
constexpr std::int64_t moments_chunk(int stride) {
  return 32'768 / stride;
}
/// A chunk's rows, and as many more for its groups.
constexpr std::int64_t moments_rows(int stride) {
  return 2 * moments_chunk(stride);
}

/// Inner loops of engine/model/group_moments.cpp, compiled per instruction-set level. Each
/// sum runs over its rows in order, one fused multiply-add per term, so that all levels
/// give the same bits.
struct MomentsKernel {
  /// Adds rows, given as columns. A chunk's own group means come first, then products of
  /// deviations from them; what lies between the chunk's mean and the group's mean so far
  /// (δ, n_a and n_b rows) enters as one more row √(n_a n_b/(n_a + n_b)) δ.
  void (*add_rows)(const MomentsAccumulator& to,
                   const double* const* columns,
                   const std::int32_t* group,
                   std::int64_t count);

  /// cross += Σ rows[i] rows[i]ᵀ of row-major rows.
  void (*add_products)(const double* rows, std::int64_t count, int stride, double* cross);
};

MomentsKernel moments_kernel(SimdLevel level);

namespace simd_v2 {
MomentsKernel moments_kernel();
}
namespace simd_v3 {
MomentsKernel moments_kernel();
}
namespace simd_v4 {
MomentsKernel moments_kernel();
}

}  // namespace merit
