// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <cstring>
#include <numeric>

#include "engine/error.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {
namespace {

/// Nested compounds are not columns; they are described no deeper than this.
constexpr int kMaxDepth = 2;
/// Enumerations and compounds with more entries than this are not read.
constexpr int kMaxMembers = 100'000;

std::string member_name(hid_t type, unsigned i) {
  char* text = H5Tget_member_name(type, i);
  if (text == nullptr) return {};
  std::string name(text);
  H5free_memory(text);
  return name;
}

/// An integer of `size` bytes as a file stores it.
std::int64_t decode_integer(const unsigned char* bytes, const Type& type) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < type.size; ++i) {
    const std::size_t at = type.big_endian ? i : type.size - 1 - i;
    value = value << 8 | bytes[at];
  }
  const auto unused = static_cast<int>(64 - 8 * type.size);
  if (type.is_signed) {
    return static_cast<std::int64_t>(value << unused) >> unused;
  }
  return static_cast<std::int64_t>(value);
}

/// Whether every bit of the stored number counts and lies where it does in memory.
bool is_plain_integer(hid_t type, std::size_t size) {
  return (size == 1 || size == 2 || size == 4 || size == 8) &&
         H5Tget_precision(type) == 8 * size && H5Tget_offset(type) == 0;
}

bool is_ieee(hid_t type) {
  for (const hid_t ieee :
       {H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_IEEE_F32LE, H5T_IEEE_F32BE}) {
    if (H5Tequal(type, ieee) > 0) return true;
  }
  return false;
}

bool same_word(const std::string& a, const char* upper) {
  return a.size() == std::strlen(upper) &&
         std::equal(a.begin(), a.end(), upper, [](char x, char y) {
           return std::toupper(static_cast<unsigned char>(x)) == y;
         });
}

/// FALSE = 0 and TRUE = 1, and nothing else but hdf5r's NA.
bool is_boolean(const std::vector<EnumValue>& values) {
  bool has_false = false;
  bool has_true = false;
  for (const EnumValue& v : values) {
    if (same_word(v.name, "FALSE") && v.value == 0) {
      has_false = true;
    } else if (same_word(v.name, "TRUE") && v.value == 1) {
      has_true = true;
    } else if (!same_word(v.name, "NA")) {
      return false;
    }
  }
  return has_false && has_true;
}

void describe_enumeration(hid_t type, Type& out) {
  const Handle base(H5Tget_super(type), H5Tclose);
  if (!base || out.size > 8 || H5Tget_class(base.id()) != H5T_INTEGER) return;
  // Every value is one of few, so the bits beyond the precision (hdf5r declares 2 of 8) are
  // read as they stand: a value outside the list must not fall on one inside.
  out.is_signed = H5Tget_sign(base.id()) == H5T_SGN_2;
  out.big_endian = H5Tget_order(base.id()) == H5T_ORDER_BE;
  const int count = H5Tget_nmembers(type);
  if (count < 0 || count > kMaxMembers) return;
  for (int i = 0; i < count; ++i) {
    unsigned char bytes[8] = {};
    const auto index = static_cast<unsigned>(i);
    if (H5Tget_member_value(type, index, bytes) < 0) return;
    out.values.push_back({member_name(type, index), decode_integer(bytes, out)});
  }
  const bool boolean = is_boolean(out.values);
  out.type_class = boolean ? TypeClass::boolean : TypeClass::enumeration;
  out.name = boolean ? "bool" : "enum";
}

/// A string of variable length in the file: length, heap address and index.
constexpr std::size_t kVariableStringBytes = 16;

/// Moves every member behind those that are longer in the file than in memory.
void shift_by_growth(const std::vector<std::size_t>& growth,
                     std::vector<Member>& members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return members[a].offset < members[b].offset;
  });
  std::size_t shift = 0;
  for (const std::size_t m : order) {
    members[m].offset += static_cast<std::int64_t>(shift);
    shift += growth[m];
  }
}

