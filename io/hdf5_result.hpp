// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "io/hdf5.hpp"

/// What result files need of HDF5 besides hdf5.hpp.
namespace merit::hdf5 {

/// Gives a new contiguous numeric dataset its room in the file and returns where: the byte
/// offset of its first value; values follow in row order without gaps. What it holds until
/// it is written is undefined (zeros on most file systems).
/// @throws IoError if it is chunked, empty or cannot be allocated
std::int64_t allocate(Dataset& dataset);

/// The byte offset in the file of a contiguous dataset's first value. @throws IoError if it
/// has no such place
std::int64_t offset(const Dataset& dataset);

/// Creates a contiguous dataset of `rows` texts of `width` bytes each, padded with zeros, and
/// gives it its room. What it holds until it is written is undefined. @throws IoError
void create_text_rows(Group& group,
                      const std::string& name,
                      std::int64_t rows,
                      std::int64_t width);

/// Creates or replaces a yes/no attribute: an 8-bit integer 1 or 0, since R's rhdf5 reads no
/// attribute of h5py's boolean type. Read it as attribute<bool>. @throws IoError
void set_flag(const Object& object, const std::string& attribute, bool value);

/// Whether an attribute's type is that of set_flag, or h5py's boolean.
bool is_flag(const Type& type);

}  // namespace merit::hdf5
