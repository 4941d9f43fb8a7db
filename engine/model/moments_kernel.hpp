// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/simd/level.hpp"

namespace merit {

/// Inner loops of engine/model/group_moments.cpp, compiled per instruction-set level.
///
/// Rows lie row-major with `stride` doubles each (a multiple of 8, zero padded). Each sum
/// runs over its rows in order, one fused multiply-add per term, so that all levels give
/// the same bits.
struct MomentsKernel {
  /// rows[i] = z_i − origin[g_i] and sums[g_i] += rows[i], for `count` rows z given as
  /// `num_columns` columns; `origin` and `sums` are groups × stride.
  void (*deviations)(const double* const* columns,
                     int num_columns,
                     const std::int32_t* group,
                     std::int64_t count,
                     int stride,
                     const double* origin,
                     double* rows,
                     double* sums);

  /// rows[i] −= shift[g_i], then cross += Σ rows[i] rows[i]ᵀ, blocks on and below the
  /// diagonal only. `cross` is stride × stride, row-major.
  void (*cross_products)(double* rows,
                         const std::int32_t* group,
                         std::int64_t count,
                         int stride,
                         const double* shift,
                         double* cross);
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
