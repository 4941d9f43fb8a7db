// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/simd/level.hpp"

namespace merit {

/// Rows that are worked on at a time: 128 rows of 16 columns stay in the first cache.
inline constexpr std::int64_t kMomentsTile = 128;

/// Sums over rows z_i of groups g_i, as plain arrays; `stride` is the number of columns
/// rounded up to a multiple of 8, the padding is 0.
struct MomentsSums {
  int num_columns, stride;
  const double* origin;  ///< groups × stride, any value near the group's mean
  double* sum;           ///< groups × stride, Σ (z_i − origin)
  double* cross;  ///< stride × stride, Σ (z_i − origin)(z_i − origin)ᵀ over all groups,
                  ///< blocks on and below the diagonal only
  double* tile;  ///< kMomentsTile × stride, scratch; its padding is 0
};

/// Inner loops of engine/model/group_moments.cpp, compiled per instruction-set level. Each
/// sum runs over its rows in order, one fused multiply-add per term, so that all levels
/// give the same bits.
struct MomentsKernel {
  /// Adds `count` rows, given as columns.
  void (*add_rows)(const MomentsSums& to,
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
