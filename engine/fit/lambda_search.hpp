// SPDX-License-Identifier: MIT
#pragma once

// The minimum of eight profiled deviances at once; for *_kernel.cpp.
//
// Each lane is a function f(λ), λ = τ²/σ² ≥ 0, that may have a minimum at 0 and more than
// one inside. It is first compared on a grid 0 = λ_0 < λ_1 < …, then refined from the best
// grid point by Newton's method in s = log(λ + a), inside the bracket of the neighbouring
// grid points; a step that would leave it is replaced by bisection in s. A lane is frozen
// at its own convergence, so its value does not depend on the lanes beside it.

#include "engine/simd/lanes_math.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

inline constexpr double kUnboundedLambda = 0x1p60;
inline constexpr int kMaxSearchSteps = 80;
/// A Newton step this small in s leaves an error of about its square.
inline constexpr double kSearchTolerance = 1e-8;

/// The best grid point so far, and its neighbours.
struct Bracket {
  Lanes best_value;
  Lanes lower, start, upper;
  IntLanes at_zero;
};

MERIT_INLINE Bracket empty_bracket() {
  const Lanes zero = broadcast(0.0);
  return {broadcast(__builtin_inf()), zero, zero, zero, broadcast_int(0)};
}

/// Offers grid point k with some increasing function of f(λ_k) as `value`.
MERIT_INLINE void offer(
    Bracket& bracket, const double* grid, int num_grid, int k, Lanes value) {
  const IntLanes better = value < bracket.best_value;
  const double lower = k > 0 ? grid[k - 1] : 0.0;
  const double upper = k + 1 < num_grid ? grid[k + 1] : kUnboundedLambda;
  const double start = k > 0 ? grid[k] : 0.5 * upper;
  bracket.best_value = select(better, value, bracket.best_value);
  bracket.lower = select(better, broadcast(lower), bracket.lower);
  bracket.start = select(better, broadcast(start), bracket.start);
  bracket.upper = select(better, broadcast(upper), bracket.upper);
  bracket.at_zero =
      (better & broadcast_int(k == 0 ? -1 : 0)) | (~better & bracket.at_zero);
}

struct Slope {
  Lanes first;   ///< f′(λ)
  Lanes second;  ///< f″(λ)
};

struct FoundLambda {
  Lanes lambda;
  IntLanes boundary;   ///< λ̂ = 0
  IntLanes converged;  ///< boundary lanes included
};

/// @param slope    callable Lanes λ -> Slope
/// @param at_zero  f′(0), looked at in lanes whose best grid point is 0
/// @param a        offset of the logarithm, about the λ at which groups start to be told
///                 apart: 1/n̄
template <class SlopeAt>
MERIT_INLINE FoundLambda
find_lambda(const Bracket& bracket, Lanes first_at_zero, double a, SlopeAt slope) {
  const Lanes offset = broadcast(a);
  const Lanes half = broadcast(0.5), one = broadcast(1.0);
  FoundLambda found;
  found.boundary = bracket.at_zero & (first_at_zero >= broadcast(0.0));
  found.converged = found.boundary;
  Lanes lower = bracket.lower, upper = bracket.upper;
  Lanes lambda = select(found.boundary, broadcast(0.0), bracket.start);
  for (int step = 0; step < kMaxSearchSteps && any(~found.converged); ++step) {
    const Slope at = slope(lambda);
    const IntLanes descending = at.first < broadcast(0.0);
    lower = select(descending, lambda, lower);
    upper = select(descending, upper, lambda);
    const Lanes shifted = lambda + offset;
    const Lanes first = shifted * at.first;
    const Lanes second = fma(shifted * shifted, at.second, first);
    // exp(x) by (1 + x/2)/(1 − x/2): the root is the same and convergence stays quadratic.
    const Lanes x = -first / second;
    const Lanes newton = fma(shifted, (one + half * x) / (one - half * x), -offset);
    const IntLanes inside =
        (second > broadcast(0.0)) & (newton >= lower) & (newton <= upper);
    const Lanes middle = sqrt((lower + offset) * (upper + offset)) - offset;
    const Lanes next = select(inside, newton, middle);
    const IntLanes small =
        abs(next - lambda) <= broadcast(kSearchTolerance) * (next + offset);
    lambda = select(found.converged, lambda, next);
    found.converged = found.converged | small;
  }
  found.lambda = lambda;
  return found;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
