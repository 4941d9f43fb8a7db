// SPDX-License-Identifier: MIT
#include "io/catalogue.hpp"

#include <system_error>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/isolated.hpp"

namespace merit {
namespace {

constexpr std::int64_t kFormatVersion = 1;

/// Only what merit marks as its own is judged by its mark: snapshots need none.
void check_format(const hdf5::Group& root, const std::string& path) {
  const auto format = root.find_attribute<std::string>("format");
  if (!format || !format->starts_with("merit-")) return;
  if (*format != "merit-snapshot") {
    throw InputError(
        fmt::format("{}: is a {} file, not a snapshot; merit summarize reads "
                    "results",
                    path,
                    *format));
  }
  const auto version = root.find_attribute<std::int64_t>("version");
  if (version && *version > kFormatVersion) {
    throw InputError(
        fmt::format("{}: is a snapshot of version {}; this merit reads versions up to {}",
                    path,
                    *version,
                    kFormatVersion));
  }
}

[[noreturn]] void throw_no_table(const hdf5::Group& root,
                                 const std::string& path,
                                 const std::string& table) {
  std::string tables;
  std::string others;
  for (const TableCandidate& found : find_tables(root)) {
    std::string& list = found.layout.empty() ? others : tables;
    if (!list.empty()) list += ", ";
    list += found.path;
    if (!found.layout.empty()) list += " (" + found.layout + ")";
  }
  if (tables.empty()) {
    throw DataError(fmt::format("{}: has no {}, and no other table; it holds {}",
                                path,
                                table,
                                others.empty() ? "nothing" : others));
  }
  throw DataError(
      fmt::format("{}: has no {}; choose with --table from {}", path, table, tables));
}

Catalogue catalogue_of(const hdf5::Group& root,
                       const std::string& path,
                       const std::string& table) {
  const std::string inside = table.substr(1);
  if (!inside.empty() && !root.exists(inside)) throw_no_table(root, path, table);
  if (!inside.empty() && root.kind(inside) == hdf5::ObjectKind::dataset) {
    return catalogue_compound(root.dataset(inside));
  }
  const hdf5::Group group = root.group(inside.empty() ? "/" : inside);
  const bool is_dataframe =
      group.find_attribute<std::string>("encoding-type") == "dataframe";
  return is_dataframe ? catalogue_dataframe(group) : catalogue_group(group);
}

template <class T>
std::optional<std::string> as_text(const hdf5::Object& object, const std::string& name) {
  const auto values = object.find_attribute<std::vector<T>>(name);
  if (!values) return std::nullopt;
  std::string text;
  for (const T& value : *values)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", value);
  return text;
}

std::string attribute_text(const hdf5::Object& object, const std::string& name) {
  if (const auto text = as_text<std::string>(object, name)) return *text;
  const hdf5::Type type = object.attribute_type(name);
  if (type.type_class == hdf5::TypeClass::boolean) {
    return object.find_attribute<bool>(name).value_or(false) ? "true" : "false";
  }
  const bool integer = type.type_class == hdf5::TypeClass::integer;
  const auto number =
      integer ? as_text<std::int64_t>(object, name) : as_text<double>(object, name);
  return number.value_or("(" + type.name + ")");
}

void add_surroundings(const hdf5::Group& root, const std::string& table, Catalogue& out) {
  for (const std::string& name : root.attribute_names()) {
    std::string text;
    try {
      text = attribute_text(root, name);
    } catch (const Error&) {
      text = "(damaged)";
    }
    out.attributes.emplace_back(name, std::move(text));
  }
  for (const TableCandidate& found : find_tables(root)) {
    if (!found.layout.empty() && found.path != table) {
      out.other_tables.push_back(found.path);
    }
  }
}

}  // namespace

std::string table_path(std::string table) {
  while (table.ends_with('/'))
    table.pop_back();
  return table.starts_with('/') ? table : "/" + table;
}

Catalogue read_catalogue(const std::string& path,
                         const std::string& table,
                         Surroundings surroundings) {
  const hdf5::File file = hdf5::File::open(path, hdf5::Access::read);
  const hdf5::Group root = file.root();
  check_format(root, path);
  Catalogue out = catalogue_of(root, path, table);
  if (surroundings == Surroundings::included) add_surroundings(root, table, out);
  return out;
}

Catalogue catalogue(const std::string& path,
                    const std::string& table,
                    Surroundings surroundings) {
  return unpack(run_isolated(path, patience(path), [&] {
    return pack(read_catalogue(path, table, surroundings));
  }));
}

}  // namespace merit
