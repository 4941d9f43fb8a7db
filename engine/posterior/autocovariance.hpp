// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

namespace merit {

/// Autocovariances of x at lags 0 … n − 1 with divisor n, by a fast Fourier transform of the
/// series padded to a power of two ≥ 2n: O(n log n).
std::vector<double> autocovariance(std::span<const double> x);

}  // namespace merit
