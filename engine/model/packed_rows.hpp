// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Dense>

#include "engine/model/group_rows.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// Rows per pack; what the kernels work on at a time.
inline constexpr std::int64_t kPackRows = 8;

/// Its exponential is next to nothing, its probit finite: the offset of rows that pad.
inline constexpr double kPadOffset = -700.0;

/// The rows of a model without a sufficient statistic, laid out for the quadrature kernels:
/// in the order of the groups, each group padded to whole packs of eight rows. A pack's
/// columns lie one behind the other (8 of x₁, 8 of x₂, …), so that a pass over the rows is
/// one stream of memory whatever p is.
///
/// Rows that pad have x = 0, offset = kPadOffset, y = 0, trials = 0.
struct PackedRows {
  Eigen::Index num_fixed = 0;            ///< p
  std::vector<double> key;               ///< J, ascending
  std::vector<std::int64_t> size;        ///< J, rows of the group
  std::vector<std::int64_t> first_pack;  ///< J + 1
  AlignedVector<double> x;               ///< packs × p × 8, relative to `origin`
  AlignedVector<double> offset;          ///< packs × 8
  AlignedVector<double> y;               ///< packs × 8, response as the family counts it
  AlignedVector<double> trials;          ///< packs × 8, binomial: m, others: 1
  Eigen::VectorXd origin;                ///< p, subtracted from the columns

  std::int64_t num_groups() const { return static_cast<std::int64_t>(size.size()); }
  std::int64_t num_packs() const { return first_pack.empty() ? 0 : first_pack.back(); }
  std::int64_t num_obs() const;
  std::int64_t largest_group() const;  ///< in packs
  /// Whether row `lane` of `pack`, a pack of `group`, is one of the data.
  bool is_row(std::int64_t group, std::int64_t pack, std::int64_t lane) const {
    return (pack - first_pack[static_cast<std::size_t>(group)]) * kPackRows + lane <
           size[static_cast<std::size_t>(group)];
  }
};

/// Columns that `rows.z` has behind the p of X when it is made for these families.
inline constexpr Eigen::Index kOffsetColumn = 0;
inline constexpr Eigen::Index kTrialsColumn = 1;
inline constexpr Eigen::Index kResponseColumn = 2;
inline constexpr Eigen::Index kSideColumns = 3;

/// @param rows     z = [X, offset, trials, y]
/// @param columns  those of X to take
/// @param origin   as long as `columns`; subtracted
PackedRows pack_rows(const GroupRows& rows,
                     const std::vector<Eigen::Index>& columns,
                     const Eigen::VectorXd& origin);

}  // namespace merit
