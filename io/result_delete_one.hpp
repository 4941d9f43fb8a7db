// SPDX-License-Identifier: MIT
#pragma once

#include "io/hdf5.hpp"
#include "io/result_store.hpp"

// Shared by io/result_*.cpp only: the fits that each leave out one group.

namespace merit {

/// /delete_one, if the result has it. @throws IoError
void write_delete_one(hdf5::Group root, const StoredFit& stored);

/// The same back into `stored`, whose groups are there already. @throws IoError
void read_delete_one(const hdf5::Group& root, StoredFit& stored);

}  // namespace merit
