// SPDX-License-Identifier: MIT
#include "engine/model/moments_kernel.hpp"

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

constexpr std::int64_t kTileRows = 128;  // 128 rows of 16 columns stay in the first cache
constexpr int kPanel = 4;                // rows of `cross` per pass

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

void add_products(const double* rows, std::int64_t count, int stride, double* cross) {
  for (std::int64_t begin = 0; begin < count; begin += kTileRows) {
    const std::int64_t in_tile = begin + kTileRows < count ? kTileRows : count - begin;
    const double* tile = rows + begin * stride;
    for (int a = 0; a < stride; a += kPanel) {
      for (int b = 0; b <= a; b += kLanes)
        add_panel(tile, in_tile, stride, a, b, cross);
    }
  }
}

/// rows[i] −= from[group[i]], and if `sums` is given sums[group[i]] += rows[i].
MERIT_INLINE void shift_rows(double* rows,
                             const std::int32_t* group,
                             std::int64_t count,
                             int stride,
                             const double* from,
                             double* sums) {
  for (std::int64_t i = 0; i < count; ++i) {
    double* row = rows + i * stride;
    const std::int64_t at = std::int64_t{group[i]} * stride;
    for (int a = 0; a < stride; a += kLanes) {
      const Lanes deviation = load(row + a) - load(from + at + a);
      store(row + a, deviation);
      if (sums != nullptr) store(sums + at + a, load(sums + at + a) + deviation);
    }
  }
}

/// rows[i] = z_i − origin[g_i], row-major, and its sums per group. In small tiles, so that
/// the columns' strided stores stay in the first cache.
MERIT_INLINE void deviations(const MomentsAccumulator& to,
                             const double* const* columns,
                             const std::int32_t* group,
                             std::int64_t first,
                             std::int64_t count) {
  constexpr std::int64_t kTile = 32;
  for (std::int64_t begin = 0; begin < count; begin += kTile) {
    const std::int64_t in_tile = begin + kTile < count ? kTile : count - begin;
    double* rows = to.rows + begin * to.stride;
    for (int a = 0; a < to.num_columns; ++a) {
      const double* column = columns[a] + first + begin;
      for (std::int64_t i = 0; i < in_tile; ++i)
        rows[i * to.stride + a] = column[i];
    }
    shift_rows(rows, group + begin, in_tile, to.stride, to.origin, to.sums);
  }
}

void add_chunk(const MomentsAccumulator& to,
               const double* const* columns,
               const std::int32_t* group,
               std::int64_t first,
               std::int64_t count) {
  std::int64_t num_touched = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (to.counts[group[i]] == 0.0) to.touched[num_touched++] = group[i];
    to.counts[group[i]] += 1.0;
  }
  deviations(to, columns, group, first, count);
  for (std::int64_t t = 0; t < num_touched; ++t) {
    const std::int64_t j = to.touched[t];
    double* sum = to.sums + j * to.stride;
    for (int a = 0; a < to.stride; ++a)
      sum[a] /= to.counts[j];  // now the chunk's mean
  }
  shift_rows(to.rows, group, count, to.stride, to.sums, nullptr);
  for (std::int64_t t = 0; t < num_touched; ++t) {
    const std::int64_t j = to.touched[t];
    double* mean = to.sums + j * to.stride;
    double* offset = to.offset + j * to.stride;
    double* row = to.rows + (count + t) * to.stride;
    const double before = to.size[j], here = to.counts[j], total = before + here;
    const double weight = __builtin_sqrt(before * here / total);
    const double share = here / total;
    for (int a = 0; a < to.stride; ++a) {
      const double delta = mean[a] - offset[a];
      row[a] = weight * delta;
      offset[a] = before == 0.0 ? mean[a] : offset[a] + share * delta;
      mean[a] = 0.0;
    }
    to.size[j] = total;
    to.counts[j] = 0.0;
  }
  add_products(to.rows, count + num_touched, to.stride, to.cross);
}

void add_rows(const MomentsAccumulator& to,
              const double* const* columns,
              const std::int32_t* group,
              std::int64_t count) {
  const std::int64_t chunk = moments_chunk(to.stride);
  for (std::int64_t first = 0; first < count; first += chunk) {
    add_chunk(
        to, columns, group + first, first, first + chunk < count ? chunk : count - first);
  }
}

}  // namespace

MomentsKernel moments_kernel() {
  return {add_rows, add_products};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
