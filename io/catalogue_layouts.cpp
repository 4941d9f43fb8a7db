// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/catalogue.hpp"

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
    text += fmt::format("{}{}", text.empty() ? "" : " × ", extent);
  }
  return text;
}

// Everything below throws DataError saying why a column cannot be used, without naming it.

StoredVector stored(const Dataset& dataset) {
  return {dataset.type(), dataset.num_rows(), locate(dataset)};
}

Dataset open_vector(const Group& parent, const std::string& name) {
  Dataset dataset = parent.dataset(name);
  dataset.flatten();
  if (dataset.shape().empty()) throw DataError("is a single value, not a column");
  if (dataset.shape().size() != 1) {
    throw DataError("is an array of shape " + shape_text(dataset) +
                    "; a column has one dimension");
  }
  return dataset;
}

/// Sets encoding, kind and description from the stored type.
void set_encoding(Column& column, const Type& type) {
  column.type = type;
  column.type.members.clear();
  column.info.stored_as = type.name;
  column.info.kind = ColumnKind::numeric;
  switch (type.type_class) {
    case TypeClass::integer:
    case TypeClass::floating:
      column.encoding = Encoding::number;
      return;
    case TypeClass::boolean:
      column.encoding = Encoding::boolean;
      return;
    case TypeClass::enumeration:
      column.encoding = Encoding::enumeration;
      break;
    case TypeClass::fixed_string:
    case TypeClass::variable_string:
      column.encoding = Encoding::text;
      break;
    default:
      throw DataError("has values of type " + type.name +
                      "; a column holds numbers, booleans, categories or text");
  }
  column.info.kind = ColumnKind::categorical;
}

void set_categorical(Column& column,
                     const Dataset& codes,
                     const Dataset& categories,
                     const hdf5::Object& ordered_on) {
  if (codes.type().type_class != TypeClass::integer) {
    throw DataError("has codes of type " + codes.type().name + "; expected integers");
  }
  switch (categories.type().type_class) {
    case TypeClass::integer:
    case TypeClass::floating:
    case TypeClass::boolean:
    case TypeClass::fixed_string:
    case TypeClass::variable_string:
      break;
    default:
      throw DataError("has categories of type " + categories.type().name +
                      "; expected text or numbers");
  }
  column.encoding = Encoding::codes;
  column.type = codes.type();
  column.info.kind = ColumnKind::categorical;
  column.info.ordered = ordered_on.find_attribute<bool>("ordered").value_or(false);
  column.info.stored_as = "categorical (" + codes.type().name + ")";
  column.categories = stored(categories);
  column.values = stored(codes);
}

bool is_column(const Group& group) {
  const std::string encoding = text_attribute(group, "encoding-type");
  return encoding == "categorical" || encoding.starts_with("nullable-");
}

/// One of the vectors of a column that is kept as a group.
Dataset open_part(const Group& group, const std::string& name) {
  if (!group.exists(name)) throw DataError("is a group without " + name);
  return open_vector(group, name);
}

/// A column kept as a group: categories, or values with a mask.
void set_from_group(Column& column, const Group& group) {
  const std::string encoding = text_attribute(group, "encoding-type");
  column.info.stored_as = encoding.empty() ? "group" : encoding;
  if (!is_column(group)) {
    throw DataError("is a group encoded as \"" + encoding +
                    "\"; categorical and nullable-* are read");
  }
  if (encoding == "categorical") {
    set_categorical(
        column, open_part(group, "codes"), open_part(group, "categories"), group);
    return;
  }
  const Dataset values = open_part(group, "values");
  const Dataset mask = open_part(group, "mask");
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
  column.mask = stored(mask);
  column.values = stored(values);
}

/// A column kept as one dataset, with the attributes that R's and older Python's packages add.
void set_from_dataset(Column& column, const Group& parent, const std::string& name) {
  const Dataset dataset = open_vector(parent, name);
  // AnnData before 0.8 kept categories beside the columns.
  if (const std::string path = "__categories/" + name;
      dataset.has_attribute("categories") && parent.exists(path)) {
    const Dataset categories = open_vector(parent, path);
    set_categorical(column, dataset, categories, categories);
    return;
  }
  set_encoding(column, dataset.type());
  column.na_is_missing = dataset.find_attribute<std::int64_t>("as.na").value_or(0) != 0;
  if (column.type.type_class == TypeClass::integer &&
      text_attribute(dataset, "storage.mode") == "logical") {
    column.encoding = Encoding::boolean;
    column.info.stored_as = "logical (" + column.type.name + ")";
  }
  column.values = stored(dataset);
}

