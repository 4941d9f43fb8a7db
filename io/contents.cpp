// SPDX-License-Identifier: MIT
#include "io/contents.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {
namespace {

using hdf5::Dataset;
using hdf5::Group;
using hdf5::ObjectKind;
using hdf5::Type;
using hdf5::TypeClass;

constexpr std::size_t kMaxColumns = 1'000'000;

std::string text_attribute(const hdf5::Object& object, const char* name) {
  return object.find_attribute<std::string>(name).value_or("");
}

std::string shape_text(const Dataset& dataset) {
  std::string text;
  for (const std::int64_t extent : dataset.shape()) {
    text += (text.empty() ? "" : " × ") + std::to_string(extent);
  }
  return text;
}

/// Opens a 1-D dataset that holds what it says.
/// @throws DataError saying why it cannot be used
Dataset open_vector(const Group& parent,
                    const std::string& name,
                    std::int64_t file_size) {
  Dataset dataset = parent.dataset(name);
  dataset.flatten();
  if (dataset.shape().empty()) throw DataError("is a single value, not a column");
  if (dataset.shape().size() != 1) {
    throw DataError("is an array of shape " + shape_text(dataset) +
                    "; a column has one dimension");
  }
  if (const std::string why = why_implausible(dataset, file_size); !why.empty()) {
    throw DataError(why);
  }
  return dataset;
}

void require_integer(const Dataset& dataset, const char* part) {
  if (dataset.type().type_class != TypeClass::integer) {
    throw DataError(
        fmt::format("has {} of type {}; expected integers", part, dataset.type().name));
  }
}

void set_categorical(Column& column,
                     Dataset codes,
                     Dataset categories,
                     const hdf5::Object& ordered_on) {
  require_integer(codes, "codes");
  const TypeClass kind = categories.type().type_class;
  if (kind == TypeClass::unsupported || kind == TypeClass::compound ||
      kind == TypeClass::enumeration) {
    throw DataError("has categories of type " + categories.type().name +
                    "; expected text or numbers");
  }
  column.encoding = Encoding::codes;
  column.type = codes.type();
  column.info.kind = ColumnKind::categorical;
  column.info.ordered = ordered_on.find_attribute<bool>("ordered").value_or(false);
  column.info.stored_as = "categorical (" + codes.type().name + ")";
  column.values = std::move(codes);
  column.categories = std::move(categories);
}

/// A column kept as a group: categories, or values with a mask.
void set_from_group(Column& column, const Group& group, std::int64_t file_size) {
  const std::string encoding = text_attribute(group, "encoding-type");
  if (encoding == "categorical") {
    set_categorical(column,
                    open_vector(group, "codes", file_size),
                    open_vector(group, "categories", file_size),
                    group);
    return;
  }
  if (!encoding.starts_with("nullable-")) {
    column.info.stored_as = encoding.empty() ? "group" : encoding;
    throw DataError(encoding.empty() ? "is a group without encoding-type"
                                     : "is encoded as \"" + encoding +
                                           "\"; categorical and nullable-* are read");
  }
  Dataset values = open_vector(group, "values", file_size);
  Dataset mask = open_vector(group, "mask", file_size);
  if (mask.num_rows() != values.num_rows()) {
    throw DataError(fmt::format(
        "has {} values but a mask of {}", values.num_rows(), mask.num_rows()));
  }
  if (mask.type().type_class != TypeClass::boolean &&
      mask.type().type_class != TypeClass::integer) {
    throw DataError("has a mask of type " + mask.type().name + "; expected booleans");
  }
  set_encoding(column, values.type());
  column.info.stored_as = "nullable " + column.info.stored_as;
  column.values = std::move(values);
  column.mask = std::move(mask);
}

/// A column kept as one dataset, with the attributes that R's and older Python's packages add.
void set_from_dataset(Column& column,
                      const Group& parent,
                      const std::string& name,
                      std::int64_t file_size) {
  Dataset dataset = open_vector(parent, name, file_size);
  // AnnData before 0.8 kept categories beside the columns.
  if (const std::string path = "__categories/" + name;
      dataset.has_attribute("categories") && parent.exists(path)) {
    Dataset categories = open_vector(parent, path, file_size);
    const Dataset ordered_on = parent.dataset(path);
    set_categorical(column, std::move(dataset), std::move(categories), ordered_on);
    return;
  }
  set_encoding(column, dataset.type());
  column.na_is_missing = dataset.find_attribute<std::int64_t>("as.na").value_or(0) != 0;
  if (column.type.type_class == TypeClass::integer &&
      text_attribute(dataset, "storage.mode") == "logical") {
    column.encoding = Encoding::boolean;
    column.info.stored_as = "logical (" + column.type.name + ")";
  }
  column.values = std::move(dataset);
}

/// Any column of a group. What is wrong with it is kept with it.
Column read_column(const Group& parent, const std::string& name, std::int64_t file_size) {
  Column column;
  column.info.name = name;
  column.info.stored_as = "unreadable";
  try {
    if (!parent.exists(name)) throw DataError("is not there, or is outside the file");
    switch (parent.kind(name)) {
      case ObjectKind::dataset:
        set_from_dataset(column, parent, name, file_size);
        break;
      case ObjectKind::group:
        set_from_group(column, parent.group(name), file_size);
        break;
      default:
        throw DataError("is neither a dataset nor a group");
    }
  } catch (const Error& error) {
    // Whoever reports it names the file and the column.
    const std::string prefix = parent.name() + "/" + name + ": ";
    const std::string text = error.what();
    column.problem = text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  }
  return column;
}

/// The most common length of usable columns becomes the table's; others cannot be used.
void settle_num_rows(Contents& contents) {
  std::map<std::int64_t, int> count;
  for (const Column& column : contents.columns) {
    if (column.problem.empty()) ++count[column.values->num_rows()];
  }
  int best = 0;
  for (const Column& column : contents.columns) {
    if (!column.problem.empty()) continue;
    const std::int64_t rows = column.values->num_rows();
    if (count[rows] > best) {
      best = count[rows];
      contents.num_rows = rows;
    }
  }
  for (Column& column : contents.columns) {
    if (column.problem.empty() && column.values->num_rows() != contents.num_rows) {
      column.problem = fmt::format("has {} rows where the table has {}",
                                   column.values->num_rows(),
                                   contents.num_rows);
    }
  }
}

}  // namespace

