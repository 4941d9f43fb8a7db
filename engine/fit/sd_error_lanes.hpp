// SPDX-License-Identifier: MIT
#pragma once

// Standard errors of σ̂ and τ̂ of eight data sets at once (gaussian_fit.hpp has the formulas); for
// *_kernel.cpp.

#include "engine/fit/lambda_search.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

struct SdErrors {
  Lanes tau;  ///< NaN on the boundary
  Lanes sigma;
};

/// @param at  at λ̂
/// @param d   n − p (REML) or n
MERIT_INLINE SdErrors sd_errors(const Slope& at,
                                const FoundLambda& found,
                                Lanes sigma,
                                Lanes d) {
  const Lanes zero = broadcast(0.0), one = broadcast(1.0), quarter = broadcast(0.25);
  const Lanes variance = select(found.boundary, zero, broadcast(2.0) / at.second);
  const Lanes level = broadcast(0.5) / d;
  const Lanes rho = at.log_rss, ratio = rho + one / found.lambda;
  const Lanes tau =
      sigma * sqrt(found.lambda) * sqrt(fma(quarter * variance, ratio * ratio, level));
  return {select(found.boundary, broadcast(__builtin_nan("")), tau),
          sigma * sqrt(fma(quarter * variance, rho * rho, level))};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
