// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "io/hdf5.hpp"
#include "io/stored_table.hpp"

// Shared by io/result_*.cpp only.

namespace merit {

/// Each a group of its name, a dataset per column. @throws IoError
void write_tables(hdf5::Group& parent, const std::vector<StoredTable>& tables);

/// All groups in `parent`. @throws IoError, also if a table's columns differ in length
std::vector<StoredTable> read_tables(const hdf5::Group& parent);

}  // namespace merit
