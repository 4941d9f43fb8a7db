// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/simd/level.hpp"

namespace merit {

/// Rows that are worked on at a time: the deviations of 256 rows of 12 columns stay in the
/// first cache. From one column to the next it is a little more, because columns at
/// distances of a power of two would meet in the same few lines of the cache.
inline constexpr std::int64_t kMomentsTile = 256;
inline constexpr std::int64_t kMomentsPitch = kMomentsTile + 8;

/// Of a group, the origins of its columns and the sums of deviations from them, side by
/// side: four origins and four sums to a cache line, then the next four columns.
///
/// cell(a) is where column a's origin stands in the group's cells, its sum four behind.
constexpr int group_cells(int num_columns) {
  return (num_columns + 3) / 4 * 8;
}
constexpr int cell(int column) {
  return column / 4 * 8 + column % 4;
}
inline constexpr int kCellOfSum = 4;

/// Sums over rows z_i of groups g_i, as plain arrays. With d_i = z_i − origin of g_i, where
/// the origin is any value near the group's mean:
struct MomentsSums {
  int num_columns;  ///< c
  double* cells;    ///< groups × group_cells(c), on a cache line; sums are Σ d_i
  double* cross;    ///< Σ d_i d_iᵀ over all groups: see `cross_size`
  double* tile;     ///< tile_size(c), scratch
};
constexpr std::int64_t tile_size(int num_columns) {
  return (num_columns + 7) / 8 * 8 * kMomentsPitch;
}

/// Sums per pair of columns: rows 0, 8, 16 … of a tile have their own, rows 1, 9, 17 …, and
/// so on.
inline constexpr int kMomentsSums = 8;

/// Doubles in MomentsSums::cross: for each pair (a, b), b ≤ a, of columns, in the order of a
/// lower triangle row by row, its kMomentsSums sums. Their `cross_total` is the product.
constexpr std::int64_t cross_size(int num_columns) {
  return std::int64_t{num_columns} * (num_columns + 1) / 2 * kMomentsSums;
}
constexpr double cross_total(const double* sums) {
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
         ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/// Inner loops of engine/model/moments_builder.cpp, compiled per instruction-set level. Each
/// sum has its own order, one fused multiply-add per term, so that all levels give the same
/// bits.
struct MomentsKernel {
  /// Adds `count` rows, given as columns, to sums and cross.
  /// @param at  of each row, where its group's cells begin
  void (*add_rows)(const MomentsSums& to,
                   const double* const* columns,
                   const std::int32_t* at,
                   std::int64_t count);

  /// The same with a matrix of its own for each group: cross is groups × c × width, where
  /// width is c rounded up to a multiple of 8; elements b ≤ a of each matrix count.
  void (*add_rows_apart)(const MomentsSums& to,
                         const double* const* columns,
                         const std::int32_t* at,
                         std::int64_t count);

  /// cross += Σ rows[i] rows[i]ᵀ of row-major rows of `stride` numbers, a multiple of 4.
  void (*add_products)(const MomentsSums& to,
                       const double* rows,
                       int stride,
                       std::int64_t count);
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
