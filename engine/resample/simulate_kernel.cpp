// SPDX-License-Identifier: MIT
#include "engine/resample/simulate_kernel.hpp"

#include "engine/random/random_lanes.hpp"
#include "engine/simd/lanes_normal.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// Lane l of block d draws from block 8 d + l of the task's stream.
MERIT_INLINE RandomBits bits_of_block(const RandomLanes& stream, std::int64_t block) {
  return random_bits(stream, consecutive(block * kLanes));
}

void uniforms(std::uint64_t seed,
              std::int64_t task,
              std::int64_t first,
              std::int64_t packs,
              double* out) {
  const RandomLanes stream{seed, Purpose::simulated_responses, broadcast_int(task)};
  for (std::int64_t pack = first - first % 2; pack < first + packs; pack += 2) {
    const RandomBits bits = bits_of_block(stream, pack / 2);
    double* to = out + (pack - first) * kLanes;
    if (pack >= first) store(to, uniform(bits.first));
    if (pack + 1 < first + packs) store(to + kLanes, uniform(bits.second));
  }
}

void predictors(const double* x,
                const double* offset,
                const double* beta,
                int p,
                std::int64_t packs,
                double* eta) {
  for (std::int64_t i = 0; i < packs; ++i) {
    Lanes sum = offset == nullptr ? broadcast(0.0) : load(offset + i * kLanes);
    for (int a = 0; a < p; ++a, x += kLanes)
      sum = fma(load(x), broadcast(beta[a]), sum);
    store(eta + i * kLanes, sum);
  }
}

void exponentials(const double* eta, double shift, std::int64_t packs, double* out) {
  for (std::int64_t i = 0; i < packs * kLanes; i += kLanes)
    store(out + i, exp(load(eta + i) + broadcast(shift)));
}

void normal_cdf_of(const double* eta, double shift, std::int64_t packs, double* out) {
  for (std::int64_t i = 0; i < packs * kLanes; i += kLanes)
    store(out + i, normal_cdf(load(eta + i) + broadcast(shift)));
}

void cloglog_cdf_of(const double* eta, double shift, std::int64_t packs, double* out) {
  for (std::int64_t i = 0; i < packs * kLanes; i += kLanes) {
    const Lanes rate = exp(load(eta + i) + broadcast(shift));
    store(out + i, broadcast(1.0) - exp(-rate));
  }
}

void logit_events(
    const double* eta, double shift, const double* u, std::int64_t packs, double* y) {
  for (std::int64_t i = 0; i < packs * kLanes; i += kLanes) {
    const Lanes e = exp(load(eta + i) + broadcast(shift));
    const IntLanes event = load(u + i) * (broadcast(1.0) + e) < e;
    store(y + i, select(event, broadcast(1.0), broadcast(0.0)));
  }
}

}  // namespace

SimulateKernels simulate_kernels() {
  return {
      uniforms, predictors, exponentials, normal_cdf_of, cloglog_cdf_of, logit_events};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
