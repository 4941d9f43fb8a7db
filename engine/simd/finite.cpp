// SPDX-License-Identifier: MIT
#include "engine/simd/finite.hpp"

#include "engine/simd/level.hpp"

namespace merit {

bool all_finite(std::span<const double> values) {
  static const auto kernel = at_level(highest_simd_level(),
                                      simd_v2::all_finite,
                                      simd_v3::all_finite,
                                      simd_v4::all_finite);
  return kernel(values.data(), std::ssize(values));
}

}  // namespace merit
