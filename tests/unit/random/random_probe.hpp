// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/random/purpose.hpp"

namespace merit::testing {

/// Windows on engine/random/random_lanes.hpp for the tests. `task` holds eight tasks.
struct RandomProbe {
  /// out: 8 first words, then 8 second words.
  void (*bits)(std::uint64_t seed,
               Purpose purpose,
               const std::int64_t* task,
               std::uint32_t draw,
               std::uint64_t* out);
  /// Uniforms on [0, 1) of 8 words.
  void (*uniform)(const std::uint64_t* words, double* out);
  /// out: count × 8.
  void (*normals)(std::uint64_t seed,
                  Purpose purpose,
                  const std::int64_t* task,
                  std::uint32_t first_draw,
                  int count,
                  double* out);
  /// out: 8.
  void (*chi_squared)(std::uint64_t seed,
                      Purpose purpose,
                      const std::int64_t* task,
                      std::uint32_t first_draw,
                      double df,
                      double* out);
};

}  // namespace merit::testing

namespace merit::simd_v2 {
testing::RandomProbe random_probe();
}
namespace merit::simd_v3 {
testing::RandomProbe random_probe();
}
namespace merit::simd_v4 {
testing::RandomProbe random_probe();
}
