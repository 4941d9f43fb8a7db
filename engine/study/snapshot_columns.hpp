// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/table.hpp"

namespace merit {

/// A column of a snapshot as numbers: its values, or 1 where it is one level and 0 elsewhere.
struct SnapshotColumn {
  std::string name;
  std::optional<std::string> equals = {};
  bool operator==(const SnapshotColumn&) const = default;
};

/// What a study takes of one snapshot.
struct SnapshotRequest {
  std::string file;        ///< as the study names it
  std::string group;       ///< the column of the groups; empty: all rows are one group
  std::string where = {};  ///< the rows to use, as --where; empty: all
  std::vector<SnapshotColumn> columns = {};
};

/// Real data that a study draws from: the rows to use that have all of the columns, group by group, in
/// the order of the file within a group.
struct SnapshotColumns {
  SnapshotRequest request;
  std::string digest;  ///< of these columns' values in the snapshot
  std::vector<std::int64_t>
      first;  ///< J + 1: group j has the rows first[j] … first[j+1] − 1
  std::vector<std::vector<double>> value =
      {};                        ///< of each column; none: only the sizes are known
  std::int64_t num_dropped = 0;  ///< rows where one is missing

  std::int64_t num_groups() const { return std::ssize(first) - 1; }
  std::int64_t num_rows() const { return first.back(); }
  std::int64_t size(std::int64_t group) const {
    const auto j = static_cast<std::size_t>(group);
    return first[j + 1] - first[j];
  }
};

/// Reads a snapshot for a study. @throws Error
using ReadSnapshot = std::function<SnapshotColumns(const SnapshotRequest&)>;

/// @throws DataError if the table has no such column
std::size_t column_index(const Table& table, const std::string& column);

/// Of a table that is open; without request and digest.
/// @param columns  filled in: those of the table that are used, group first if there is one
/// @throws DataError for columns that are not there or cannot be numbers, UsageError for a `where`
///         that is no condition, IoError
SnapshotColumns read_columns(Table& table,
                             const SnapshotRequest& request,
                             std::vector<std::size_t>& columns);

/// Groups of these sizes whose values are not known.
SnapshotColumns known_sizes(const std::vector<double>& sizes);

}  // namespace merit
