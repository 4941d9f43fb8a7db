// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/frame.hpp"
#include "engine/model/table.hpp"

/// Frequency weights: a row with weight 3 stands for three rows like it, one with weight 0 for
/// none. All that a model sees are the repeated rows, so that nothing behind the reader knows of
/// weights, and every number is that of the table with its rows written out. The time it takes
/// is theirs, too; the memory of a pass is not.
namespace merit {

/// The largest weight of a row.
inline constexpr double kLargestWeight = 1e6;

/// Groups of some rows, by whether a row in them counts at all. Each ascending.
struct WeightedGroups {
  std::vector<double> counted, not_counted;
};

WeightedGroups merge(const WeightedGroups& a, const WeightedGroups& b);
std::vector<std::byte> pack(const WeightedGroups& groups);
WeightedGroups unpack_weighted_groups(std::span<const std::byte> bytes);

/// Checks the weights of the rows that a model uses.
/// @param column  of the block's, with the weights; `name` is the option and the column
/// @throws DataError naming the first row whose weight is missing, negative, no whole number
///         or too large
WeightedGroups check_weights(const RowBlock& rows,
                             std::size_t column,
                             const std::string& name,
                             const ModelFrame& frame);

/// The first group whose rows have all weight 0, of all rows' groups.
std::optional<double> group_without_weight(const WeightedGroups& groups);

/// Calls use(piece) with the rows, each as often as it counts, in pieces of up to kStripRows.
/// Rows that are not used, whatever their weight, may come along once.
/// @param column  of the weights; none: use(rows)
/// @param piece   memory
template <class Use>
void for_each_repeated(const RowBlock& rows,
                       std::optional<std::size_t> column,
                       RowBlock& piece,
                       const Use& use) {
  if (!column) return use(rows);
  const auto clear = [&] {
    piece.num_rows = 0;
    piece.source_rows.clear();
    piece.columns.resize(rows.columns.size());
    for (std::vector<double>& values : piece.columns)
      values.clear();
  };
  const auto flush = [&] {
    if (piece.num_rows == 0) return;
    for (std::size_t k = 0; k < piece.columns.size(); ++k)
      piece.note_finite(k);
    use(static_cast<const RowBlock&>(piece));
    clear();
  };
  clear();
  for (std::int64_t row = 0; row < rows.num_rows; ++row) {
    const auto at = static_cast<std::size_t>(row);
    const double weight = rows.columns[*column][at];
    const bool sound = weight >= 0.0 && weight <= kLargestWeight;
    auto left = sound ? static_cast<std::int64_t>(weight) : std::int64_t{1};
    while (left > 0) {
      const std::int64_t count = std::min(left, kStripRows - piece.num_rows);
      for (std::size_t k = 0; k < piece.columns.size(); ++k) {
        piece.columns[k].insert(
            piece.columns[k].end(), static_cast<std::size_t>(count), rows.columns[k][at]);
      }
      piece.source_rows.insert(
          piece.source_rows.end(), static_cast<std::size_t>(count), rows.row_number(row));
      piece.num_rows += count;
      left -= count;
      if (piece.num_rows == kStripRows) flush();
    }
  }
  flush();
}

}  // namespace merit
