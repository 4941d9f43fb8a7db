// SPDX-License-Identifier: MIT
#include "io/stored_table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {

template <class T>
const std::vector<T>& StoredTable::column(const std::string& wanted) const {
  for (const auto& [label, values] : columns) {
    if (label != wanted) continue;
    if (const auto* found = std::get_if<std::vector<T>>(&values)) return *found;
  }
  throw IoError(
      fmt::format("damaged: table '{}' has no column '{}' of its type", name, wanted));
}

template const std::vector<std::string>& StoredTable::column(const std::string&) const;
template const std::vector<std::int64_t>& StoredTable::column(const std::string&) const;
template const std::vector<double>& StoredTable::column(const std::string&) const;

std::size_t StoredTable::num_rows() const {
  if (columns.empty()) return 0;
  return std::visit([](const auto& values) { return values.size(); },
                    columns.front().second);
}

const StoredTable& find_table(const std::vector<StoredTable>& tables,
                              const std::string& name) {
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const auto& table) {
    return table.name == name;
  });
  if (found == tables.end())
    throw IoError(fmt::format("damaged: there is no table '{}'", name));
  return *found;
}

}  // namespace merit
