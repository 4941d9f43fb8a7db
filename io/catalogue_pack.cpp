// SPDX-License-Identifier: MIT
#include <cstring>
#include <type_traits>

#include "engine/error.hpp"
#include "io/catalogue.hpp"

namespace merit {
namespace {

/// Appends values to bytes.
class Writer {
 public:
  template <class T>
  void operator()(T& value);
  void text(std::string& value) {
    number(value.size());
    bytes_ += value;
  }
  template <class Number>
  void number(const Number& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <class T>
  void list(std::vector<T>& values);
  template <class T>
  void maybe(std::optional<T>& value);
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Takes them back, and believes none: they come from a process that may have gone wrong.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  void operator()(T& value);
  void text(std::string& value) { value = take(take_size()); }
  template <class Number>
  void number(Number& value) {
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
  }
  template <class T>
  void list(std::vector<T>& values);
  template <class T>
  void maybe(std::optional<T>& value);
  bool at_end() const { return rest_.empty(); }

 private:
  [[noreturn]] static void fail() {
    throw IoError("the process that examines snapshots gave an impossible answer");
  }
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) fail();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::size_t take_size() {
    std::size_t size = 0;
    number(size);
    return size;
  }
  std::string_view rest_;
};

// What each value consists of, for both ways.

template <class Archive>
void visit(Archive& a, hdf5::EnumValue& v) {
  a(v.name), a(v.value);
}
template <class Archive>
void visit(Archive& a, hdf5::Type& v) {  // without members: columns have none
  a(v.type_class), a(v.size), a(v.is_signed), a(v.big_endian), a(v.name), a(v.values);
}
template <class Archive>
void visit(Archive& a, hdf5::Filter& v) {
  a(v.id), a(v.values);
}
template <class Archive>
void visit(Archive& a, hdf5::Chunk& v) {
  a(v.offset), a(v.bytes), a(v.skipped_filters);
}
template <class Archive>
void visit(Archive& a, hdf5::Location& v) {
  a(v.kind), a(v.offset), a(v.bytes), a(v.chunk_rows), a(v.chunks), a(v.filters);
  a(v.user_block);
}
template <class Archive>
void visit(Archive& a, StoredVector& v) {
  a(v.type), a(v.num_rows), a(v.location);
}
template <class Archive>
void visit(Archive& a, ColumnInfo& v) {
  a(v.name), a(v.kind), a(v.ordered), a(v.stored_as);
}
template <class Archive>
void visit(Archive& a, Column& v) {
  a(v.info), a(v.encoding), a(v.problem), a(v.damaged), a(v.type), a(v.values),
      a(v.member_offset);
  a(v.mask), a(v.categories), a(v.na_is_missing);
}
template <class Archive>
void visit(Archive& a, std::pair<std::string, std::string>& v) {
  a(v.first), a(v.second);
}
template <class Archive>
void visit(Archive& a, Catalogue& v) {
  a(v.layout), a(v.num_rows), a(v.columns), a(v.compound), a(v.attributes);
  a(v.other_tables);
}

template <class>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;
template <class>
inline constexpr bool kIsMaybe = false;
template <class T>
inline constexpr bool kIsMaybe<std::optional<T>> = true;

template <class Archive, class T>
void apply(Archive& a, T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    a.text(value);
  } else if constexpr (kIsList<T>) {
    a.list(value);
  } else if constexpr (kIsMaybe<T>) {
    a.maybe(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    auto byte = static_cast<std::uint8_t>(value);  // other bits would be no bool
    a.number(byte);
    value = byte != 0;
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    a.number(value);
  } else {
    visit(a, value);
  }
}

template <class T>
void Writer::operator()(T& value) {
  apply(*this, value);
}
template <class T>
void Reader::operator()(T& value) {
  apply(*this, value);
}

template <class T>
void Writer::list(std::vector<T>& values) {
  number(values.size());
  for (T& value : values)
    apply(*this, value);
}
template <class T>
void Reader::list(std::vector<T>& values) {
  for (std::size_t left = take_size(); left > 0; --left) {
    if (at_end()) fail();
    apply(*this, values.emplace_back());
  }
}

template <class T>
void Writer::maybe(std::optional<T>& value) {
  bool there = value.has_value();
  apply(*this, there);
  if (there) apply(*this, *value);
}
template <class T>
void Reader::maybe(std::optional<T>& value) {
  bool there = false;
  apply(*this, there);
  if (there) apply(*this, value.emplace());
}

}  // namespace

std::string pack(const Catalogue& catalogue) {
  Writer writer;
  Catalogue copy = catalogue;  // one description of the fields serves both ways
  writer(copy);
  return writer.take();
}

Catalogue unpack(const std::string& bytes) {
  Catalogue catalogue;
  Reader reader(bytes);
  reader(catalogue);
  return catalogue;
}

}  // namespace merit
