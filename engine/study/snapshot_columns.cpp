// SPDX-License-Identifier: MIT
#include "engine/study/snapshot_columns.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/bound_expression.hpp"
#include "engine/model/scope_column.hpp"
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

/// Which rows to use.
class RowCondition {
 public:
  /// @param columns  those of the table that are read; what the condition names joins them
  RowCondition(const std::string& where,
               Table& table,
               std::vector<std::size_t>& columns) {
    if (where.empty()) return;
    const Source source{"where", where};
    const Expression expression = parse_expression(source);
    Scope scope;
    for (const std::string& name : names_in(expression)) {
      const std::size_t index = column_index(table, name);
      places_.push_back(columns.size());
      columns.push_back(index);
      scope.columns.push_back(scope_column(table, index));
    }
    condition_ = bind(expression, source, scope);
    if (condition_->type != ValueType::logical)
      throw error_at(source, 0, "must be true or false for each row, as in wave == 2019");
  }

  /// Of a block's rows; a missing value is not true.
  std::vector<bool> holds(const RowBlock& block) const {
    std::vector<bool> out(static_cast<std::size_t>(block.num_rows), true);
    if (!condition_) return out;
    std::vector<const double*> slots;
    for (const std::size_t place : places_)
      slots.push_back(block.column(place).data());
    const Eigen::ArrayXd value = evaluate(*condition_, slots, block.num_rows);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = value[static_cast<Eigen::Index>(i)] == 1.0;
    return out;
  }

 private:
  std::vector<std::size_t> places_;
  std::optional<BoundExpression> condition_;
};

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
  const std::size_t skipped = request.group.empty() ? 0 : 1, needed = columns.size();
  const RowCondition condition(request.where, table, columns);
  std::map<double, std::vector<std::vector<double>>> groups;  // per group, per column
  SnapshotColumns out;
  const auto reader = table.reader(columns);
  RowBlock block;
  for (std::int64_t at = 0; at < table.num_rows(); at += kBlockRows) {
    reader->read(at, std::min(kBlockRows, table.num_rows() - at), block);
    const std::vector<bool> is_used = condition.holds(block);
    for (std::size_t i = 0; i < static_cast<std::size_t>(block.num_rows); ++i) {
      if (!is_used[i]) continue;
      bool complete = true;
      for (std::size_t k = 0; k < needed; ++k) {
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
