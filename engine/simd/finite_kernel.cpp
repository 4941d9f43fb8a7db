// SPDX-License-Identifier: MIT
#include "engine/simd/finite.hpp"
#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

// An exponent of all ones (infinity, NaN) carries into the sign bit.
bool all_finite(const double* values, std::int64_t count) {
  const IntLanes exponent = broadcast_int(0x7ff0'0000'0000'0000);
  const IntLanes lowest_bit = broadcast_int(0x0010'0000'0000'0000);
  IntLanes carries = broadcast_int(0);
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    carries = carries | ((bits_of(load(values + i)) & exponent) + lowest_bit);
  if (any(shift_right(carries, 63))) return false;
  for (; i < count; ++i) {
    if (values[i] - values[i] != 0.0) return false;
  }
  return true;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
