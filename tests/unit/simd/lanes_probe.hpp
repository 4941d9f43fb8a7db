// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace merit::testing {

/// Windows on engine/simd for the tests, compiled per instruction-set level like a kernel.
struct LanesProbe {
  /// Every operation of lanes.hpp on eight lanes: `out` is kNumOperations × 8 words.
  void (*operations)(const double* a,
                     const double* b,
                     const double* c,
                     std::uint64_t* out);
  /// count is a multiple of 8.
  void (*log)(const double* x, std::int64_t count, double* y);
  void (*sincos_turns)(const double* t, std::int64_t count, double* sine, double* cosine);
  void (*exp)(const double* x, std::int64_t count, double* y);
  void (*mills_ratio)(const double* a, std::int64_t count, double* m);
  void (*normal_cdf)(const double* x, std::int64_t count, double* p);
};

// clang-format off
/// The rows of `operations`.
enum Operation {
  add, subtract, multiply, divide, negate, fused, square_root, absolute, smaller, larger,
  less, less_equal, greater, greater_equal, selected, broadcast_first,
  int_add, int_subtract, int_and, int_or, int_xor, int_not, left, right, low_product,
  counted, any_less, kNumOperations
};
// clang-format on

}  // namespace merit::testing

namespace merit::simd_v2 {
testing::LanesProbe lanes_probe();
}
namespace merit::simd_v3 {
testing::LanesProbe lanes_probe();
}
namespace merit::simd_v4 {
testing::LanesProbe lanes_probe();
}
