// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

namespace merit {

/// Consecutive blocks (or tasks, or rows) [first, first + count).
struct BlockRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  constexpr std::int64_t end() const { return first + count; }
  bool operator==(const BlockRange&) const = default;
};

/// Rank `rank`'s share of 0..num_blocks-1 among `size` ranks: shares are consecutive, in
/// rank order, and differ by at most one block, the longer ones first.
constexpr BlockRange local_range(std::int64_t num_blocks, int rank, int size) {
  const std::int64_t each = num_blocks / size;
  const std::int64_t longer = num_blocks % size;
  const std::int64_t r = rank;
  return {r * each + std::min(r, longer), each + (r < longer ? 1 : 0)};
}

static_assert(local_range(7, 0, 3) == BlockRange{0, 3});
static_assert(local_range(7, 1, 3) == BlockRange{3, 2});
static_assert(local_range(7, 2, 3) == BlockRange{5, 2});
static_assert(local_range(1, 2, 3) == BlockRange{1, 0});

}  // namespace merit
