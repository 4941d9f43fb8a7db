// SPDX-License-Identifier: MIT
#pragma once

// The rotated form (engine/fit/rotated_form.hpp) of eight data sets at once; for *_kernel.cpp.
//
//     f(λ) = d log S(λ) + D(λ),   S(λ) = S₀ + Σ w_i²/(1 + λμ_i)
//     D(λ) = Σ log(1 + λμ_i) (REML), Σ_j log(1 + λn_j) (ML)
//
// is the profiled deviance but for constants.

#include "engine/fit/lambda_search.hpp"
#include "engine/fit/rotated_constants.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// One data set per lane, in rotated form.
struct RotatedData {
  const Lanes* w;         // r
  const Lanes* w_square;  // r
  Lanes S0;
};

/// exp(deviance/d) on the grid but for a factor, four points at a time: deviance/d is
/// log S + log-determinant/d, and products of S need no division and no logarithm.
MERIT_INLINE void scan_grid(const RotatedConstants& m,
                            const RotatedData& data,
                            Lanes* value) {
  constexpr int kAtOnce = 4;
  for (int k = 0; k < m.num_grid; k += kAtOnce) {
    const double* shrink[kAtOnce];
    Lanes sum[kAtOnce];
    for (int t = 0; t < kAtOnce; ++t) {
      const int point = k + t < m.num_grid ? k + t : m.num_grid - 1;
      shrink[t] = m.grid_shrink + std::int64_t{point} * m.r;
      sum[t] = data.S0;
    }
    for (int i = 0; i < m.r; ++i) {
      const Lanes square = data.w_square[i];
#pragma GCC unroll 4
      for (int t = 0; t < kAtOnce; ++t)
        sum[t] = fma(square, broadcast(shrink[t][i]), sum[t]);
    }
    for (int t = 0; t < kAtOnce && k + t < m.num_grid; ++t) {
      value[k + t] = sum[t] * broadcast(m.grid_factor[k + t]);
    }
  }
}

MERIT_INLINE Slope slope_at(const RotatedConstants& m,
                            const RotatedData& data,
                            Lanes lambda) {
  const Lanes one = broadcast(1.0);
  Lanes S = data.S0, S1 = broadcast(0.0), S2 = S1, D1 = S1, D2 = S1;
  for (int i = 0; i < m.r; ++i) {
    const Lanes mu = broadcast(m.mu[i]);
    const Lanes shrink = one / fma(lambda, mu, one);
    const Lanes u = mu * shrink;
    const Lanes q = data.w_square[i] * shrink;
    const Lanes qu = q * u;
    S = S + q;
    S1 = S1 + qu;
    S2 = fma(qu, u, S2);
    D1 = D1 + u;
    D2 = fma(u, u, D2);
  }
  if (!m.reml) {
    D1 = D2 = broadcast(0.0);
    for (int g = 0; g < m.num_sizes; ++g) {
      const Lanes size = broadcast(m.size[g]);
      const Lanes u = size / fma(lambda, size, one);
      const Lanes count = broadcast(m.size_count[g]);
      D1 = fma(count, u, D1);
      D2 = fma(count * u, u, D2);
    }
  }
  // f = d log S + D, S′ = −S1, S″ = 2 S2, D′ = D1, D″ = −D2
  const Lanes d = broadcast(m.criterion_df);
  const Lanes ratio = S1 / S;
  const Lanes curvature = broadcast(2.0) * (S2 / S) - ratio * ratio;
  return {D1 - d * ratio, d * curvature - D2, -ratio};
}

/// Σ log(1 + λ x_i) c_i from products of eight factors: one logarithm for eight terms.
MERIT_INLINE Lanes sum_of_logs(Lanes lambda, const double* x, int count) {
  const Lanes one = broadcast(1.0);
  Lanes sum = broadcast(0.0);
  for (int i = 0; i < count; i += 8) {
    Lanes product = one;
    for (int t = i; t < i + 8 && t < count; ++t) {
      product = product * fma(lambda, broadcast(x[t]), one);
    }
    sum = sum + log(product);
  }
  return sum;
}

MERIT_INLINE Lanes weighted_sum_of_logs(Lanes lambda,
                                        const double* x,
                                        const double* weight,
                                        int count) {
  const Lanes one = broadcast(1.0);
  Lanes sum = broadcast(0.0);
  for (int i = 0; i < count; ++i) {
    sum = fma(broadcast(weight[i]), log(fma(lambda, broadcast(x[i]), one)), sum);
  }
  return sum;
}

/// The log-determinant of the criterion but for log|XᵀX|.
MERIT_INLINE Lanes log_determinant(const RotatedConstants& m, Lanes lambda) {
  return m.reml ? sum_of_logs(lambda, m.mu, m.r)
                : weighted_sum_of_logs(lambda, m.size, m.size_count, m.num_sizes);
}

/// λ̂ of each lane. @param value  scratch, num_grid
MERIT_INLINE FoundLambda find_rotated_lambda(const RotatedConstants& m,
                                             const RotatedData& data,
                                             Lanes* value) {
  const Lanes one = broadcast(1.0), d = broadcast(m.criterion_df);
  scan_grid(m, data, value);
  return find_lambda(
      m.grid,
      m.num_grid,
      value,
      broadcast_int(-1),
      m.search_offset,
      [&](Lanes lambda)
          __attribute__((always_inline)) { return slope_at(m, data, lambda); },
      [&](Lanes lambda) __attribute__((always_inline)) {
        Lanes S = data.S0;
        for (int i = 0; i < m.r; ++i)
          S = S + data.w_square[i] / fma(lambda, broadcast(m.mu[i]), one);
        return fma(d, log(S), log_determinant(m, lambda));
      });
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
