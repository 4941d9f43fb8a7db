// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/resample/replicate_rows.hpp"

namespace merit {

/// Checksum of a block of replicates: XXH3-64 (xxHash) with the block's number as seed over
/// its estimates, standard errors (if kept), shares of inner replicates (if there are any),
/// log-likelihoods and statuses, in this order, as they are stored. A pure function of rows and number, so it is part of the result; rows of
/// another block, zeros and rows that are half there do not have it (but for one case in
/// 2⁶⁴). Runs at the speed of memory.
std::uint64_t block_checksum(std::int64_t block, const ReplicateBytes& rows);

}  // namespace merit
