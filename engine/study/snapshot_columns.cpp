// SPDX-License-Identifier: MIT
#include "engine/study/snapshot_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/text.hpp"

namespace merit {
namespace {

/// Which stored value counts as 1; NaN: values as they are.
double code_of(Table& table, std::size_t index, const SnapshotColumn& column) {
  const bool is_text = table.columns()[index].kind == ColumnKind::categorical;
  if (!is_text) {
    if (!column.equals) return std::nan("");
    try {
      return std::stod(*column.equals);
    } catch (const std::exception&) {
      throw DataError(fmt::format("{}: {} has numbers: equals = '{}' is none",
                                  table.name(),
                                  column.name,
                                  *column.equals));
    }
  }
  const std::vector<std::string>& levels = table.levels(index);
  if (!column.equals) {
    throw DataError(
        fmt::format("{}: {} has categories ({}): say which is 1, e.g. equals = \"{}\"",
                    table.name(),
                    column.name,
                    first_few(levels),
                    levels.empty() ? "" : levels.back()));
  }
  const auto found = std::find(levels.begin(), levels.end(), *column.equals);
  if (found == levels.end()) {
    throw DataError(fmt::format("{}: {} has no category '{}'{}",
                                table.name(),
                                column.name,
                                *column.equals,
                                did_you_mean(*column.equals, levels)));
  }
  return static_cast<double>(found - levels.begin());
}

}  // namespace

std::size_t column_index(const Table& table, const std::string& column) {
  std::vector<std::string> names;
  for (const ColumnInfo& info : table.columns())
    names.push_back(info.name);
  const auto found = std::find(names.begin(), names.end(), column);
  if (found == names.end()) {
    throw DataError(fmt::format(
        "{}: no column '{}'{}", table.name(), column, did_you_mean(column, names)));
  }
  return static_cast<std::size_t>(found - names.begin());
}

SnapshotColumns read_columns(Table& table,
                             const SnapshotRequest& request,
                             std::vector<std::size_t>& columns) {
  columns.clear();
  if (!request.group.empty()) columns.push_back(column_index(table, request.group));
  std::vector<double> code;
  for (const SnapshotColumn& column : request.columns) {
    columns.push_back(column_index(table, column.name));
    code.push_back(code_of(table, columns.back(), column));
  }
  const std::size_t skipped = request.group.empty() ? 0 : 1;
  std::map<double, std::vector<std::vector<double>>> groups;  // per group, per column
  SnapshotColumns out;
  const auto reader = table.reader(columns);
  RowBlock block;
  for (std::int64_t at = 0; at < table.num_rows(); at += kBlockRows) {
    reader->read(at, std::min(kBlockRows, table.num_rows() - at), block);
    for (std::size_t i = 0; i < static_cast<std::size_t>(block.num_rows); ++i) {
      bool complete = true;
      for (std::size_t k = 0; k < columns.size(); ++k) {
        const double value = block.column(k)[i];
        complete = complete && !std::isnan(value);
        if (std::isinf(value)) {
          throw DataError(
              fmt::format("{}: {} is infinite in row {}",
                          table.name(),
                          table.columns()[columns[k]].name,
                          block.row_number(static_cast<std::int64_t>(i)) + 1));
        }
      }
      if (!complete) {
        ++out.num_dropped;
        continue;
      }
      auto& values = groups[skipped == 0 ? 0.0 : block.column(0)[i]];
      values.resize(code.size() + 1);
      for (std::size_t k = 0; k < code.size(); ++k) {
        const double value = block.column(skipped + k)[i];
        values[k].push_back(std::isnan(code[k]) ? value : value == code[k] ? 1.0 : 0.0);
      }
      values.back().push_back(0.0);  // counts the rows
    }
  }
  if (groups.empty())
    throw DataError(table.name() + ": no row has all of the columns that are used");
  out.first.push_back(0);
  out.value.resize(code.size());
  for (const auto& [key, values] : groups) {
    out.first.push_back(out.first.back() + std::ssize(values.back()));
    for (std::size_t k = 0; k < code.size(); ++k)
      out.value[k].insert(out.value[k].end(), values[k].begin(), values[k].end());
  }
  return out;
}

SnapshotColumns known_sizes(const std::vector<double>& sizes) {
  SnapshotColumns out;
  out.first.push_back(0);
  for (const double size : sizes)
    out.first.push_back(out.first.back() + static_cast<std::int64_t>(size));
  return out;
}

}  // namespace merit
