// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/hdf5.hpp"

namespace merit::hdf5 {

/// One step of what was done to a chunk before it was stored.
struct Filter {
  std::int32_t id = 0;  ///< 1 deflate, 2 shuffle, 3 Fletcher-32
  std::vector<std::uint32_t> values;
};

/// A piece of a chunked dataset.
struct Chunk {
  std::int64_t offset = 0;            ///< in the file
  std::int64_t bytes = 0;             ///< as stored
  std::uint32_t skipped_filters = 0;  ///< bit i: filter i was not applied to it
};

/// Where the values of a 1-D dataset are in its file, so that they can be read without HDF5.
struct Location {
  enum class Kind : std::uint8_t { contiguous, chunked, inside };
  Kind kind = Kind::contiguous;

  std::int64_t offset = 0;  ///< contiguous: of the first value
  std::string bytes;        ///< inside: the values themselves (a compact dataset)

  std::int64_t chunk_rows = 0;  ///< chunked: rows per chunk; the last is stored whole
  std::vector<Chunk> chunks;    ///< in the order of rows
  std::vector<Filter> filters;  ///< in the order of writing

  std::int64_t user_block = 0;  ///< bytes before HDF5's part of the file; heap addresses
                                ///< count from there
};

/// Finds a 1-D dataset's values.
/// @throws DataError if some were never written, or are stored in a way not read here
/// @throws IoError   if HDF5 cannot tell
Location locate(const Dataset& dataset);

}  // namespace merit::hdf5
