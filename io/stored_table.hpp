// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace merit {

/// A small table with named columns of one length, as it lies in a result file: a group with a
/// dataset per column, which R and Python read as a data frame.
struct StoredTable {
  using Column = std::
      variant<std::vector<std::string>, std::vector<std::int64_t>, std::vector<double>>;

  std::string name;
  std::vector<std::pair<std::string, Column>> columns = {};

  /// A column that holds T. @throws IoError, naming it, if it is not there
  template <class T>
  const std::vector<T>& column(const std::string& wanted) const;
  std::size_t num_rows() const;
};

/// The table of this name. @throws IoError if it is not there
const StoredTable& find_table(const std::vector<StoredTable>& tables,
                              const std::string& name);

}  // namespace merit
