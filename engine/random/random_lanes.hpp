// SPDX-License-Identifier: MIT
#pragma once

// Random numbers for eight replicates at once.
//
// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as
// 1, 2, 3") maps a counter of 128 bits under a key of 64 bits to 128 random bits. Here
//
//     key = seed          counter = (draw, task low, task high, purpose)
//
// so that block `draw` of the stream of task r is a pure function of (seed, purpose, r,
// draw): nothing is stored, sent or shared, and any replicate can be made again alone.
// engine/random/stream.hpp makes the same numbers one task at a time with Random123.

#include "engine/random/purpose.hpp"
#include "engine/simd/lanes_math.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// The streams of eight tasks.
struct RandomLanes {
  std::uint64_t seed;
  Purpose purpose;
  IntLanes task;
};

/// 128 random bits per lane.
struct RandomBits {
  IntLanes first;   ///< 64 bits
  IntLanes second;  ///< 64 bits
};

/// Each lane's own draw, below 2^32.
MERIT_FAST RandomBits random_bits(const RandomLanes& stream, IntLanes draw) {
  const IntLanes low = broadcast_int(0xffffffff);
  IntLanes c0 = draw;
  IntLanes c1 = stream.task & low;
  IntLanes c2 = shift_right(stream.task, 32);
  IntLanes c3 = broadcast_int(static_cast<std::uint32_t>(stream.purpose));
  std::uint32_t key0 = static_cast<std::uint32_t>(stream.seed);
  std::uint32_t key1 = static_cast<std::uint32_t>(stream.seed >> 32);
  const IntLanes multiplier0 = broadcast_int(0xD2511F53);
  const IntLanes multiplier1 = broadcast_int(0xCD9E8D57);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    // Upper halves may hold anything: the product reads the lower 32 bits only.
    const IntLanes product0 = multiply_low32(c0, multiplier0);
    const IntLanes product1 = multiply_low32(c2, multiplier1);
    c0 = shift_right(product1, 32) ^ c1 ^ broadcast_int(key0);
    c1 = product1;
    c2 = shift_right(product0, 32) ^ c3 ^ broadcast_int(key1);
    c3 = product0;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
    c1 = c1 & low;
    c3 = c3 & low;
  }
  return {(c0 & low) | shift_left(c1, 32), (c2 & low) | shift_left(c3, 32)};
}

MERIT_INLINE RandomBits random_bits(const RandomLanes& stream, std::uint32_t draw) {
  return random_bits(stream, broadcast_int(draw));
}

/// Uniform on [0, 1), multiples of 2^-52, from the upper 52 of 64 bits.
MERIT_INLINE Lanes uniform(IntLanes bits) {
  const IntLanes one_to_two = shift_right(bits, 12) | broadcast_int(0x3ff0000000000000);
  return from_bits(one_to_two) - broadcast(1.0);
}

struct NormalPair {
  Lanes first;
  Lanes second;
};

/// Two independent standard normals from one block (Box & Muller 1958); |z| ≤ 8.5.
MERIT_INLINE NormalPair normal_pair(const RandomLanes& stream, std::uint32_t draw) {
  const RandomBits bits = random_bits(stream, draw);
  const Lanes u = broadcast(1.0) - uniform(bits.first);  // (0, 1]
  const Lanes radius = sqrt(broadcast(-2.0) * log(u));
  const SinCos angle = sincos_turns(uniform(bits.second));
  return {radius * angle.cosine, radius * angle.sine};
}

/// Fills `normals[0 .. count)`; uses the blocks first_draw … first_draw + ⌈count/2⌉ − 1.
MERIT_INLINE void fill_normals(const RandomLanes& stream,
                               std::uint32_t first_draw,
                               int count,
                               Lanes* normals) {
  int i = 0;
  for (; i + 1 < count; i += 2) {
    const NormalPair pair =
        normal_pair(stream, first_draw + static_cast<std::uint32_t>(i / 2));
    normals[i] = pair.first;
    normals[i + 1] = pair.second;
  }
  if (i < count) {
    normals[i] =
        normal_pair(stream, first_draw + static_cast<std::uint32_t>(i / 2)).first;
  }
}

/// χ² with an integer number of degrees of freedom ≥ 0, from the blocks `first_draw` on.
///
/// df = 0: 0. df = 1: z². Else 2·Gamma(df/2) by Marsaglia & Tsang (2000), ACM TOMS 26:
/// d = df/2 − 1/3, v = (1 + z/√(9d))³ accepted if log u < z²/2 + d(1 − v + log v). Try t
/// uses blocks first_draw + 2t (normal) and first_draw + 2t + 1 (uniform); a lane keeps its
/// first accepted value. For df in the thousands a first try fails once in 10⁵.
MERIT_FAST Lanes chi_squared(const RandomLanes& stream,
                             std::uint32_t first_draw,
                             double df) {
  if (df < 1.0) return broadcast(0.0);
  if (df < 2.0) {
    const Lanes z = normal_pair(stream, first_draw).first;
    return z * z;
  }
  const double d = 0.5 * df - 1.0 / 3.0;
  const Lanes scale = broadcast(1.0) / sqrt(broadcast(9.0 * d));
  Lanes value = broadcast(0.0);
  IntLanes waiting = broadcast_int(-1);
  for (std::uint32_t draw = first_draw; any(waiting); draw += 2) {
    const Lanes z = normal_pair(stream, draw).first;
    const Lanes u = broadcast(1.0) - uniform(random_bits(stream, draw + 1).first);
    const Lanes root = fma(z, scale, broadcast(1.0));
    const IntLanes positive = root > broadcast(0.0);
    const Lanes v = select(positive, root * root * root, broadcast(1.0));
    const Lanes bound =
        fma(broadcast(0.5) * z, z, broadcast(d) * (broadcast(1.0) - v + log(v)));
    const IntLanes accepted = waiting & positive & (log(u) < bound);
    value = select(accepted, broadcast(2.0 * d) * v, value);
    waiting = waiting & ~accepted;
  }
  return value;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
