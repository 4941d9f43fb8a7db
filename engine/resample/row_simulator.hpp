// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <Eigen/Dense>

#include "engine/fit/glmm_fit.hpp"
#include "engine/resample/simulate_kernel.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// Draws responses of rows, given their group's intercept: y_i from the family at
/// x_iᵀβ + offset_i + b. One uniform number per row, by inversion; where that is from is the
/// caller's.
class RowSimulator {
 public:
  /// Rows that are drawn at a time at most, and stay in the cache.
  static constexpr std::int64_t kStripRows = 512 * kPackRows;

  RowSimulator(const GlmmModel& model, SimdLevel simd);

  /// Memory of one thread.
  struct Workspace {
    AlignedVector<double> eta, mean, below, drawn;  // rows of a strip
  };

  /// Some rows of one group, into work.drawn; more than kLargestCount where a count is too large.
  ///
  /// @param psi    P: β about the origin, the family's own, τ
  /// @param first  as an index of y, a multiple of 8; @param count  up to kStripRows
  /// @param u      of these rows, whole packs
  void draw(const Eigen::VectorXd& psi,
            std::int64_t first,
            std::int64_t count,
            double intercept,
            const double* u,
            Workspace& work) const;

 private:
  void draw_categories(const Eigen::VectorXd& psi,
                       double intercept,
                       const double* u,
                       std::int64_t packs,
                       Workspace& work) const;

  const GlmmModel* model_;
  SimulateKernels kernels_;
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
