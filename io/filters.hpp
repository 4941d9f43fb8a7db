// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "io/hdf5_location.hpp"

namespace merit {

/// Undoes what HDF5's filters did to a chunk: deflate (zlib), shuffle and Fletcher-32, as
/// described in the HDF5 File Format Specification, IV.A.2.l and in H5Pset_shuffle,
/// H5Pset_fletcher32.
///
/// @param skipped   bit i: filter i was not applied
/// @param expected  bytes of the chunk before any filter: nothing grows much beyond
/// @param bytes     the chunk as stored; on success as it was before
/// @param spare     memory that may be used
/// @return whether it could be done; false means damage
bool undo_filters(std::span<const hdf5::Filter> filters,
                  std::uint32_t skipped,
                  std::size_t expected,
                  std::vector<std::byte>& bytes,
                  std::vector<std::byte>& spare);

}  // namespace merit