/// Groups inside a group are no columns, unless they are encoded as such.
bool is_other_group(const Group& parent, const std::string& name) {
  try {
    return parent.kind(name) == ObjectKind::group && !is_column(parent.group(name));
  } catch (const Error&) {
    return false;  // damaged: cataloguing it as a column says how
  }
}

/// Any column of a group. What is wrong with it is kept with it.
Column catalogue_column(const Group& parent, const std::string& name) {
  Column column;
  column.info.name = name;
  column.info.stored_as = "unreadable";
  try {
    if (!parent.exists(name)) throw DataError("is not there, or is outside the file");
    switch (parent.kind(name)) {
      case ObjectKind::dataset:
        set_from_dataset(column, parent, name);
        break;
      case ObjectKind::group:
        set_from_group(column, parent.group(name));
        break;
      default:
        throw DataError("is neither a dataset nor a group");
    }
  } catch (const Error& error) {
    // Whoever reports it names the file and the column.
    const std::string prefix = parent.name() + "/" + name + ": ";
    const std::string text = error.what();
    column.problem = text.starts_with(prefix) ? text.substr(prefix.size()) : text;
    column.damaged = error.code() == ExitCode::io;
  }
  return column;
}

/// The most common length of usable columns becomes the table's; others cannot be used.
void settle_num_rows(Catalogue& catalogue) {
  std::map<std::int64_t, int> count;
  for (const Column& column : catalogue.columns) {
    if (column.problem.empty()) ++count[column.values->num_rows];
  }
  int best = 0;
  for (const Column& column : catalogue.columns) {
    if (!column.problem.empty() || count[column.values->num_rows] <= best) continue;
    catalogue.num_rows = column.values->num_rows;
    best = count[catalogue.num_rows];
  }
  for (Column& column : catalogue.columns) {
    if (column.problem.empty() && column.values->num_rows != catalogue.num_rows) {
      column.problem = fmt::format("has {} rows where the table has {}",
                                   column.values->num_rows,
                                   catalogue.num_rows);
    }
  }
}

}  // namespace

Catalogue catalogue_dataframe(const Group& group) {
  Catalogue catalogue;
  catalogue.layout = "data frame";
  auto names = group.find_attribute<std::vector<std::string>>("column-order");
  if (!names) names = group.names(kMaxColumns);
  names->push_back(text_attribute(group, "_index"));
  std::set<std::string> seen{"", "__categories"};
  for (const std::string& name : *names) {
    if (seen.insert(name).second) {
      catalogue.columns.push_back(catalogue_column(group, name));
    }
  }
  settle_num_rows(catalogue);
  return catalogue;
}

Catalogue catalogue_group(const Group& group) {
  Catalogue catalogue;
  catalogue.layout = "group of datasets";
  for (const std::string& name : group.names(kMaxColumns)) {
    if (is_other_group(group, name)) continue;
    catalogue.columns.push_back(catalogue_column(group, name));
  }
  settle_num_rows(catalogue);
  return catalogue;
}

Catalogue catalogue_compound(Dataset dataset) {
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
  Catalogue catalogue;
  catalogue.layout = "compound dataset";
  catalogue.num_rows = dataset.num_rows();
  for (const hdf5::Member& member : dataset.type().members) {
    Column column;
    column.info.name = member.name;
    column.member_offset = member.offset;
    try {
      set_encoding(column, member.type);
    } catch (const DataError& error) {
      column.problem = error.what();
    }
    catalogue.columns.push_back(std::move(column));
  }
  try {
    catalogue.compound = stored(dataset);
  } catch (const DataError& error) {
    throw DataError(dataset.name() + ": " + error.what());
  }
  return catalogue;
}

}  // namespace merit
