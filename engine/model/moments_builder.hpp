// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/model/group_moments.hpp"
#include "engine/model/moments_kernel.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// Moments of the rows of one block, which come in strips that fit into the second cache:
///
///     MomentsBuilder builder(num_columns, has_intercept, detail, simd);
///     builder.add(columns, group, rows);  // strip by strip
///     GroupMoments moments = builder.take();
///
/// A group's origin is, in each column, the median of its first three rows in the strip
/// that brings it. With d_i = z_i − origin, a strip adds to Σ d_i per group and to
/// Σ d_i d_iᵀ; take() moves the products from the origins to the means,
///
///     W = Σ_i d_i d_iᵀ − Σ_j n_j δ_j δ_jᵀ,    δ_j = Σ_{i in j} d_i / n_j.
///
/// Cost per row O(p²) fused multiply-adds, in vectors of rows. Memory O(g p), with
/// WithinDetail::per_group O(g p²), for the g groups of the block.
class MomentsBuilder {
 public:
  /// @param num_columns    p + 1, response included
  /// @param has_intercept  column 0 is the constant 1: it is known, and not looked at
  MomentsBuilder(Eigen::Index num_columns,
                 bool has_intercept,
                 WithinDetail detail,
                 SimdLevel simd);

  /// Adds rows, given as p + 1 columns of finite values, and each row's group.
  void add(std::span<const double* const> columns,
           const double* group,
           std::int64_t num_rows);

  /// The moments of all rows since the last call; begins anew.
  GroupMoments take();

 private:
  /// One of the first three rows of a group in a strip.
  struct EarlyRow {
    std::size_t group;
    std::int64_t row;
  };

  void find_groups(const double* group, std::int64_t num_rows);
  std::size_t find_group(double key);
  std::size_t new_group(double key);
  void choose_origins(const double* const* columns, std::size_t num_known);
  std::vector<std::size_t> groups_in_order() const;
  MomentsSums sums();
  void take_pooled(GroupMoments& moments);
  void take_apart(std::span<const std::size_t> order, GroupMoments& moments);
  void clear();

  const int first_;  // columns left out in front: the intercept
  const int num_;    // columns that are summed
  const bool per_group_;
  const MomentsKernel kernel_;

  std::vector<double> key_;         // groups, in order of appearance
  std::vector<std::int64_t> size_;  // groups
  AlignedVector<double> cells_;     // as in MomentsSums, like the next two
  std::vector<double> cross_, tile_;
  std::vector<std::int32_t> of_code_;  // group of a small whole key, −1 if there is none
  std::unordered_map<double, std::size_t> of_key_;  // of other keys

  // Of one strip.
  std::vector<std::int32_t> at_;  // per row, where its group's cells begin
  std::vector<EarlyRow> early_;   // of groups that had no more than three rows so far
};

}  // namespace merit
