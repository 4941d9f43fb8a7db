// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace merit {

/// Whether no value is infinite or NaN.
bool all_finite(std::span<const double> values);

namespace simd_v2 {
bool all_finite(const double* values, std::int64_t count);
}
namespace simd_v3 {
bool all_finite(const double* values, std::int64_t count);
}
namespace simd_v4 {
bool all_finite(const double* values, std::int64_t count);
}

}  // namespace merit