/// How many bytes more a value takes in the file than HDF5 says, which is its size in memory:
/// a string of variable length is a pointer here, and a reference of 16 bytes there.
std::size_t growth_in_file(hid_t type, int depth = 0) {
  constexpr int kMaxNesting = 8;
  std::size_t growth = 0;
  if (depth > kMaxNesting) throw DataError("has a type that is nested too deeply");
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return H5Tis_variable_str(type) > 0 ? kVariableStringBytes - sizeof(char*) : 0;
    case H5T_COMPOUND:
      for (int i = 0; i < H5Tget_nmembers(type); ++i) {
        const Handle member(H5Tget_member_type(type, static_cast<unsigned>(i)), H5Tclose);
        growth += growth_in_file(member.id(), depth + 1);
      }
      return growth;
    case H5T_ARRAY: {
      const Handle element(H5Tget_super(type), H5Tclose);
      const std::size_t size = H5Tget_size(element.id());
      const std::size_t count = size == 0 ? 0 : H5Tget_size(type) / size;
      return count * growth_in_file(element.id(), depth + 1);
    }
    default:
      return 0;
  }
}

void describe_compound(hid_t type, int depth, Type& out) {
  const int count = H5Tget_nmembers(type);
  if (depth >= kMaxDepth || count < 0 || count > kMaxMembers) return;
  out.type_class = TypeClass::compound;
  out.size += growth_in_file(type);
  std::vector<std::size_t> growth;
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<unsigned>(i);
    const Handle member(H5Tget_member_type(type, index), H5Tclose);
    if (!member) throw IoError("cannot read a compound type: " + reason());
    growth.push_back(growth_in_file(member.id()));
    out.members.push_back({member_name(type, index),
                           static_cast<std::int64_t>(H5Tget_member_offset(type, index)),
                           describe(member.id(), depth + 1)});
  }
  shift_by_growth(growth, out.members);
}

}  // namespace

Type describe(hid_t type, int depth) {
  Type out;
  out.size = H5Tget_size(type);
  out.name = "unknown";
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      out.is_signed = H5Tget_sign(type) == H5T_SGN_2;
      out.big_endian = H5Tget_order(type) == H5T_ORDER_BE;
      out.name = (out.is_signed ? "int" : "uint") + std::to_string(8 * out.size);
      if (is_plain_integer(type, out.size)) out.type_class = TypeClass::integer;
      break;
    case H5T_FLOAT:
      out.is_signed = true;
      out.big_endian = H5Tget_order(type) == H5T_ORDER_BE;
      out.name = "float" + std::to_string(8 * out.size);
      if (is_ieee(type)) out.type_class = TypeClass::floating;
      break;
    case H5T_STRING:
      out.type_class = TypeClass::fixed_string;
      out.name = "string";
      if (H5Tis_variable_str(type) > 0) {
        out.type_class = TypeClass::variable_string;
        out.size = kVariableStringBytes;
      }
      break;
    case H5T_ENUM:
      out.name = "enum";
      describe_enumeration(type, out);
      break;
    case H5T_COMPOUND:
      out.name = "compound";
      describe_compound(type, depth, out);
      break;
    case H5T_REFERENCE:
      out.name = "reference";
      break;
    case H5T_OPAQUE:
      out.name = "opaque";
      break;
    case H5T_BITFIELD:
      out.name = "bit field";
      break;
    case H5T_TIME:
      out.name = "time";
      break;
    case H5T_VLEN:
      out.name = "variable-length sequence";
      break;
    case H5T_ARRAY:
      out.name = "array";
      break;
    default:
      break;
  }
  return out;
}

Handle string_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.id(), H5T_VARIABLE);
  H5Tset_cset(type.id(), H5T_CSET_UTF8);
  return type;
}

Handle bool_type() {
  Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
  const std::int8_t no = 0;
  const std::int8_t yes = 1;
  H5Tenum_insert(type.id(), "FALSE", &no);
  H5Tenum_insert(type.id(), "TRUE", &yes);
  return type;
}

}  // namespace merit::hdf5
