// SPDX-License-Identifier: MIT
#include "engine/cli/missing_shards.hpp"

#include <optional>

namespace merit {
namespace {

/// The shard of `count` that begins with block `first` and ends before `end`, if there is one.
std::optional<Shard> shard_at(std::int64_t first,
                              std::int64_t end,
                              std::int64_t num_blocks,
                              std::int64_t count) {
  const std::int64_t each = num_blocks / count;
  const std::int64_t longer = num_blocks % count;  // shards with one block more, first
  const std::int64_t rank = first < longer * (each + 1)
                                ? first / (each + 1)
                                : longer + (first - longer * (each + 1)) / each;
  const BlockRange blocks =
      local_range(num_blocks, static_cast<int>(rank), static_cast<int>(count));
  if (blocks.first != first || blocks.end() > end) return std::nullopt;
  return Shard{rank + 1, count};
}

}  // namespace

std::vector<Shard> shards_of(BlockRange gap,
                             std::int64_t num_blocks,
                             std::span<const std::int64_t> counts) {
  std::vector<Shard> shards;
  for (std::int64_t at = gap.first; at < gap.end();) {
    std::optional<Shard> found;
    for (const std::int64_t count : counts) {
      if (!found) found = shard_at(at, gap.end(), num_blocks, count);
    }
    // Of num_blocks parts each is one block, so that the search ends.
    for (std::int64_t count = 1; !found; ++count) {
      found = shard_at(at, gap.end(), num_blocks, count);
    }
    shards.push_back(*found);
    at += local_range(num_blocks,
                      static_cast<int>(found->index - 1),
                      static_cast<int>(found->count))
              .count;
  }
  return shards;
}

}  // namespace merit
