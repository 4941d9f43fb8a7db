// SPDX-License-Identifier: MIT
#include "engine/cli/column_levels.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/text.hpp"
#include "engine/study/snapshot_columns.hpp"

namespace merit {
namespace {

/// Hands out all rows of some columns, in blocks.
template <class Use>
void for_each_block(Table& table,
                    const std::vector<std::size_t>& columns,
                    const Use& use) {
  const auto reader = table.reader(columns);
  RowBlock rows;
  for (std::int64_t first = 0; first < table.num_rows(); first += kBlockRows) {
    reader->read(first, std::min(kBlockRows, table.num_rows() - first), rows);
    use(rows);
  }
}

}  // namespace

ColumnLevels levels_of(Table& table, const std::string& column, std::size_t most) {
  const std::size_t index = column_index(table, column);
  std::set<double> seen;
  for_each_block(table, {index}, [&](const RowBlock& rows) {
    for (const double value : rows.column(0)) {
      if (!std::isnan(value)) seen.insert(value);
    }
    if (seen.size() > most) {
      throw DataError(
          fmt::format("{}: {} has more than {} different values: too many to tell waves "
                      "or imputations",
                      table.name(),
                      column,
                      most));
    }
  });
  ColumnLevels out;
  out.is_text = table.columns()[index].kind == ColumnKind::categorical;
  for (const double value : seen) {
    out.levels.push_back(out.is_text
                             ? table.levels(index)[static_cast<std::size_t>(value)]
                             : shortest(value));
  }
  return out;
}

std::int64_t num_in_several(Table& table,
                            const std::string& column,
                            const std::string& other) {
  std::unordered_map<double, double> first;
  std::unordered_set<double> several;
  for_each_block(table,
                 {column_index(table, column), column_index(table, other)},
                 [&](const RowBlock& rows) {
                   for (std::size_t r = 0; r < rows.column(0).size(); ++r) {
                     const double value = rows.column(0)[r], with = rows.column(1)[r];
                     if (std::isnan(value) || std::isnan(with)) continue;
                     if (first.try_emplace(value, with).first->second != with)
                       several.insert(value);
                   }
                 });
  return std::ssize(several);
}

}  // namespace merit
