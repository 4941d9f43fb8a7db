// SPDX-License-Identifier: MIT
#pragma once

namespace merit {

/// log n! for whole n ≥ 0, relative error below 10⁻¹⁵; the same bits on every processor.
double log_factorial(double n);

}  // namespace merit
