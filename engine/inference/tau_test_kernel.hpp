// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/fit/rotated_constants.hpp"
#include "engine/simd/level.hpp"

namespace merit {

/// Draws the likelihood-ratio statistic for τ = 0 under τ = 0, draws first … first + 7 of the
/// stream of `seed`, into statistic[0 … 7].
/// @param scratch  tau_test_scratch(constants) doubles, aligned
using TauTestKernel = void (*)(const RotatedConstants& constants,
                               std::uint64_t seed,
                               std::int64_t first,
                               double* statistic,
                               double* scratch);

constexpr std::int64_t tau_test_scratch(const RotatedConstants& m) {
  return 8 * (2 * std::int64_t{m.r} + 1 + m.num_grid);
}

TauTestKernel tau_test_kernel(SimdLevel level);

namespace simd_v2 {
TauTestKernel tau_test_kernel();
}
namespace simd_v3 {
TauTestKernel tau_test_kernel();
}
namespace simd_v4 {
TauTestKernel tau_test_kernel();
}

}  // namespace merit
