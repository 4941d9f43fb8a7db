// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "io/result_store.hpp"

namespace merit {

/// Shards that together hold exactly the blocks of `gap`, of a job of `num_blocks`: from the
/// first missing block on, each time the longest that fits, of N parts where N is one of
/// `counts` (in which the job was cut) if any of those fits, else the smallest N.
std::vector<Shard> shards_of(BlockRange gap,
                             std::int64_t num_blocks,
                             std::span<const std::int64_t> counts);

}  // namespace merit
