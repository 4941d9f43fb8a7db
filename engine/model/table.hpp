// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

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
};

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Rows per block of every pass over a table. Part of what makes results the same bits on
/// any number of ranks and threads: reductions are made per block, then over a fixed tree.
inline constexpr std::int64_t kBlockRows = 65'536;

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

  /// Reads rows [first, first + count) of `columns` into `block`, reusing its memory.
  /// Not thread-safe. @throws IoError if reading fails
  virtual void read(std::int64_t first,
                    std::int64_t count,
                    std::span<const std::size_t> columns,
                    RowBlock& block) = 0;
};

}  // namespace merit
