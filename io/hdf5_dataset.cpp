// SPDX-License-Identifier: MIT
#include <array>
#include <cstring>
#include <utility>

#include "engine/error.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {

namespace {

constexpr int kMaxRank = 2;
using Dims = std::array<hsize_t, kMaxRank>;

/// The chunk shape of a dataset's properties, or nothing if it is not chunked.
std::vector<std::int64_t> chunk_shape(hid_t properties) {
  if (H5Pget_layout(properties) != H5D_CHUNKED) return {};
  std::array<hsize_t, H5S_MAX_RANK> dims{};
  const int rank = H5Pget_chunk(properties, H5S_MAX_RANK, dims.data());
  std::vector<std::int64_t> shape;
  for (int i = 0; i < rank; ++i) {
    shape.push_back(static_cast<std::int64_t>(dims[static_cast<std::size_t>(i)]));
  }
  return shape;
}

/// Why a dataset's values cannot be read from this file alone; empty if they can.
std::string why_foreign(hid_t properties) {
  if (H5Pget_layout(properties) == H5D_VIRTUAL) {
    return "is a virtual dataset, whose values are elsewhere; copy them into one file";
  }
  if (H5Pget_layout(properties) == H5D_CONTIGUOUS &&
      H5Pget_external_count(properties) > 0) {
    return "keeps its values in another file; copy them into one file";
  }
  const int filters = H5Pget_nfilters(properties);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0;
    std::size_t num_values = 0;
    unsigned config = 0;
    char name[64] = "";
    const H5Z_filter_t filter = H5Pget_filter2(properties,
                                               static_cast<unsigned>(i),
                                               &flags,
                                               &num_values,
                                               nullptr,
                                               sizeof name,
                                               name,
                                               &config);
    if (filter < 0 || H5Zfilter_avail(filter) <= 0) {
      return "is compressed with filter " + std::to_string(filter) + " (" + name +
             "), which this HDF5 library lacks; rewrite it with gzip";
    }
  }
  return {};
}

}  // namespace

Dataset::Dataset(Handle handle, std::string file, std::string path)
    : Object(std::move(handle), std::move(file), std::move(path)) {
  const Handle properties(H5Dget_create_plist(handle_.id()), H5Pclose);
  if (!properties) fail("cannot read its properties");
  if (const std::string why = why_foreign(properties.id()); !why.empty()) {
    throw DataError(label(file_, path_) + ": " + why);
  }
  const Handle stored(H5Dget_type(handle_.id()), H5Tclose);
  const Handle space(H5Dget_space(handle_.id()), H5Sclose);
  if (!stored || !space) fail("cannot read its type and shape");
  type_ = describe(stored.id());
  const int rank = H5Sget_simple_extent_ndims(space.id());
  std::array<hsize_t, H5S_MAX_RANK> dims{};
  if (rank < 0 || H5Sget_simple_extent_dims(space.id(), dims.data(), nullptr) < 0) {
    fail("cannot read its shape");
  }
  for (int i = 0; i < rank; ++i) {
    const hsize_t extent = dims[static_cast<std::size_t>(i)];
    if (extent > static_cast<hsize_t>(INT64_MAX)) fail("has an impossible shape");
    shape_.push_back(static_cast<std::int64_t>(extent));
  }
  if (H5Sget_simple_extent_type(space.id()) == H5S_NULL) shape_ = {0};
}

void Dataset::flatten() {
  if (shape_.size() != 2 || (shape_[0] != 1 && shape_[1] != 1)) return;
  axis_ = shape_[1] == 1 ? 0 : 1;
  shape_ = {shape_[axis_]};
}

std::int64_t Dataset::row_size() const {
  std::int64_t size = 1;
  for (std::size_t i = 1; i < shape_.size(); ++i) {
    if (__builtin_mul_overflow(size, shape_[i], &size)) fail("has an impossible shape");
  }
  return size;
}

Storage Dataset::storage() const {
  const Handle properties(H5Dget_create_plist(handle_.id()), H5Pclose);
  if (!properties) fail("cannot read its properties");
  Storage out;
  out.chunk = chunk_shape(properties.id());
  out.chunked = !out.chunk.empty();
  out.filtered = H5Pget_nfilters(properties.id()) > 0;
  out.bytes = static_cast<std::int64_t>(H5Dget_storage_size(handle_.id()));
  return out;
}

namespace {

/// A pair of selections: rows of the dataset, and a buffer that holds just these.
struct Selection {
  Handle file;
  Handle memory;
};

std::optional<Selection> select_rows(const Dataset& dataset,
                                     std::size_t axis,
                                     std::int64_t first,
                                     std::int64_t count) {
  const std::vector<std::int64_t>& shape = dataset.shape();
  Selection out{Handle(H5Dget_space(dataset.id()), H5Sclose), Handle()};
  if (!out.file || H5Sget_simple_extent_ndims(out.file.id()) > kMaxRank) {
    return std::nullopt;
  }
  if (shape.empty()) {
    if (first != 0 || count != 1) return std::nullopt;
    out.memory = Handle(H5Screate(H5S_SCALAR), H5Sclose);
    return out;
  }
  if (first < 0 || count < 0 || first > shape[0] || count > shape[0] - first) {
    return std::nullopt;
  }
  Dims start{};
  Dims extent{1, 1};
  start[axis] = static_cast<hsize_t>(first);
  extent[axis] = static_cast<hsize_t>(count);
  if (shape.size() == 2) extent[1] = static_cast<hsize_t>(shape[1]);
  const hid_t file = out.file.id();
  if (H5Sselect_hyperslab(
          file, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr) < 0) {
    return std::nullopt;
  }
  const hsize_t values = extent[0] * extent[1];
  out.memory = Handle(H5Screate_simple(1, &values, nullptr), H5Sclose);
  return out;
}

std::string rows_text(std::int64_t first, std::int64_t count) {
  return "rows " + std::to_string(first) + " to " + std::to_string(first + count - 1);
}

}  // namespace

