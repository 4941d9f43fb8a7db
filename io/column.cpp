// SPDX-License-Identifier: MIT
#include "io/column.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {

using hdf5::Type;
using hdf5::TypeClass;

namespace {

std::string number_text(double x) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, x).ptr;
  return {text, end};
}

}  // namespace

void set_encoding(Column& column, const Type& type) {
  column.type = type;
  column.info.stored_as = type.name;
  column.info.kind = ColumnKind::numeric;
  switch (type.type_class) {
    case TypeClass::integer:
    case TypeClass::floating:
      column.encoding = Encoding::number;
      break;
    case TypeClass::boolean:
      column.encoding = Encoding::boolean;
      break;
    case TypeClass::enumeration:
      column.encoding = Encoding::enumeration;
      column.info.kind = ColumnKind::categorical;
      for (const hdf5::EnumValue& v : type.values)
        column.levels.push_back(v.name);
      column.levels_known = true;
      break;
    case TypeClass::fixed_string:
    case TypeClass::variable_string:
      column.encoding = Encoding::text;
      column.info.kind = ColumnKind::categorical;
      break;
    default:
      column.problem = "has values of type " + type.name +
                       "; a column holds numbers, booleans, categories or text";
  }
}

bool nonzero(const hdf5::RawRows& rows, std::int64_t row) {
  const std::byte* at = rows.begin(0) + static_cast<std::size_t>(row) * rows.stride();
  return std::any_of(
      at, at + rows.stride(), [](std::byte b) { return b != std::byte{0}; });
}

bool is_missing_text(const Column& column, std::string_view text) {
  return column.na_is_missing && text == "NA";
}

namespace {

std::vector<std::string> category_texts(const hdf5::Dataset& categories) {
  std::vector<std::string> levels;
  switch (categories.type().type_class) {
    case TypeClass::fixed_string:
    case TypeClass::variable_string:
      return categories.read_strings();
    case TypeClass::boolean: {
      hdf5::RawRows rows;
      categories.read_raw(0, categories.num_rows(), {}, rows);
      for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
        levels.emplace_back(nonzero(rows, i) ? "True" : "False");
      }
      return levels;
    }
    case TypeClass::integer:
      for (const std::int64_t value : categories.read<std::int64_t>()) {
        levels.push_back(std::to_string(value));
      }
      return levels;
    default:
      for (const double value : categories.read<double>()) {
        levels.push_back(number_text(value));
      }
      return levels;
  }
}

}  // namespace

void read_categories(Column& column) {
  std::vector<std::string> levels = category_texts(*column.categories);
  std::unordered_set<std::string_view> seen;
  for (const std::string& level : levels) {
    if (!seen.insert(level).second) {
      throw DataError(
          fmt::format("column {} has category \"{}\" twice; categories must differ",
                      column.info.name,
                      level));
    }
  }
  column.levels = std::move(levels);
}

std::string why_implausible(const hdf5::Dataset& dataset, std::int64_t file_size) {
  // zlib compresses at most 1032 : 1; a file that claims much more is damaged.
  constexpr std::int64_t kMaxCompression = 4096;
  constexpr std::int64_t kMaxChunkBytes = std::int64_t{1} << 30;

  std::int64_t rows = dataset.num_rows();
  if (rows == 0) return {};
  const hdf5::Storage storage = dataset.storage();
  std::int64_t claimed = 0;
  const auto value_size = static_cast<std::int64_t>(dataset.type().size);
  if (__builtin_mul_overflow(rows, value_size, &claimed)) claimed = INT64_MAX;
  if (storage.bytes == 0) return "was never written";
  if (storage.filtered) {
    std::int64_t chunk_bytes = value_size;
    for (const std::int64_t extent : storage.chunk) {
      if (__builtin_mul_overflow(chunk_bytes, extent, &chunk_bytes)) {
        chunk_bytes = INT64_MAX;
      }
    }
    if (chunk_bytes > kMaxChunkBytes) {
      return fmt::format(
          "has compressed chunks of {} bytes; at most 1 GiB can be read: "
          "rewrite it with h5repack -l CHUNK={}",
          chunk_bytes,
          kBlockRows);
    }
    if (claimed / kMaxCompression > file_size) {
      return fmt::format(
          "claims {} rows, more than a file of {} bytes can hold", rows, file_size);
    }
    return {};
  }
  if (claimed > storage.bytes) {
    return fmt::format(
        "claims {} rows, but only {} of {} bytes were written: the file is incomplete",
        rows,
        storage.bytes,
        claimed);
  }
  if (storage.bytes > file_size) {
    return fmt::format(
        "claims {} rows, more than a file of {} bytes can hold", rows, file_size);
  }
  return {};
}

}  // namespace merit
