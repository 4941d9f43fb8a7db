// SPDX-License-Identifier: MIT
#pragma once

// Sums of columns and of their products over packs of eight rows; for *_kernel.cpp.

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// One tile: columns a … a + A − 1 against b … b + B − 1, whose accumulators fit in registers.
template <int A, int B>
MERIT_INLINE void add_tile(const double* x,
                           const double* w,
                           std::int64_t packs,
                           int p,
                           int a,
                           int b,
                           double* products) {
  Lanes sum[A][B];
  for (int i = 0; i < A; ++i) {
    for (int k = 0; k < B; ++k)
      sum[i][k] = broadcast(0.0);
  }
  for (std::int64_t pack = 0; pack < packs; ++pack) {
    const double* columns = x + pack * p * kLanes;
    const Lanes weight = load(w + pack * kLanes);
    Lanes left[A];
    for (int i = 0; i < A; ++i)
      left[i] = load(columns + std::int64_t{a + i} * kLanes) * weight;
    for (int k = 0; k < B; ++k) {
      const Lanes right = load(columns + std::int64_t{b + k} * kLanes);
      for (int i = 0; i < A; ++i)
        sum[i][k] = fma(left[i], right, sum[i][k]);
    }
  }
  for (int i = 0; i < A; ++i) {
    for (int k = 0; k < B && b + k <= a + i; ++k) {
      double* to = products + (std::int64_t{a + i} * (a + i + 1) / 2 + b + k) * kLanes;
      store(to, load(to) + sum[i][k]);
    }
  }
}

/// sums[a] += Σ_i x_ia r_i, lane by lane. x: packs × p × 8, sums: p × 8.
inline MERIT_ONCE void add_columns(
    const double* x, const double* r, std::int64_t packs, int p, double* sums) {
  const std::int64_t stride = std::int64_t{p} * kLanes;
  for (int a = 0; a < p; ++a) {
    const double* column = x + std::int64_t{a} * kLanes;
    Lanes sum = load(sums + std::int64_t{a} * kLanes);
    for (std::int64_t i = 0; i < packs; ++i)
      sum = fma(load(column + i * stride), load(r + i * kLanes), sum);
    store(sums + std::int64_t{a} * kLanes, sum);
  }
}

/// Rows of tiles for one or two columns a: three columns b at a time, up to the diagonal.
template <int A>
MERIT_INLINE void add_tiles(const double* x,
                            const double* w,
                            std::int64_t packs,
                            int p,
                            int a,
                            double* products) {
  const int last = a + A;  // b < last
  int b = 0;
  for (; b + 3 <= last; b += 3)
    add_tile<A, 3>(x, w, packs, p, a, b, products);
  if (last - b == 2) add_tile<A, 2>(x, w, packs, p, a, b, products);
  if (last - b == 1) add_tile<A, 1>(x, w, packs, p, a, b, products);
}

/// products[ab] += Σ_i x_ia w_i x_ib for b ≤ a, lane by lane; ab = a (a + 1)/2 + b.
inline MERIT_ONCE void add_weighted_products(
    const double* x, const double* w, std::int64_t packs, int p, double* products) {
  constexpr std::int64_t kTile = 32;  // packs that stay in the first cache
  for (std::int64_t first = 0; first < packs; first += kTile) {
    const std::int64_t count = packs - first < kTile ? packs - first : kTile;
    const double* rows = x + first * p * kLanes;
    const double* weights = w + first * kLanes;
    int a = 0;
    for (; a + 2 <= p; a += 2)
      add_tiles<2>(rows, weights, count, p, a, products);
    if (a < p) add_tiles<1>(rows, weights, count, p, a, products);
  }
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
