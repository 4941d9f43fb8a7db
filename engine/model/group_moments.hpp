// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <Eigen/Dense>

#include "engine/model/grouped_stats.hpp"
#include "engine/simd/level.hpp"

namespace merit {

/// First and second moments per group of some rows z = [x, y], in a form that can be merged
/// without losing digits: the leaf and the inner node of the reduction over blocks.
///
/// Each group keeps an `origin` (in each column the median of its first three rows: exact,
/// and not led astray by one outlier) and the mean as an `offset` from it, so that neither
/// values near 1e12 nor groups far apart cost digits, and a column that is constant in a
/// group has within-group variation of exactly 0. Two nodes are merged by
///
///     δ = mean_b − mean_a,    W = W_a + W_b + n_a n_b/(n_a + n_b) δδᵀ
///
/// Source: Chan, Golub & LeVeque (1983), The American Statistician 37(3).
struct GroupMoments {
  std::vector<double> key;       ///< g groups, ascending keys
  Eigen::VectorXd size;          ///< g, rows
  Eigen::MatrixXd origin;        ///< (p+1) × g
  Eigen::MatrixXd offset;        ///< (p+1) × g, mean − origin
  Eigen::MatrixXd within;        ///< (p+1) × (p+1), Σ_j W_j; empty when kept per group
  Eigen::MatrixXd group_within;  ///< packed W_j: (p+1)(p+2)/2 × g, or empty

  Eigen::Index num_columns() const { return origin.rows(); }
};

/// Position of (a, b), b ≤ a, in a lower triangle that is stored row by row.
constexpr Eigen::Index packed_index(Eigen::Index a, Eigen::Index b) {
  return a * (a + 1) / 2 + b;
}

/// Whether the within-group products are summed over groups or kept apart (a bootstrap that
/// draws groups needs them apart): O(p²) or O(J p²) memory.
enum class WithinDetail { pooled, per_group };

/// Moments of the rows of one block, held as a matrix (MomentsBuilder takes them as they are
/// read).
///
/// @param z      rows × (p+1), columns [x, y], finite
/// @param group  rows, key of each row's group, finite
/// Products are summed about each group's origin and then moved to its mean: exact but for
/// rounding errors that grow, at worst (first rows far from all others), with the number of
/// the group's rows in the block.
GroupMoments group_moments(const Eigen::MatrixXd& z,
                           const std::vector<double>& group,
                           WithinDetail detail,
                           SimdLevel simd);

/// Moments of the rows of both; groups in ascending order of their keys.
/// @param simd  changes the speed alone
GroupMoments merge(const GroupMoments& a,
                   const GroupMoments& b,
                   SimdLevel simd = SimdLevel::v2);

/// The moments of some columns, in that order.
GroupMoments select_columns(const GroupMoments& moments,
                            const std::vector<Eigen::Index>& columns);

std::vector<std::byte> pack(const GroupMoments& moments);
GroupMoments unpack_group_moments(std::span<const std::byte> bytes);

/// The sufficient statistics of the model, from the moments of all rows.
/// @param has_intercept  column 0 is the constant 1
GroupedStats grouped_stats(const GroupMoments& moments, bool has_intercept);

}  // namespace merit
