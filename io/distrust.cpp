// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/catalogue.hpp"

namespace merit {
namespace {

using hdf5::Location;
using hdf5::Type;
using hdf5::TypeClass;

/// zlib compresses at most 1032 : 1; a file that claims much more is damaged.
constexpr std::int64_t kMaxCompression = 4096;
constexpr std::int64_t kMaxChunkBytes = std::int64_t{1} << 30;

/// Stored form of a variable-length value: length, heap address, index.
constexpr std::size_t kHeapReferenceBytes = 16;

bool size_fits(const Type& type) {
  switch (type.type_class) {
    case TypeClass::integer:
    case TypeClass::boolean:
    case TypeClass::enumeration:
      return type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8;
    case TypeClass::floating:
      return type.size == 4 || type.size == 8;
    case TypeClass::fixed_string:
    case TypeClass::compound:
      return type.size >= 1;
    case TypeClass::variable_string:
      return type.size == kHeapReferenceBytes;
    default:
      return false;
  }
}

/// Whether values of this type can stand for what the encoding says.
bool encoding_fits(Encoding encoding, ColumnKind kind, TypeClass type) {
  const bool categorical = kind == ColumnKind::categorical;
  switch (encoding) {
    case Encoding::number:
      return !categorical && (type == TypeClass::integer || type == TypeClass::floating);
    case Encoding::boolean:
      return !categorical && (type == TypeClass::integer || type == TypeClass::boolean);
    case Encoding::codes:
      return categorical && type == TypeClass::integer;
    case Encoding::enumeration:
      return categorical && type == TypeClass::enumeration;
    case Encoding::text:
      return categorical &&
             (type == TypeClass::fixed_string || type == TypeClass::variable_string);
    default:
      return false;
  }
}

bool inside(std::int64_t offset, std::int64_t bytes, std::int64_t file_size) {
  return offset >= 0 && bytes >= 0 && bytes <= file_size && offset <= file_size - bytes;
}

/// Why a vector cannot be in a file of this size; empty if it can.
std::string why_impossible(const StoredVector& vector, std::int64_t file_size) {
  const Location& at = vector.location;
  if (!size_fits(vector.type) || vector.type.size > static_cast<std::size_t>(INT64_MAX)) {
    return "has values of an impossible size";
  }
  const auto value_bytes = static_cast<std::int64_t>(vector.type.size);
  std::int64_t bytes = 0;
  if (vector.num_rows < 0 ||
      __builtin_mul_overflow(vector.num_rows, value_bytes, &bytes) ||
      bytes / kMaxCompression > file_size || !inside(at.user_block, 0, file_size)) {
    return fmt::format("claims {} rows, more than a file of {} bytes can hold",
                       vector.num_rows,
                       file_size);
  }
  std::string outside =
      fmt::format("lies outside the file's {} bytes: the file is damaged", file_size);
  switch (at.kind) {
    case Location::Kind::contiguous:
      return inside(at.offset, bytes, file_size) ? "" : outside;
    case Location::Kind::inside:
      return static_cast<std::int64_t>(at.bytes.size()) == bytes ? "" : outside;
    case Location::Kind::chunked:
      break;
    default:
      return outside;
  }
  if (vector.num_rows == 0) return {};
  if (at.chunk_rows < 1 || at.chunk_rows > kMaxChunkBytes / value_bytes) return outside;
  const std::int64_t num_chunks = (vector.num_rows - 1) / at.chunk_rows + 1;
  if (std::ssize(at.chunks) != num_chunks) return outside;
  for (const hdf5::Chunk& chunk : at.chunks) {
    if (!inside(chunk.offset, chunk.bytes, file_size) ||
        at.chunk_rows * value_bytes / kMaxCompression > chunk.bytes) {
      return outside;
    }
  }
  return {};
}

/// Whether the parts of a column are those that its encoding needs, and no others.
bool is_complete(const Column& column, bool in_compound) {
  const auto same_type = [](const Type& a, const Type& b) {
    return a.type_class == b.type_class && a.size == b.size;
  };
  if (!encoding_fits(column.encoding, column.info.kind, column.type.type_class)) {
    return false;
  }
  if (in_compound) {
    return !column.values && !column.mask && !column.categories &&
           column.encoding != Encoding::codes;
  }
  const bool mask_fits = !column.mask ||
                         column.mask->type.type_class == TypeClass::boolean ||
                         column.mask->type.type_class == TypeClass::integer;
  return column.values && same_type(column.values->type, column.type) &&
         column.member_offset == 0 && mask_fits &&
         (column.encoding == Encoding::codes) == column.categories.has_value();
}

std::string why_impossible(const Column& column,
                           const Catalogue& catalogue,
                           std::int64_t file_size) {
  if (!is_complete(column, catalogue.compound.has_value())) return "contradicts itself";
  if (!size_fits(column.type)) return "has values of an impossible size";
  if (catalogue.compound) {
    const auto row_bytes = static_cast<std::int64_t>(catalogue.compound->type.size);
    const auto value_bytes = static_cast<std::int64_t>(column.type.size);
    return inside(column.member_offset, value_bytes, row_bytes)
               ? ""
               : "lies outside its row: the file is damaged";
  }
  for (const auto* part : {&column.values, &column.mask}) {
    if (!*part) continue;
    if ((*part)->num_rows != catalogue.num_rows) return "has parts of different length";
    if (std::string why = why_impossible(**part, file_size); !why.empty()) return why;
  }
  return column.categories ? why_impossible(*column.categories, file_size) : "";
}

}  // namespace

void distrust(Catalogue& catalogue, std::int64_t file_size) {
  if (catalogue.compound) {
    std::string why = why_impossible(*catalogue.compound, file_size);
    if (catalogue.compound->num_rows != catalogue.num_rows) why = "contradicts itself";
    if (!why.empty()) throw IoError("the table " + why);
  }
  for (Column& column : catalogue.columns) {
    if (!column.problem.empty()) continue;
    column.problem = why_impossible(column, catalogue, file_size);
    column.damaged = !column.problem.empty();
  }
}

}  // namespace merit
