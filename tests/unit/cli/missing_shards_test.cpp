// SPDX-License-Identifier: MIT
#include "engine/cli/missing_shards.hpp"

#include <vector>

#include <boost/test/unit_test.hpp>

using namespace merit;

BOOST_AUTO_TEST_SUITE(missing_shards)

namespace {

BlockRange blocks_of(Shard shard, std::int64_t num_blocks) {
  return local_range(
      num_blocks, static_cast<int>(shard.index - 1), static_cast<int>(shard.count));
}

/// Whether they hold each block of the gap once, in order, and no other.
bool fills(const std::vector<Shard>& shards, BlockRange gap, std::int64_t num_blocks) {
  std::int64_t at = gap.first;
  for (const Shard shard : shards) {
    const BlockRange blocks = blocks_of(shard, num_blocks);
    if (blocks.first != at || blocks.count < 1) return false;
    at = blocks.end();
  }
  return at == gap.end();
}

}  // namespace

// By brute force: every gap of every small job.
BOOST_AUTO_TEST_CASE(every_gap_is_filled_exactly) {
  const std::vector<std::int64_t> counts = {3, 5};
  for (std::int64_t num_blocks = 1; num_blocks <= 40; ++num_blocks) {
    std::vector<std::int64_t> cuts;
    for (const std::int64_t count : counts) {
      if (count <= num_blocks) cuts.push_back(count);
    }
    for (std::int64_t first = 0; first < num_blocks; ++first) {
      for (std::int64_t count = 1; first + count <= num_blocks; ++count) {
        const BlockRange gap{first, count};
        BOOST_TEST_CONTEXT(num_blocks << " blocks, gap " << first << " + " << count) {
          BOOST_TEST(fills(shards_of(gap, num_blocks, cuts), gap, num_blocks));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_shard_of_the_same_cut_is_named_as_such) {
  const std::vector<std::int64_t> counts = {7};
  for (std::int64_t index = 1; index <= 7; ++index) {
    const std::vector<Shard> shards = shards_of(blocks_of({index, 7}, 64), 64, counts);
    BOOST_TEST_REQUIRE(shards.size() == 1U);
    BOOST_TEST((shards[0] == Shard{index, 7}));
  }
}

BOOST_AUTO_TEST_SUITE_END()
