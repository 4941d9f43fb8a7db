// SPDX-License-Identifier: MIT
#include "io/hdf5_location.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {
namespace {

/// Larger chunks would have to be held in memory whole.
constexpr std::int64_t kMaxChunkBytes = std::int64_t{1} << 30;

constexpr const char* kRewrite = "rewrite it with h5repack -l CHUNK=65536";

std::int64_t user_block(const Dataset& dataset) {
  const Handle file(H5Iget_file_id(dataset.id()), H5Fclose);
  const Handle properties(H5Fget_create_plist(file.id()), H5Pclose);
  hsize_t bytes = 0;
  std::size_t address_size = 0;
  std::size_t length_size = 0;
  if (!properties || H5Pget_userblock(properties.id(), &bytes) < 0 ||
      H5Pget_sizes(properties.id(), &address_size, &length_size) < 0) {
    throw IoError("cannot read the file's properties: " + reason());
  }
  if (address_size != 8 || length_size != 8) {
    throw DataError(
        "is in a file with addresses of other than 8 bytes; rewrite it with "
        "h5repack");
  }
  return static_cast<std::int64_t>(bytes);
}

std::vector<Filter> filters_of(hid_t properties) {
  std::vector<Filter> filters;
  const int count = H5Pget_nfilters(properties);
  for (int i = 0; i < count; ++i) {
    std::array<unsigned, 32> values{};
    std::size_t num_values = values.size();
    unsigned flags = 0;
    unsigned config = 0;
    std::array<char, 64> name{};
    const H5Z_filter_t id = H5Pget_filter2(properties,
                                           static_cast<unsigned>(i),
                                           &flags,
                                           &num_values,
                                           values.data(),
                                           name.size(),
                                           name.data(),
                                           &config);
    if (id != H5Z_FILTER_DEFLATE && id != H5Z_FILTER_SHUFFLE &&
        id != H5Z_FILTER_FLETCHER32) {
      throw DataError(fmt::format(
          "is compressed with filter {} ({}); gzip is read: rewrite it with h5repack -f "
          "GZIP=4",
          id,
          std::string(name.data(), ::strnlen(name.data(), name.size()))));
    }
    Filter filter;
    filter.id = id;
    filter.values.assign(values.begin(),
                         values.begin() + static_cast<std::ptrdiff_t>(
                                              std::min(num_values, values.size())));
    filters.push_back(std::move(filter));
  }
  return filters;
}

/// Which of the dimensions in the file the rows run along; the others have one element.
std::size_t row_axis(const std::vector<std::int64_t>& extents) {
  const auto longest = std::max_element(extents.begin(), extents.end());
  return static_cast<std::size_t>(longest - extents.begin());
}

std::vector<std::int64_t> file_extents(const Dataset& dataset) {
  const Handle space(H5Dget_space(dataset.id()), H5Sclose);
  std::array<hsize_t, H5S_MAX_RANK> dims{};
  const int rank = H5Sget_simple_extent_dims(space.id(), dims.data(), nullptr);
  std::vector<std::int64_t> extents;
  for (int i = 0; i < rank; ++i) {
    extents.push_back(static_cast<std::int64_t>(dims[static_cast<std::size_t>(i)]));
  }
  return extents;
}

void locate_chunks(const Dataset& dataset, hid_t properties, Location& out) {
  const std::vector<std::int64_t> extents = file_extents(dataset);
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  const int rank = H5Pget_chunk(properties, H5S_MAX_RANK, chunk.data());
  if (rank < 1 || extents.size() != static_cast<std::size_t>(rank)) {
    throw IoError("cannot read its chunk shape: " + reason());
  }
  const std::size_t axis = row_axis(extents);
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (i != axis && chunk[i] != 1) {
      throw DataError(
          fmt::format("is stored in chunks wider than a column; {}", kRewrite));
    }
  }
  out.chunk_rows = static_cast<std::int64_t>(chunk[axis]);
  const auto value_bytes = static_cast<std::int64_t>(dataset.type().size);
  if (out.chunk_rows < 1 || out.chunk_rows > kMaxChunkBytes / value_bytes) {
    throw DataError(fmt::format(
        "is stored in chunks of {} rows, more than 1 GiB; {}", out.chunk_rows, kRewrite));
  }
  out.filters = filters_of(properties);

