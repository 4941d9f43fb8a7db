// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/random/draws_kernel.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// How group intercepts, or residual errors, are distributed. All have mean 0 and sd 1, so that
/// τ and σ are what they are called; models assume the first.
enum class NoiseKind {
  normal,
  t,             ///< Student's, `df` ≥ 3, over its sd √(df/(df − 2))
  chi_squared,   ///< (χ²_df − df)/√(2 df): skew √(8/df)
  uniform,       ///< on ±√3
  contaminated,  ///< N(0, 1), with probability `share` `factor` times that; over its sd
};

struct Noise {
  NoiseKind kind = NoiseKind::normal;
  std::int64_t df = 5;
  double share = 0.05, factor = 5.0;

  bool is_normal() const { return kind == NoiseKind::normal; }
};

/// Where the random numbers of a noise come from.
struct NoiseStream {
  std::uint64_t seed;
  Purpose normals;  ///< those that a normal noise consists of
  Purpose shape;    ///< more, where they are needed
  std::int64_t task;
};

/// Draws independent values. A normal noise takes the same numbers whatever other kinds exist.
/// @param values  as many as a multiple of eight
/// @param memory  used again
void draw_noise(const DrawKernels& kernels,
                const Noise& noise,
                const NoiseStream& stream,
                std::span<double> values,
                AlignedVector<double>& memory);

}  // namespace merit
