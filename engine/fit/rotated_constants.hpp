// SPDX-License-Identifier: MIT
#pragma once

namespace merit {

/// What the profiled deviance of a rotated model needs, as plain arrays: nothing else may cross
/// into the kernels.
struct RotatedConstants {
  int r;
  bool reml;
  double criterion_df;   ///< d: n − p (REML) or n (ML)
  double residual_df;    ///< n − p − r
  double search_offset;  ///< 1/n̄
  const double* mu;      ///< r

  int num_sizes;             ///< distinct group sizes, ML only
  const double* size;        ///< num_sizes
  const double* size_count;  ///< num_sizes, groups of that size

  int num_grid;
  const double* grid;         ///< num_grid, λ_0 = 0 < λ_1 < …
  const double* grid_shrink;  ///< num_grid × r, 1/(1 + λ_k μ_i)
  const double* grid_factor;  ///< num_grid, exp(D(λ_k)/d)
};

}  // namespace merit
