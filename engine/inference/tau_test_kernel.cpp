// SPDX-License-Identifier: MIT
#include "engine/inference/tau_test_kernel.hpp"

#include "engine/fit/rotated_lanes.hpp"
#include "engine/random/random_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

void draw(const RotatedConstants& m,
          std::uint64_t seed,
          std::int64_t first,
          double* statistic,
          double* scratch) {
  auto* w = reinterpret_cast<Lanes*>(scratch);
  Lanes* w_square = w + m.r;
  Lanes* value = w_square + m.r + 1;
  const RandomLanes stream{seed, Purpose::tau_test, consecutive(first)};
  fill_normals(stream, 0, m.r, w);
  const RotatedData data{
      w,
      w_square,
      chi_squared(stream, static_cast<std::uint32_t>((m.r + 1) / 2), m.residual_df)};
  Lanes total = data.S0;
  for (int i = 0; i < m.r; ++i) {
    w_square[i] = w[i] * w[i];
    total = total + w_square[i];
  }
  const FoundLambda found = find_rotated_lambda(m, data, value);
  Lanes S = data.S0;
  for (int i = 0; i < m.r; ++i)
    S = S + w_square[i] / fma(found.lambda, broadcast(m.mu[i]), broadcast(1.0));
  // f(0) − f(λ̂); rounding errors of a statistic of 0 are cut off.
  const Lanes drop =
      broadcast(m.criterion_df) * log(total / S) - log_determinant(m, found.lambda);
  store(statistic, max(drop, broadcast(0.0)));
}

}  // namespace

TauTestKernel tau_test_kernel() {
  return draw;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
