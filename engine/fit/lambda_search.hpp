// SPDX-License-Identifier: MIT
#pragma once

// The minimum of eight profiled deviances at once; for *_kernel.cpp.
//
// Each lane is a function f(λ), λ = τ²/σ² ≥ 0, that may have a minimum at 0 and more than
// one inside. It is first evaluated on a grid 0 = λ_0 < λ_1 < …; the lowest point is then
// refined by Newton's method in s = log(λ + a), inside the bracket of the neighbouring grid
// points; a step that would leave it is replaced by bisection in s. Where the grid shows
// several minima, all of them are refined and the lowest is kept. A lane is frozen at its
// own convergence, so its value does not depend on the lanes beside it.

#include "engine/simd/lanes_math.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

inline constexpr double kUnboundedLambda = 0x1p60;
inline constexpr int kMaxSearchSteps = 80;
/// A Newton step this small in s leaves an error of about its square.
inline constexpr double kNewtonTolerance = 1e-8;
/// Where rounding errors keep Newton from settling, bisection goes on to this width.
inline constexpr double kBisectionTolerance = 1e-14;

/// A minimum on the grid and its neighbours.
struct Bracket {
  Lanes lower, start, upper;
  IntLanes at_zero;  ///< the minimum is λ_0
};

/// The bracket of grid point k.
MERIT_INLINE Bracket bracket_of(const double* grid, int num_grid, int k) {
  const double upper = k + 1 < num_grid ? grid[k + 1] : kUnboundedLambda;
  return {broadcast(k > 0 ? grid[k - 1] : 0.0),
          broadcast(k > 0 ? grid[k] : 0.5 * upper),
          broadcast(upper),
          broadcast_int(k == 0 ? -1 : 0)};
}

MERIT_INLINE Bracket select(IntLanes mask, const Bracket& a, const Bracket& b) {
  return {select(mask, a.lower, b.lower),
          select(mask, a.start, b.start),
          select(mask, a.upper, b.upper),
          (mask & a.at_zero) | (~mask & b.at_zero)};
}

/// What the grid says: `value[k]` is f(λ_k) or some increasing function of it.
struct Scan {
  Bracket lowest;
  IntLanes several;  ///< the values fall again after having risen
};

MERIT_INLINE Scan scan(const double* grid, int num_grid, const Lanes* value) {
  Scan result{bracket_of(grid, num_grid, 0), broadcast_int(0)};
  Lanes lowest = value[0];
  IntLanes risen = broadcast_int(0);
  for (int k = 1; k < num_grid; ++k) {
    const IntLanes better = value[k] < lowest;
    lowest = select(better, value[k], lowest);
    result.lowest = select(better, bracket_of(grid, num_grid, k), result.lowest);
    result.several = result.several | (risen & (value[k] < value[k - 1]));
    risen = risen | (value[k] > value[k - 1]);
  }
  return result;
}

/// Lanes whose value at grid point k is no higher than at its neighbours.
MERIT_INLINE IntLanes is_minimum(const Lanes* value, int num_grid, int k) {
  IntLanes minimum = broadcast_int(-1);
  if (k > 0) minimum = minimum & (value[k] < value[k - 1]);
  if (k + 1 < num_grid) minimum = minimum & (value[k] <= value[k + 1]);
  return minimum;
}

struct Slope {
  Lanes first;    ///< f′(λ)
  Lanes second;   ///< f″(λ)
  Lanes log_rss;  ///< (log rss)′(λ)
};

struct FoundLambda {
  Lanes lambda;
  IntLanes boundary;   ///< λ̂ = 0
  IntLanes converged;  ///< boundary lanes included
};

/// The minimum inside a bracket.
/// @param active  lanes to search in; the others get λ = 0
/// @param a       offset of the logarithm, about the λ at which groups start to be told
///                apart: 1/n̄
/// @param slope   callable Lanes λ -> Slope
template <class SlopeAt>
MERIT_INLINE FoundLambda
refine(const Bracket& bracket, IntLanes active, double a, SlopeAt slope) {
  const Lanes offset = broadcast(a), zero = broadcast(0.0);
  const Lanes half = broadcast(0.5), one = broadcast(1.0);
  FoundLambda found;
  found.boundary = broadcast_int(0);
  if (any(bracket.at_zero & active)) {
    found.boundary = bracket.at_zero & active & (slope(zero).first >= zero);
  }
  found.converged = found.boundary | ~active;
  Lanes lower = bracket.lower, upper = bracket.upper;
  Lanes lambda = select(found.converged, zero, bracket.start);
  for (int step = 0; step < kMaxSearchSteps && any(~found.converged); ++step) {
    const Slope at = slope(lambda);
    const IntLanes descending = at.first < zero;
    lower = select(descending, lambda, lower);
    upper = select(descending, upper, lambda);
    const Lanes shifted = lambda + offset;
    const Lanes first = shifted * at.first;
    const Lanes second = fma(shifted * shifted, at.second, first);
    // exp(x) by (1 + x/2)/(1 − x/2): the root is the same and convergence stays quadratic.
    const Lanes x = -first / second;
    const Lanes newton = fma(shifted, (one + half * x) / (one - half * x), -offset);
    // The last step may leave the bracket by a rounding error: it is taken all the same.
    const IntLanes convex = second > zero;
    const IntLanes settled =
        convex & (abs(newton - lambda) <= broadcast(kNewtonTolerance) * shifted);
    const IntLanes inside = convex & (newton >= lower) & (newton <= upper);
    const Lanes middle = sqrt((lower + offset) * (upper + offset)) - offset;
    const Lanes next = select(inside | settled, max(newton, zero), middle);
    const IntLanes stuck = abs(next - lambda) <= broadcast(kBisectionTolerance) * shifted;
    lambda = select(found.converged, lambda, next);
    found.converged = found.converged | settled | stuck;
  }
  found.lambda = lambda;
  return found;
}

/// The lowest minimum.
/// @param value     f on the grid, or an increasing function of it
/// @param deviance  callable Lanes λ -> f(λ)
template <class SlopeAt, class DevianceAt>
MERIT_INLINE FoundLambda find_lambda(const double* grid,
                                     int num_grid,
                                     const Lanes* value,
                                     IntLanes active,
                                     double a,
                                     SlopeAt slope,
                                     DevianceAt deviance) {
  const Scan seen = scan(grid, num_grid, value);
  FoundLambda best = refine(seen.lowest, active, a, slope);
  const IntLanes several = seen.several & active;
  if (!any(several)) return best;
  Lanes lowest = deviance(best.lambda);
  for (int k = 0; k < num_grid; ++k) {
    const IntLanes here = several & is_minimum(value, num_grid, k);
    if (!any(here)) continue;
    const FoundLambda other = refine(bracket_of(grid, num_grid, k), here, a, slope);
    const Lanes other_value = deviance(other.lambda);
    const IntLanes better = here & other.converged & (other_value < lowest);
    lowest = select(better, other_value, lowest);
    best.lambda = select(better, other.lambda, best.lambda);
    best.boundary = (better & other.boundary) | (~better & best.boundary);
    best.converged = best.converged | better;
  }
  return best;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
