// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

#include "engine/run/block_range.hpp"

namespace merit {

struct BlockLoopOptions {
  /// Of this rank, ≥ 1, the calling thread among them.
  int threads = 1;

  /// Called by the calling thread now and then, and at the end: this rank's share.
  std::function<void(std::int64_t blocks_done, std::int64_t blocks_of_rank)> progress =
      {};
};

/// How many threads the loop takes: no more than there are blocks, the calling one always.
int threads_for(BlockRange blocks, const BlockLoopOptions& options);

/// Calls use(block, thread) once for each block, on threads_for(…) threads (thread = 0 is
/// the calling one). Threads take runs of a few consecutive blocks, in ascending order, so that
/// what is read forward stays fast and no thread waits long at the end.
///
/// An exception stops the loop; blocks before the failing one are still used, so that the
/// exception thrown is that of the first failing block, as in a plain loop.
void for_each_block(BlockRange blocks,
                    const BlockLoopOptions& options,
                    const std::function<void(std::int64_t block, int thread)>& use);

}  // namespace merit