Contents dataframe_contents(const Group& group, std::int64_t file_size) {
  Contents contents;
  contents.layout = "data frame";
  std::vector<std::string> names =
      group.find_attribute<std::vector<std::string>>("column-order")
          .value_or(group.names(kMaxColumns));
  names.push_back(text_attribute(group, "_index"));
  std::set<std::string> seen{"", "__categories"};
  for (const std::string& name : names) {
    if (!seen.insert(name).second) continue;
    contents.columns.push_back(read_column(group, name, file_size));
  }
  settle_num_rows(contents);
  return contents;
}

Contents group_contents(const Group& group, std::int64_t file_size) {
  Contents contents;
  contents.layout = "group of datasets";
  for (const std::string& name : group.names(kMaxColumns)) {
    Column column = read_column(group, name, file_size);
    // Groups inside are no columns, unless they are encoded as such.
    if (column.info.stored_as == "group") continue;
    contents.columns.push_back(std::move(column));
  }
  settle_num_rows(contents);
  return contents;
}

Contents compound_contents(Dataset dataset, std::int64_t file_size) {
  dataset.flatten();
  if (dataset.type().type_class != TypeClass::compound) {
    throw DataError(
        fmt::format("{}: is a dataset of type {}; a table is a group of columns or a "
                    "compound dataset",
                    dataset.name(),
                    dataset.type().name));
  }
  if (dataset.shape().size() != 1) {
    throw DataError(dataset.name() + ": is a compound dataset of shape " +
                    shape_text(dataset) + "; a table has one dimension");
  }
  if (const std::string why = why_implausible(dataset, file_size); !why.empty()) {
    throw DataError(dataset.name() + ": " + why);
  }
  Contents contents;
  contents.layout = "compound dataset";
  contents.num_rows = dataset.num_rows();
  for (const hdf5::Member& member : dataset.type().members) {
    Column column;
    column.info.name = member.name;
    column.member = contents.columns.size();
    set_encoding(column, member.type);
    contents.columns.push_back(std::move(column));
  }
  contents.compound = std::move(dataset);
  return contents;
}

}  // namespace merit
