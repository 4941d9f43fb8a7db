// SPDX-License-Identifier: MIT
#pragma once

#include "io/hdf5.hpp"
#include "io/result_store.hpp"

// Shared by io/result_*.cpp only: what a fit was asked to test.

namespace merit {

/// /inference, if the fit has one. @throws IoError
void write_inference(hdf5::Group root, const StoredFit& stored);

/// The same back into `stored`, whose terms are there already. @throws IoError, also for words
/// of a later version
void read_inference(const hdf5::Group& root, StoredFit& stored);

}  // namespace merit
