// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/resample/group_pool.hpp"
#include "engine/resample/parametric_kernel.hpp"
#include "engine/simd/level.hpp"

namespace merit {

/// What the replicates of a bootstrap over groups have in common, as plain arrays
/// (GroupedStats, engine/model/grouped_stats.hpp). q = p + 1 columns [x, y]; pairs (a, b),
/// b ≤ a, are packed row by row: q(q+1)/2 of them.
struct GroupConstants {
  int p, num_groups;
  bool reml, has_intercept;
  const double* origin;  ///< q, common origin of all means
  double search_offset;

  int num_grid;
  const double* grid;  ///< num_grid, λ_0 = 0 < λ_1 < …

  // Of the original groups; `fit` needs none of them.
  const double* size;          ///< J
  const double* mean;          ///< J × q row-major
  const double* grid_log;      ///< num_grid × J, log(1 + n_j λ_k)
  const double* product;       ///< pairs × J row-major, z̄_ja z̄_jb; to draw groups
  const double* group_within;  ///< pairs × J row-major; to draw groups
  const double* within;        ///< pairs, pooled; to draw from the model

  // To draw groups (engine/resample/strata.hpp).
  const GroupPool* pool;       ///< J
  const std::int32_t* member;  ///< J
};

/// Eight data sets given lane by lane; group (slot) j of a lane need not be group j of the
/// snapshot.
struct GroupedLanesData {
  const double* size;    ///< J × 8
  const double* mean;    ///< J × q × 8, from the common origin
  const double* within;  ///< pairs × 8, pooled
};

/// What a parametric replicate draws in grouped form (engine/resample/parametric.hpp).
struct GroupedModel {
  const double* mean_sd;  ///< J, √(τ² + σ²/n_j)
  int rank;               ///< of W_xx
  const double* root;     ///< p × rank row-major, R with W_xx = R Rᵀ
  double sigma;
  double within_df;    ///< n − J − rank
  const double* beta;  ///< p, added to the estimates
};

/// Scratch doubles that the kernels need.
constexpr std::int64_t grouped_scratch(const GroupConstants& m) {
  const std::int64_t q = m.p + 1;
  const std::int64_t pairs = q * (q + 1) / 2;
  return 8 *
         (3 * pairs + 3 * q + 2 * std::int64_t{m.num_groups} + 1 + 32 * q + m.num_grid);
}

struct GroupedKernels {
  /// Draws J groups with replacement for replicates first … first + 7 and fits them; a
  /// group drawn twice is two groups.
  void (*draw_groups_and_fit)(const GroupConstants& constants,
                              std::uint64_t seed,
                              std::int64_t first,
                              const ReplicateSpan& out,
                              double* scratch);
  /// Draws replicates first … first + 7 from the model and fits them.
  void (*draw_model_and_fit)(const GroupConstants& constants,
                             const GroupedModel& model,
                             std::uint64_t seed,
                             std::int64_t first,
                             const ReplicateSpan& out,
                             double* scratch);
  /// Fits eight given data sets.
  void (*fit)(const GroupConstants& constants,
              const GroupedLanesData& data,
              const ReplicateSpan& out,
              double* scratch);
};

GroupedKernels grouped_kernels(SimdLevel level);

namespace simd_v2 {
GroupedKernels grouped_kernels();
}
namespace simd_v3 {
GroupedKernels grouped_kernels();
}
namespace simd_v4 {
GroupedKernels grouped_kernels();
}

}  // namespace merit
