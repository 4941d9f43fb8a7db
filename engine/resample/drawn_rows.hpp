// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "engine/model/packed_rows.hpp"
#include "engine/random/stream.hpp"

namespace merit {

/// A data set of groups drawn from another, with copies of their rows. One per thread: its
/// memory is used again.
class DrawnRows {
 public:
  explicit DrawnRows(const PackedRows& all) : all_(&all), rows_(all) {}
  DrawnRows(const DrawnRows&) = delete;
  DrawnRows& operator=(const DrawnRows&) = delete;

  /// Takes these groups, in this order; one that is named twice is two groups.
  /// @param within  null: all rows of a group as they are; else a stream by which n_j of its
  ///                n_j rows are drawn with replacement
  void draw(std::span<const std::int64_t> groups, Stream* within);

  /// What was drawn last. The same object for as long as this one lives; before the first
  /// draw, the rows drawn from.
  const PackedRows& rows() const { return rows_; }

 private:
  PackedRowsWriter lay_out(std::span<const std::int64_t> groups);

  const PackedRows* all_;
  PackedRows rows_;
  std::int64_t bytes_ = 0;  ///< of the memory that is ours
};

}  // namespace merit
