// SPDX-License-Identifier: MIT
#include "engine/cli/column_levels.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/text.hpp"

namespace merit {

ColumnLevels levels_of(Table& table, const std::string& column, std::size_t most) {
  std::vector<std::string> names;
  for (const ColumnInfo& info : table.columns())
    names.push_back(info.name);
  const auto found = std::find(names.begin(), names.end(), column);
  if (found == names.end()) {
    throw DataError(fmt::format(
        "{}: no column '{}'{}", table.name(), column, did_you_mean(column, names)));
  }
  const auto index = static_cast<std::size_t>(found - names.begin());
  std::set<double> seen;
  const auto reader = table.reader({index});
  RowBlock rows;
  for (std::int64_t first = 0; first < table.num_rows(); first += kBlockRows) {
    reader->read(first, std::min(kBlockRows, table.num_rows() - first), rows);
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
  }
  ColumnLevels out;
  out.is_text = table.columns()[index].kind == ColumnKind::categorical;
  for (const double value : seen) {
    out.levels.push_back(out.is_text
                             ? table.levels(index)[static_cast<std::size_t>(value)]
                             : shortest(value));
  }
  return out;
}

}  // namespace merit
