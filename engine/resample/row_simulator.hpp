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

}  // namespace merit
