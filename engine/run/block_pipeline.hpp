// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/run/block_range.hpp"

namespace merit {

struct PipelineOptions {
  /// Of this rank, ≥ 1, the calling thread among them; twice as many inputs are in memory.
  int threads = 1;

  /// Called by the calling thread after each load: this rank's share.
  std::function<void(std::int64_t blocks_loaded, std::int64_t blocks_of_rank)> progress =
      {};
};

/// Loads the blocks in order on the calling thread, into slot 0..num_slots-1, and uses each
/// on one of `threads` threads; the calling thread helps when all slots are full.
///
/// An exception stops the loading; blocks before the failing one are still used, so that the
/// exception thrown is that of the first failing block, as in a plain loop.
void run_pipeline(BlockRange blocks,
                  std::size_t num_slots,
                  const PipelineOptions& options,
                  const std::function<void(std::int64_t block, std::size_t slot)>& load,
                  const std::function<void(std::int64_t block, std::size_t slot)>& use);

/// The same with inputs of a type: load(block, input), use(block, input).
template <class Input, class Load, class Use>
void for_each_block(BlockRange blocks,
                    const PipelineOptions& options,
                    const Load& load,
                    const Use& use) {
  const int slots = options.threads == 1 ? 1 : 2 * options.threads;
  std::vector<Input> inputs(static_cast<std::size_t>(
      std::clamp<std::int64_t>(blocks.count, 1, std::int64_t{slots})));
  run_pipeline(
      blocks,
      inputs.size(),
      options,
      [&](std::int64_t block, std::size_t slot) { load(block, inputs[slot]); },
      [&](std::int64_t block, std::size_t slot) { use(block, inputs[slot]); });
}

}  // namespace merit
