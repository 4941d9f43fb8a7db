// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "io/hdf5.hpp"

namespace merit::hdf5 {

/// Gives a new contiguous numeric dataset its room in the file and returns where: the byte
/// offset of its first value; values follow in row order without gaps. What it holds until
/// it is written is undefined (zeros on most file systems).
/// @throws IoError if it is chunked, empty or cannot be allocated
std::int64_t allocate(Dataset& dataset);

}  // namespace merit::hdf5
