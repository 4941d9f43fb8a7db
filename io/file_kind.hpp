// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace merit {

/// What a file looks like if it is not HDF5 ("it looks like comma-separated text"); empty if
/// it carries HDF5's signature. Reads its beginning only.
/// @throws InputError if it cannot be read at all
std::string kind_if_not_hdf5(const std::string& path);

}  // namespace merit
