// SPDX-License-Identifier: MIT
#include "engine/random/draws_kernel.hpp"

#include "engine/random/random_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// Lane l of block d draws from block 8 d + l of the task's stream: two numbers each.
MERIT_INLINE RandomBits bits_of_block(const RandomLanes& stream, std::int64_t block) {
  return random_bits(stream, consecutive(block * kLanes));
}

void normals(std::uint64_t seed,
             Purpose purpose,
             std::int64_t task,
             std::int64_t count,
             double* out) {
  const RandomLanes stream{seed, purpose, broadcast_int(task)};
  for (std::int64_t i = 0; i < count; i += 2 * kLanes) {
    const RandomBits bits = bits_of_block(stream, i / (2 * kLanes));
    const Lanes u = broadcast(1.0) - uniform(bits.first);  // (0, 1]
    const Lanes radius = sqrt(broadcast(-2.0) * log(u));
    const SinCos angle = sincos_turns(uniform(bits.second));
    store(out + i, radius * angle.cosine);
    if (i + kLanes < count) store(out + i + kLanes, radius * angle.sine);
  }
}

void uniforms(std::uint64_t seed,
              Purpose purpose,
              std::int64_t task,
              std::int64_t count,
              double* out) {
  const RandomLanes stream{seed, purpose, broadcast_int(task)};
  for (std::int64_t i = 0; i < count; i += 2 * kLanes) {
    const RandomBits bits = bits_of_block(stream, i / (2 * kLanes));
    store(out + i, uniform(bits.first));
    if (i + kLanes < count) store(out + i + kLanes, uniform(bits.second));
  }
}

}  // namespace

DrawKernels draw_kernels() {
  return {normals, uniforms};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