template <class T>
void Dataset::read_rows(std::int64_t first, std::int64_t count, std::span<T> out) const {
  const std::optional<Selection> selection = select_rows(*this, axis_, first, count);
  if (!selection || std::ssize(out) != count * row_size()) {
    fail("cannot select " + rows_text(first, count));
  }
  if (type_.type_class != TypeClass::integer && type_.type_class != TypeClass::floating) {
    throw IoError(name() + ": holds " + type_.name + " values; expected numbers");
  }
  if (count == 0) return;
  if (H5Dread(handle_.id(),
              native_type<T>(),
              selection->memory.id(),
              selection->file.id(),
              H5P_DEFAULT,
              out.data()) < 0) {
    fail("cannot read " + rows_text(first, count));
  }
}

template <class T>
std::vector<T> Dataset::read() const {
  std::vector<T> values(static_cast<std::size_t>(num_rows() * row_size()));
  read_rows(0, num_rows(), std::span<T>(values));
  return values;
}

namespace {

/// Strings of variable length as HDF5 hands them out, freed together.
struct Pointers {
  std::vector<char*> text;
  ~Pointers() {
    for (char* t : text)
      H5free_memory(t);
  }
};

}  // namespace

std::vector<std::string> Dataset::read_strings(std::int64_t first,
                                               std::int64_t count) const {
  const bool variable = type_.type_class == TypeClass::variable_string;
  if (!variable && type_.type_class != TypeClass::fixed_string) {
    throw IoError(name() + ": holds " + type_.name + " values; expected text");
  }
  const std::optional<Selection> selection = select_rows(*this, axis_, first, count);
  if (!selection || row_size() != 1) fail("cannot select " + rows_text(first, count));
  const Handle stored(H5Dget_type(handle_.id()), H5Tclose);
  if (!stored) fail("cannot read its type");

  const auto num_values = static_cast<std::size_t>(count);
  Pointers pointers;
  std::vector<char> fixed;
  if (variable) pointers.text.resize(num_values, nullptr);
  if (!variable) fixed.resize(num_values * type_.size);
  void* out = variable ? static_cast<void*>(pointers.text.data()) : fixed.data();
  if (count > 0 && H5Dread(handle_.id(),
                           stored.id(),
                           selection->memory.id(),
                           selection->file.id(),
                           H5P_DEFAULT,
                           out) < 0) {
    fail("cannot read " + rows_text(first, count));
  }
  std::vector<std::string> texts;
  texts.reserve(num_values);
  for (std::size_t i = 0; i < num_values; ++i) {
    if (variable) {
      texts.emplace_back(pointers.text[i] == nullptr ? "" : pointers.text[i]);
    } else {
      const char* text = fixed.data() + i * type_.size;
      texts.emplace_back(text, ::strnlen(text, type_.size));
    }
  }
  return texts;
}

template <class T>
void Dataset::write_rows(std::int64_t first, std::int64_t count, std::span<const T> in) {
  const std::optional<Selection> selection = select_rows(*this, axis_, first, count);
  if (!selection || std::ssize(in) != count * row_size()) {
    fail("cannot select " + rows_text(first, count));
  }
  if (count == 0) return;
  if (H5Dwrite(handle_.id(),
               native_type<T>(),
               selection->memory.id(),
               selection->file.id(),
               H5P_DEFAULT,
               in.data()) < 0) {
    fail("cannot write " + rows_text(first, count));
  }
}

void Dataset::write_strings(std::int64_t first, std::span<const std::string> in) {
  const std::int64_t count = std::ssize(in);
  const std::optional<Selection> selection = select_rows(*this, axis_, first, count);
  if (!selection || row_size() != 1) fail("cannot select " + rows_text(first, count));
  if (count == 0) return;
  std::vector<const char*> text;
  for (const std::string& value : in)
    text.push_back(value.c_str());
  const Handle type = string_type();
  if (H5Dwrite(handle_.id(),
               type.id(),
               selection->memory.id(),
               selection->file.id(),
               H5P_DEFAULT,
               text.data()) < 0) {
    fail("cannot write " + rows_text(first, count));
  }
}

void Dataset::resize(std::int64_t num_rows) {
  std::vector<hsize_t> dims(shape_.begin(), shape_.end());
  if (dims.empty()) fail("a scalar cannot be resized");
  dims[0] = static_cast<hsize_t>(num_rows);
  if (H5Dset_extent(handle_.id(), dims.data()) < 0) {
    fail("cannot change its number of rows to " + std::to_string(num_rows));
  }
  shape_[0] = num_rows;
}

#define MERIT_INSTANTIATE(T)                                                           \
  template void Dataset::read_rows<T>(std::int64_t, std::int64_t, std::span<T>) const; \
  template std::vector<T> Dataset::read<T>() const;                                    \
  template void Dataset::write_rows<T>(std::int64_t, std::int64_t, std::span<const T>);
MERIT_INSTANTIATE(double)
MERIT_INSTANTIATE(std::int8_t)
MERIT_INSTANTIATE(std::int16_t)
MERIT_INSTANTIATE(std::int32_t)
MERIT_INSTANTIATE(std::int64_t)
MERIT_INSTANTIATE(std::uint8_t)
MERIT_INSTANTIATE(std::uint64_t)
#undef MERIT_INSTANTIATE

}  // namespace merit::hdf5
