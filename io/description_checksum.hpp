// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/hdf5.hpp"

namespace merit {

/// One number for everything that a result file says besides rows and times: XXH3-64, as 16
/// hexadecimal digits, over each object of the file in byte order of its path: the path, then
/// its attributes in byte order of their names (name, values), then its values. Texts end with
/// a zero byte; integers and truth values are int64, other numbers float64, both little-endian.
/// Left out are /provenance, the values of the rows' datasets, and the attribute itself.
/// @throws IoError if something cannot be read
std::string description_checksum(const hdf5::Group& root);

/// The root's attribute that stores it.
inline constexpr const char* kDescriptionChecksum = "description_checksum";

/// @throws IoError if it is not the stored one
void check_description(const hdf5::Group& root);

}  // namespace merit
