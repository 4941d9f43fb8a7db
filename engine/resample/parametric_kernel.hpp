// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/fit/rotated_constants.hpp"
#include "engine/simd/level.hpp"

namespace merit {

/// Where a kernel writes eight replicates, row by row. Rows beyond `count` are not written.
struct ReplicateSpan {
  double* estimate;        ///< count × (p + 2): β̂, τ̂, σ̂
  double* std_error;       ///< count × (p + 2), the same, or null
  double* log_likelihood;  ///< count
  std::uint8_t* status;    ///< count, ReplicateStatus
  int count;               ///< 1 … 8
};

/// The constants of a parametric bootstrap in rotated form (engine/fit/rotated_form.hpp),
/// as plain arrays: nothing else may cross into the kernels.
struct ParametricConstants : RotatedConstants {
  int p;
  double log_constant;  ///< log|XᵀX| for REML, else 0

  const double* draw_sd;     ///< r, σ √(1 + λ₀ μ_i)
  const double* draw_shift;  ///< r, λ₀/(1 + λ₀ μ_i)
  double sigma;              ///< σ of the model drawn from
  const double* beta;        ///< p, β of the model drawn from
  const double* beta_factor;  ///< p × p lower triangle, row-major: L Lᵀ = Var β̂(λ₀)
  const double* direction;          ///< p × r row-major, C_ki √μ_i
  const double* direction_squared;  ///< p × r row-major, C_ki²
  const double* var_at_zero;        ///< p, diagonal of (XᵀX)⁻¹
  const double* var_null;           ///< p, diagonal of N
};

/// Scratch doubles that the kernels need.
constexpr std::int64_t parametric_scratch(const ParametricConstants& m) {
  return 8 * (4 * std::int64_t{m.r} + m.p + 1 + m.num_grid);
}

/// Draws and fits replicates first … first + 7; the lanes are consecutive replicates.
using ParametricKernel = void (*)(const ParametricConstants& constants,
                                  std::uint64_t seed,
                                  std::int64_t first,
                                  const ReplicateSpan& out,
                                  double* scratch);

/// Fits given data instead of drawing them: w (r × 8), S₀ (8), β̂_OLS (p × 8), lane by lane.
using RotatedFitKernel = void (*)(const ParametricConstants& constants,
                                  const double* w,
                                  const double* S0,
                                  const double* beta_ols,
                                  const ReplicateSpan& out,
                                  double* scratch);

struct ParametricKernels {
  ParametricKernel draw_and_fit;
  RotatedFitKernel fit;
};

ParametricKernels parametric_kernels(SimdLevel level);

namespace simd_v2 {
ParametricKernels parametric_kernels();
}
namespace simd_v3 {
ParametricKernels parametric_kernels();
}
namespace simd_v4 {
ParametricKernels parametric_kernels();
}

}  // namespace merit
