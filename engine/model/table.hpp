// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/simd/finite.hpp"

namespace merit {

enum class ColumnKind { numeric, categorical };

/// What a table says of one column without reading it.
struct ColumnInfo {
  std::string name;
  ColumnKind kind = ColumnKind::numeric;
  bool ordered = false;  ///< categories have an order (ordinal responses)
  std::string
      stored_as;  ///< type in the file, for people: "float64", "categorical (int8)"
};

/// Some rows of some columns, every value as a double: a number as it is (integers and
/// booleans converted), a category as its index in `Table::levels`; NaN means missing.
struct RowBlock {
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::vector<std::vector<double>> columns;  ///< in the order asked for, num_rows each
  std::vector<std::uint8_t> all_finite;  ///< per column, whether no value is ∞ or NaN
  /// Rows of the table that these are; empty: first_row and those behind it.
  std::vector<std::int64_t> source_rows = {};

  std::int64_t row_number(std::int64_t row) const {
    return source_rows.empty() ? first_row + row
                               : source_rows[static_cast<std::size_t>(row)];
  }

  std::span<const double> column(std::size_t i) const {
    return {columns[i].data(), static_cast<std::size_t>(num_rows)};
  }
  /// Fills `all_finite` for a column: for whoever fills `columns`.
  void note_finite(std::size_t i) {
    all_finite.resize(columns.size());
    all_finite[i] = merit::all_finite(column(i)) ? 1 : 0;
  }
};

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Rows per block of every pass over a table. Part of what makes results the same bits on
/// any number of ranks and threads: reductions are made per block, then over a fixed tree.
inline constexpr std::int64_t kBlockRows = 65'536;

/// Rows that are read and reduced at a time where a block need not be whole: a dozen columns
/// of them stay in a processor's second cache.
inline constexpr std::int64_t kStripRows = 4'096;
static_assert(kBlockRows % kStripRows == 0);

/// Reads rows of some columns of a table. Several threads may read one table at the same
/// time, each with a reader of its own.
class RowReader {
 public:
  virtual ~RowReader() = default;

  /// Reads rows [first, first + count) into `block`, reusing its memory. Going forward is
  /// fast; going to and fro may not be (a compressed file).
  /// @throws IoError if reading fails
  virtual void read(std::int64_t first, std::int64_t count, RowBlock& block) = 0;
};

/// A data frame that can be read in blocks; a snapshot (io/) or a table in memory (tests).
class Table {
 public:
  virtual ~Table() = default;

  /// For people: "survey.h5 (/data)".
  virtual std::string name() const = 0;
  virtual std::int64_t num_rows() const = 0;
  virtual const std::vector<ColumnInfo>& columns() const = 0;

  /// Levels of a categorical column in the file's order; of a text column its distinct
  /// values in byte order (found by one scan, then kept).
  /// @throws IoError if reading fails
  virtual const std::vector<std::string>& levels(std::size_t column) = 0;

  /// A reader of `columns`, in this order. It must not outlive the table. Not thread-safe.
  /// @throws DataError if a column cannot be used, IoError if reading fails
  virtual std::unique_ptr<RowReader> reader(std::vector<std::size_t> columns) = 0;
};

}  // namespace merit
