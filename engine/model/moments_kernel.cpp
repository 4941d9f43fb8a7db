// SPDX-License-Identifier: MIT
#include "engine/model/moments_kernel.hpp"

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

constexpr int kPanel = 4;  // rows of `cross` per pass

/// cross[a .. a+4)[b .. b+8) += Σ rows[i][a ..]ᵀ rows[i][b ..] over one tile.
MERIT_INLINE void add_panel(
    const double* rows, std::int64_t count, int stride, int a, int b, double* cross) {
  Lanes sum0 = broadcast(0.0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double* row = rows + i * stride;
    const Lanes right = load(row + b);
    sum0 = fma(broadcast(row[a]), right, sum0);
    sum1 = fma(broadcast(row[a + 1]), right, sum1);
    sum2 = fma(broadcast(row[a + 2]), right, sum2);
    sum3 = fma(broadcast(row[a + 3]), right, sum3);
  }
  double* to = cross + std::int64_t{a} * stride + b;
  store(to, load(to) + sum0);
  store(to + stride, load(to + stride) + sum1);
  store(to + 2 * stride, load(to + 2 * stride) + sum2);
  store(to + 3 * stride, load(to + 3 * stride) + sum3);
}

MERIT_INLINE void add_tile(const double* rows,
                           std::int64_t count,
                           int stride,
                           double* cross) {
  for (int a = 0; a < stride; a += kPanel) {
    for (int b = 0; b <= a; b += kLanes)
      add_panel(rows, count, stride, a, b, cross);
  }
}

void add_products(const double* rows, std::int64_t count, int stride, double* cross) {
  for (std::int64_t begin = 0; begin < count; begin += kMomentsTile) {
    const std::int64_t left = count - begin;
    add_tile(
        rows + begin * stride, left < kMomentsTile ? left : kMomentsTile, stride, cross);
  }
}

void add_rows(const MomentsSums& to,
              const double* const* columns,
              const std::int32_t* group,
              std::int64_t count) {
  const int stride = to.stride;
  for (std::int64_t begin = 0; begin < count; begin += kMomentsTile) {
    const std::int64_t left = count - begin;
    const std::int64_t in_tile = left < kMomentsTile ? left : kMomentsTile;
    for (int a = 0; a < to.num_columns; ++a) {  // columns to rows
      const double* column = columns[a] + begin;
      for (std::int64_t i = 0; i < in_tile; ++i)
        to.tile[i * stride + a] = column[i];
    }
    for (std::int64_t i = 0; i < in_tile; ++i) {
      const std::int64_t at = std::int64_t{group[begin + i]} * stride;
      double* row = to.tile + i * stride;
      for (int a = 0; a < stride; a += kLanes) {
        const Lanes deviation = load(row + a) - load(to.origin + at + a);
        store(row + a, deviation);
        store(to.sum + at + a, load(to.sum + at + a) + deviation);
      }
    }
    add_tile(to.tile, in_tile, stride, to.cross);
  }
}

}  // namespace

MomentsKernel moments_kernel() {
  return {add_rows, add_products};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
