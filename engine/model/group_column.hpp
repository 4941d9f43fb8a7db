// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/model/frame.hpp"
#include "engine/model/table.hpp"

/// Columns that say something of whole groups, such as the stratum a group is in: the same value
/// in all of a group's rows. Gathered block by block and merged over a fixed tree, so that the
/// same mistake is named whatever the number of ranks.
namespace merit {

/// What the used rows of some blocks say.
struct GroupColumn {
  static constexpr std::int64_t kNoRow = -1;

  std::vector<double> key;            ///< groups, ascending
  std::vector<double> value;          ///< of each, in its first row
  std::vector<double> other;          ///< the first that differs from it; NaN: none does
  std::int64_t missing_row = kNoRow;  ///< the first used row without a value, from 0
};

/// @param column  position in RowBlock::columns
GroupColumn group_column(const RowBlock& rows,
                         std::size_t column,
                         const ModelFrame& frame);

/// @param a  of rows before those of b
GroupColumn merge(const GroupColumn& a, const GroupColumn& b);
std::vector<std::byte> pack(const GroupColumn& column);
GroupColumn unpack_group_column(std::span<const std::byte> bytes);

}  // namespace merit
