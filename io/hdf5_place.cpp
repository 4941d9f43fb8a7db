// SPDX-License-Identifier: MIT
#include "io/hdf5_place.hpp"

#include <vector>

#include "engine/error.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {

std::int64_t allocate(Dataset& dataset) {
  // HDF5 allocates the whole of a contiguous dataset when its first row is written.
  const std::vector<std::uint8_t> zeros(static_cast<std::size_t>(dataset.row_size()));
  dataset.write_rows<std::uint8_t>(0, 1, zeros);
  const haddr_t offset = H5Dget_offset(dataset.id());
  if (offset == HADDR_UNDEF) {
    throw IoError(dataset.name() + ": HDF5 gave it no place in the file");
  }
  return static_cast<std::int64_t>(offset);
}

}  // namespace merit::hdf5
