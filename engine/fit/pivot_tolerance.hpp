// SPDX-License-Identifier: MIT
#pragma once

namespace merit {

/// A column is a combination of those before it if a pivot of the Cholesky factor is no more
/// than this share of the column's own sum of squares: 3e-7 of its length, about where a
/// column's digits no longer tell it apart. The same for the fit and for every replicate, so
/// that what fits once is not refused when it is resampled.
inline constexpr double kPivotTolerance = 1e-13;

}  // namespace merit
