// SPDX-License-Identifier: MIT
#pragma once

#include "engine/model/packed_rows.hpp"

namespace merit {

/// Draws end, and are refused, beyond the largest count that a row can have.
inline constexpr double kTooLarge = 2.0 * kLargestCount;

/// One draw by inversion, from u ∈ [0, 1): outcomes are visited from the mode outwards, so that
/// it takes some standard deviations of them. Probabilities satisfy p(k + 1)/p(k) = ratio(k).
///
/// @param mode    where to begin, ≥ 0; @param at_mode its probability
/// @param last    the largest outcome
template <class Ratio>
double invert_from_mode(
    double u, double mode, double at_mode, double last, const Ratio& ratio) {
  double below = mode, above = mode, p_below = at_mode, p_above = at_mode;
  u -= at_mode;
  double moved = 1.0;
  while (u >= 0.0 && moved > 0.0) {
    moved = 0.0;
    if (above < last) {
      p_above *= ratio(above);
      above += 1.0;
      u -= p_above;
      moved += p_above;
      if (u < 0.0) return above;
    }
    if (below > 0.0) {
      below -= 1.0;
      p_below /= ratio(below);
      u -= p_below;
      moved += p_below;
      if (u < 0.0) return below;
    }
    if (moved < 1e-18) break;  // what rounding errors have left of u
  }
  return mode;
}

/// A count with this mean, by inversion of u ∈ [0, 1); kTooLarge if it is beyond all that a row
/// can have. Cost O(√mean).
double draw_poisson(double u, double mean);

/// The same with variance mean + mean²/theta. Cost O(mean), and some 30 incomplete beta functions where
/// mean or mean/√theta, nearly its sd, is above 10⁵.
double draw_negbinomial(double u, double mean, double theta);

}  // namespace merit