  const std::int64_t rows = dataset.num_rows();
  hsize_t num_stored = 0;
  const Handle space(H5Dget_space(dataset.id()), H5Sclose);
  if (H5Dget_num_chunks(dataset.id(), space.id(), &num_stored) < 0) {
    throw IoError("cannot count its chunks: " + reason());
  }
  const std::int64_t num_chunks = rows / out.chunk_rows + (rows % out.chunk_rows != 0);
  if (num_chunks > static_cast<std::int64_t>(num_stored)) {
    throw DataError(fmt::format("claims {} rows, but only {} of {} parts were written",
                                rows,
                                num_stored,
                                num_chunks));
  }
  for (std::int64_t i = 0; i < num_chunks; ++i) {
    std::array<hsize_t, H5S_MAX_RANK> at{};
    at[axis] = static_cast<hsize_t>(i * out.chunk_rows);
    haddr_t address = HADDR_UNDEF;
    hsize_t bytes = 0;
    unsigned mask = 0;
    if (H5Dget_chunk_info_by_coord(dataset.id(), at.data(), &mask, &address, &bytes) <
        0) {
      throw IoError("cannot find its chunks: " + reason());
    }
    if (address == HADDR_UNDEF) {
      throw DataError(fmt::format("has rows {} to {} that were never written",
                                  i * out.chunk_rows + 1,
                                  std::min(rows, (i + 1) * out.chunk_rows)));
    }
    out.chunks.push_back({static_cast<std::int64_t>(address) + out.user_block,
                          static_cast<std::int64_t>(bytes),
                          mask});
  }
}

/// A compact dataset has its values in its header.
void take_inside(const Dataset& dataset, Location& out) {
  const Handle type(H5Dget_type(dataset.id()), H5Tclose);
  if (H5Tdetect_class(type.id(), H5T_VLEN) != 0 || H5Tis_variable_str(type.id()) != 0) {
    throw DataError(
        "is a compact dataset of variable-length values; rewrite it with "
        "h5repack -l CONTI");
  }
  out.bytes.resize(dataset.type().size * static_cast<std::size_t>(dataset.num_rows()));
  if (H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, out.bytes.data()) <
      0) {
    throw IoError("cannot be read: " + reason());
  }
}

}  // namespace

Location locate(const Dataset& dataset) {
  Location out;
  out.user_block = user_block(dataset);
  const Handle properties(H5Dget_create_plist(dataset.id()), H5Pclose);
  if (!properties) throw IoError("cannot read its properties: " + reason());
  const std::int64_t rows = dataset.num_rows();
  const hsize_t stored = H5Dget_storage_size(dataset.id());
  if (rows > 0 && stored == 0) throw DataError("was never written");

  switch (H5Pget_layout(properties.id())) {
    case H5D_CONTIGUOUS: {
      out.kind = Location::Kind::contiguous;
      if (rows == 0) return out;
      if (stored / dataset.type().size != static_cast<hsize_t>(rows)) {
        throw DataError(fmt::format("claims {} rows of {} bytes, but {} bytes are stored",
                                    rows,
                                    dataset.type().size,
                                    stored));
      }
      const haddr_t offset = H5Dget_offset(dataset.id());
      if (offset == HADDR_UNDEF) throw DataError("was never written");
      out.offset = static_cast<std::int64_t>(offset);
      return out;
    }
    case H5D_COMPACT:
      out.kind = Location::Kind::inside;
      if (stored / dataset.type().size != static_cast<hsize_t>(rows)) {
        throw DataError("holds less than it claims");
      }
      take_inside(dataset, out);
      return out;
    case H5D_CHUNKED:
      out.kind = Location::Kind::chunked;
      if (rows > 0) locate_chunks(dataset, properties.id(), out);
      return out;
    default:
      throw DataError("is stored in a way that is not read here");
  }
}

}  // namespace merit::hdf5
