// SPDX-License-Identifier: MIT
#include "io/result_tables.hpp"

#include "engine/error.hpp"
#include "io/result_parts.hpp"

namespace merit {
namespace {

StoredTable::Column read_column(const hdf5::Dataset& dataset) {
  switch (dataset.type().type_class) {
    case hdf5::TypeClass::floating:
      return dataset.read<double>();
    case hdf5::TypeClass::integer:
      return dataset.read<std::int64_t>();
    default:
      return dataset.read_strings();
  }
}

}  // namespace

void write_tables(hdf5::Group& parent, const std::vector<StoredTable>& tables) {
  for (const StoredTable& table : tables) {
    hdf5::Group group = parent.create_group(table.name);
    for (const auto& [name, column] : table.columns)
      std::visit([&, &label = name](const auto& values) { group.write(label, values); },
                 column);
  }
}

std::vector<StoredTable> read_tables(const hdf5::Group& parent) {
  std::vector<StoredTable> out;
  for (const std::string& name : parent.names()) {
    if (parent.kind(name) != hdf5::ObjectKind::group) continue;
    const hdf5::Group group = parent.group(name);
    StoredTable& table = out.emplace_back(StoredTable{.name = name});
    for (const std::string& label : group.names()) {
      const hdf5::Dataset dataset = group.dataset(label);
      check_shape(dataset, {dataset.num_rows()});
      table.columns.emplace_back(label, read_column(dataset));
      const auto rows = static_cast<std::size_t>(dataset.num_rows());
      if (rows != table.num_rows())
        throw IoError(group.name() + ": damaged: columns of different lengths");
    }
  }
  return out;
}

}  // namespace merit
