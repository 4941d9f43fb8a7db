// SPDX-License-Identifier: MIT
#include "io/snapshot_writer.hpp"

#include <filesystem>

#include "engine/error.hpp"
#include "io/hdf5.hpp"

namespace merit {
namespace {

void set_encoding(hdf5::Object&& object, const std::string& type) {
  object.set_attribute("encoding-type", type);
  object.set_attribute("encoding-version", std::string("0.2.0"));
}

}  // namespace

void write_snapshot(const std::string& path,
                    const std::string& title,
                    std::span<const NumberColumn> columns) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored))
    throw UsageError(path + ": exists already; choose another file, or remove it");
  hdf5::File file = hdf5::File::create(path);
  {
    hdf5::Group root = file.root();
    root.set_attribute("format", std::string("merit-snapshot"));
    root.set_attribute("version", std::int64_t{1});
    root.set_attribute("title", title);
    hdf5::Group data = root.create_group("data");
    data.set_attribute("_index", std::string("_index"));
    std::vector<std::string> order;
    for (const NumberColumn& column : columns) {
      order.push_back(column.name);
      set_encoding(
          data.write(column.name,
                     std::vector<double>(column.values.begin(), column.values.end())),
          "array");
    }
    const std::size_t rows = columns.empty() ? 0 : columns.front().values.size();
    std::vector<std::int64_t> index(rows);
    for (std::size_t i = 0; i < rows; ++i)
      index[i] = static_cast<std::int64_t>(i);
    set_encoding(data.write("_index", index), "array");
    data.set_attribute("column-order", order);
    set_encoding(std::move(data), "dataframe");
  }
  file.close();
}

}  // namespace merit
