// SPDX-License-Identifier: MIT
#include "engine/model/moments_kernel.hpp"

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

constexpr std::int64_t kTileRows = 128;  // 128 rows of 16 columns stay in the first cache
constexpr int kPanel = 4;                // rows of `cross` per pass

void deviations(const double* const* columns,
                int num_columns,
                const std::int32_t* group,
                std::int64_t count,
                int stride,
                const double* origin,
                double* rows,
                double* sums) {
  for (std::int64_t begin = 0; begin < count; begin += kTileRows) {
    const std::int64_t end = begin + kTileRows < count ? begin + kTileRows : count;
    for (int a = 0; a < num_columns; ++a) {
      const double* column = columns[a];
      for (std::int64_t i = begin; i < end; ++i)
        rows[i * stride + a] = column[i];
    }
    for (std::int64_t i = begin; i < end; ++i) {
      double* row = rows + i * stride;
      const double* from = origin + std::int64_t{group[i]} * stride;
      double* sum = sums + std::int64_t{group[i]} * stride;
      for (int a = 0; a < stride; a += kLanes) {
        const Lanes deviation = load(row + a) - load(from + a);
        store(row + a, deviation);
        store(sum + a, load(sum + a) + deviation);
      }
    }
  }
}

/// cross[a .. a+4)[b .. b+8) += Σ rows[i][a ..]ᵀ rows[i][b ..] over one tile.
MERIT_INLINE void add_panel(
    const double* rows, std::int64_t count, int stride, int a, int b, double* cross) {
  Lanes sum[kPanel];
  for (int k = 0; k < kPanel; ++k)
    sum[k] = broadcast(0.0);
  for (std::int64_t i = 0; i < count; ++i) {
    const double* row = rows + i * stride;
    const Lanes right = load(row + b);
#pragma GCC unroll 4
    for (int k = 0; k < kPanel; ++k)
      sum[k] = fma(broadcast(row[a + k]), right, sum[k]);
  }
  for (int k = 0; k < kPanel; ++k) {
    double* to = cross + std::int64_t{a + k} * stride + b;
    store(to, load(to) + sum[k]);
  }
}

void cross_products(double* rows,
                    const std::int32_t* group,
                    std::int64_t count,
                    int stride,
                    const double* shift,
                    double* cross) {
  for (std::int64_t begin = 0; begin < count; begin += kTileRows) {
    const std::int64_t in_tile = begin + kTileRows < count ? kTileRows : count - begin;
    double* tile = rows + begin * stride;
    for (std::int64_t i = 0; i < in_tile; ++i) {
      double* row = tile + i * stride;
      const double* by = shift + std::int64_t{group[begin + i]} * stride;
      for (int a = 0; a < stride; a += kLanes)
        store(row + a, load(row + a) - load(by + a));
    }
    for (int a = 0; a < stride; a += kPanel) {
      for (int b = 0; b <= a; b += kLanes)
        add_panel(tile, in_tile, stride, a, b, cross);
    }
  }
}

}  // namespace

MomentsKernel moments_kernel() {
  return {deviations, cross_products};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
