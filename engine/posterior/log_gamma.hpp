// SPDX-License-Identifier: MIT
#pragma once

namespace merit {

/// log Γ(x) for x > 0, absolute error below 10⁻¹⁴ (1 + |log Γ|); the same bits on every
/// processor. Shifted to x ≥ 10 by Γ(x + 1) = xΓ(x), there Stirling's series.
double log_gamma(double x);

}  // namespace merit
