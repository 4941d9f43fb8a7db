// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/table.hpp"

namespace merit {

/// How often one level, or one value of a whole-numbered column, occurs.
struct LevelCount {
  std::string level;
  std::int64_t count = 0;
};

/// One column as `merit inspect` shows it.
struct ColumnDescription {
  ColumnInfo info;
  std::string
      problem;  ///< why it cannot be used; empty if it can. Then nothing below holds

  std::int64_t num_missing = 0;
  std::int64_t num_infinite = 0;  ///< numeric
  double min = kMissing;          ///< numeric, over finite values; NaN if there are none
  double mean = kMissing;
  double max = kMissing;
  bool whole_numbers = false;  ///< numeric, and every value is an integer

  /// Categorical: every level in its order, also those that do not occur. Whole numbers: the
  /// values in ascending order, if there are at most `kMaxCountedValues`; else empty.
  std::vector<LevelCount> counts;
};

/// Whole-numbered columns with more distinct values than this are not tabulated.
inline constexpr std::size_t kMaxCountedValues = 1000;

/// What an HDF5 file holds, as plain values.
struct SnapshotDescription {
  std::string file;
  std::string table;   ///< path of the table described
  std::string layout;  ///< "data frame", "group of datasets", "compound dataset"
  std::int64_t num_rows = 0;
  std::vector<ColumnDescription> columns;
  std::string digest;  ///< over all columns that can be used
  std::vector<std::pair<std::string, std::string>>
      attributes;                         ///< of the file's root, as text
  std::vector<std::string> other_tables;  ///< paths for `--table`
};

/// Reads a whole snapshot once, in blocks. A damaged column is described as such.
/// @throws InputError, IoError, DataError as `open_snapshot`; IoError if reading fails
SnapshotDescription describe_snapshot(const std::string& path,
                                      const std::string& table = "/data");

}  // namespace merit
