// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/fit/glmm_fit.hpp"
#include "engine/random/draws_kernel.hpp"
#include "engine/resample/simulate_kernel.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// Draws responses from a fitted model: b*_j ~ N(0, τ̂²), y*_i from the family at
/// x_iᵀβ̂ + offset_i + b*_j. One uniform number per row, by inversion, so that a replicate's
/// responses are a pure function of (model, fit, seed, replicate).
class ResponseSimulator {
 public:
  ResponseSimulator(const GlmmModel& model, const Eigen::VectorXd& psi, SimdLevel simd);

  /// Memory of one thread.
  struct Workspace {
    AlignedVector<double> intercept;                         // J
    AlignedVector<double> eta, uniform, mean, below, drawn;  // rows of a strip
  };

  /// @param y  packs × 8; rows that pad are −1
  /// @returns false if a count is too large for a row (kLargestCount)
  bool draw(std::uint64_t seed,
            std::int64_t replicate,
            Workspace& work,
            AlignedVector<std::int32_t>& y) const;

 private:
  void draw_strip(std::int64_t first,
                  std::int64_t count,
                  double intercept,
                  Workspace& work) const;
  void draw_categories(double intercept, std::int64_t packs, Workspace& work) const;

  const GlmmModel* model_;
  SimulateKernels kernels_;
  DrawKernels draws_;
  Eigen::VectorXd psi_;
};

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

}  // namespace merit
