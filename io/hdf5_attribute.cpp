// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/error.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {
namespace {

/// Attributes are small; one that claims more values or longer text is damaged.
constexpr hssize_t kMaxAttributeValues = 10'000'000;
constexpr std::size_t kMaxAttributeText = std::size_t{1} << 28;

constexpr const char* kTextWanted = "expected text";

/// An attribute opened for reading.
struct Open {
  Handle attribute;
  Handle type;
  std::size_t count = 0;  ///< values
};

bool is_text(const Open& a) {
  return H5Tget_class(a.type.id()) == H5T_STRING;
}

bool is_number(const Open& a) {
  const H5T_class_t type_class = H5Tget_class(a.type.id());
  return type_class == H5T_INTEGER || type_class == H5T_FLOAT;
}

bool is_bool(const Open& a) {
  return describe(a.type.id()).type_class == TypeClass::boolean;
}

/// An attribute that is there; nothing if it is damaged.
std::optional<Open> open(Handle::Id object, const std::string& name) {
  Open out;
  out.attribute = Handle(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!out.attribute) return std::nullopt;
  out.type = Handle(H5Aget_type(out.attribute.id()), H5Tclose);
  const Handle space(H5Aget_space(out.attribute.id()), H5Sclose);
  if (!out.type || !space) return std::nullopt;
  const hssize_t count = H5Sget_simple_extent_npoints(space.id());
  if (count < 0 || count > kMaxAttributeValues) return std::nullopt;
  out.count = static_cast<std::size_t>(count);
  return out;
}

[[noreturn]] void throw_damaged(const std::string& object, const std::string& attribute) {
  throw IoError(object + ": attribute " + attribute + " is damaged");
}

/// Text up to its padding.
std::string trimmed(const char* text, std::size_t size) {
  return std::string(text, ::strnlen(text, size));
}

bool read_texts(const Open& a, std::vector<std::string>& out) {
  out.clear();
  if (a.count == 0) return true;
  if (H5Tis_variable_str(a.type.id()) > 0) {
    const Handle memory = string_type();
    H5Tset_cset(memory.id(), H5Tget_cset(a.type.id()));
    std::vector<char*> text(a.count, nullptr);
    if (H5Aread(a.attribute.id(), memory.id(), text.data()) < 0) return false;
    for (char* t : text) {
      out.emplace_back(t == nullptr ? "" : t);
      H5free_memory(t);
    }
    return true;
  }
  const std::size_t size = H5Tget_size(a.type.id());
  if (size == 0 || size > kMaxAttributeText / a.count) return false;
  std::vector<char> text(size * a.count);
  if (H5Aread(a.attribute.id(), a.type.id(), text.data()) < 0) return false;
  for (std::size_t i = 0; i < a.count; ++i) {
    out.push_back(trimmed(text.data() + i * size, size));
  }
  return true;
}

template <class T>
bool read_numbers(const Open& a, std::vector<T>& out) {
  out.assign(a.count, T{});
  return a.count == 0 || H5Aread(a.attribute.id(), native_type<T>(), out.data()) >= 0;
}

/// How values of T are read: what they must be, whether they are, and reading itself.
template <class T>
struct Reader;

template <>
struct Reader<std::vector<std::string>> {
  static constexpr const char* wanted = kTextWanted;
  static bool fits(const Open& a) { return is_text(a); }
  static bool read(const Open& a, std::vector<std::string>& out) {
    return read_texts(a, out);
  }
};

template <class Number>
struct Reader<std::vector<Number>> {
  static constexpr const char* wanted = "expected numbers";
  static bool fits(const Open& a) { return is_number(a); }
  static bool read(const Open& a, std::vector<Number>& out) {
    return read_numbers(a, out);
  }
};

template <class Scalar>
struct Reader {
  static constexpr const char* wanted =
      std::is_same_v<Scalar, std::string> ? kTextWanted : "expected one number";
  static bool fits(const Open& a) {
    return a.count == 1 && Reader<std::vector<Scalar>>::fits(a);
  }
  static bool read(const Open& a, Scalar& out) {
    std::vector<Scalar> values;
    if (!Reader<std::vector<Scalar>>::read(a, values)) return false;
    out = std::move(values.front());
    return true;
  }
};

template <>
struct Reader<bool> {
  static constexpr const char* wanted = "expected true or false";
  static bool fits(const Open& a) { return a.count == 1 && (is_bool(a) || is_number(a)); }
  static bool read(const Open& a, bool& out) {
    const Type type = describe(a.type.id());
    unsigned char bytes[16] = {};
    if (type.size > sizeof bytes) return false;
    if (H5Aread(a.attribute.id(), a.type.id(), bytes) < 0) return false;
    out = std::any_of(bytes, bytes + type.size, [](unsigned char b) { return b != 0; });
    return true;
  }
};

// --- writing ---------------------------------------------------------------------------

Handle scalar_space() {
  return {H5Screate(H5S_SCALAR), H5Sclose};
}

Handle array_space(std::size_t count) {
  const hsize_t dims = count;
  return {H5Screate_simple(1, &dims, nullptr), H5Sclose};
}

bool create(Handle::Id object,
            const std::string& name,
            hid_t type,
            const Handle& space,
            hid_t memory_type,
            const void* data) {
  const Handle attribute(
      H5Acreate2(object, name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  if (!attribute) return false;
  return data == nullptr || H5Awrite(attribute.id(), memory_type, data) >= 0;
}

bool create(Handle::Id object, const std::string& name, const std::string& value) {
  const Handle type = string_type();
  const char* text = value.c_str();
  return create(object, name, type.id(), scalar_space(), type.id(), &text);
}

bool create(Handle::Id object, const std::string& name, bool value) {
  const Handle type = bool_type();
  const std::int8_t byte = value ? 1 : 0;
  return create(object, name, type.id(), scalar_space(), type.id(), &byte);
}

template <class Number>
bool create(Handle::Id object, const std::string& name, Number value) {
  return create(
      object, name, stored_type<Number>(), scalar_space(), native_type<Number>(), &value);
}

bool create(Handle::Id object,
            const std::string& name,
            const std::vector<std::string>& values) {
  const Handle type = string_type();
  std::vector<const char*> text;
  for (const std::string& v : values)
    text.push_back(v.c_str());
  return create(object,
                name,
                type.id(),
                array_space(values.size()),
                type.id(),
                values.empty() ? nullptr : text.data());
}

template <class Number>
bool create(Handle::Id object,
            const std::string& name,
            const std::vector<Number>& values) {
  return create(object,
                name,
                stored_type<Number>(),
                array_space(values.size()),
                native_type<Number>(),
                values.empty() ? nullptr : values.data());
}

}  // namespace

std::vector<std::string> Object::attribute_names() const {
  std::vector<std::string> names;
  hsize_t start = 0;
  const auto add = [](hid_t, const char* name, const H5A_info_t*, void* out) {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return herr_t{0};
  };
  if (H5Aiterate2(handle_.id(), H5_INDEX_NAME, H5_ITER_INC, &start, add, &names) < 0) {
    fail("cannot list its attributes");
  }
  return names;
}

bool Object::has_attribute(const std::string& attribute) const {
  return H5Aexists(handle_.id(), attribute.c_str()) > 0;
}

Type Object::attribute_type(const std::string& attribute) const {
  const std::optional<Open> a = open(handle_.id(), attribute);
  if (!a) throw_damaged(name(), attribute);
  return describe(a->type.id());
}

template <class T>
T Object::attribute(const std::string& attribute) const {
  if (!has_attribute(attribute)) {
    throw IoError(label(file_, path_) + ": has no attribute " + attribute);
  }
  const std::optional<Open> a = open(handle_.id(), attribute);
  if (!a) throw_damaged(name(), attribute);
  if (!Reader<T>::fits(*a)) {
    throw IoError(label(file_, path_) + ": attribute " + attribute + " is " +
                  std::to_string(a->count) + " value(s) of type " +
                  describe(a->type.id()).name + "; " + Reader<T>::wanted);
  }
  T value{};
  if (!Reader<T>::read(*a, value)) throw_damaged(name(), attribute);
  return value;
}

template <class T>
std::optional<T> Object::find_attribute(const std::string& attribute) const {
  if (!has_attribute(attribute)) return std::nullopt;
  const std::optional<Open> a = open(handle_.id(), attribute);
  if (!a) throw_damaged(name(), attribute);
  if (!Reader<T>::fits(*a)) return std::nullopt;
  T value{};
  if (!Reader<T>::read(*a, value)) throw_damaged(name(), attribute);
  return value;
}

template <class T>
void Object::set_attribute(const std::string& attribute, const T& value) {
  if (has_attribute(attribute) && H5Adelete(handle_.id(), attribute.c_str()) < 0) {
    fail("cannot replace attribute " + attribute);
  }
  if (!create(handle_.id(), attribute, value))
    fail("cannot write attribute " + attribute);
}

#define MERIT_INSTANTIATE(T)                                                     \
  template T Object::attribute<T>(const std::string&) const;                     \
  template std::optional<T> Object::find_attribute<T>(const std::string&) const; \
  template void Object::set_attribute<T>(const std::string&, const T&);
MERIT_INSTANTIATE(std::string)
MERIT_INSTANTIATE(bool)
MERIT_INSTANTIATE(std::int64_t)
MERIT_INSTANTIATE(double)
MERIT_INSTANTIATE(std::vector<std::string>)
MERIT_INSTANTIATE(std::vector<std::int64_t>)
MERIT_INSTANTIATE(std::vector<double>)
#undef MERIT_INSTANTIATE

}  // namespace merit::hdf5
