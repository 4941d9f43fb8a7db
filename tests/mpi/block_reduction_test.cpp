// SPDX-License-Identifier: MIT
#include "engine/run/block_reduction.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "tests/mpi/world.hpp"

namespace merit {

using test::world;

namespace {

/// Sums of 1/(i+1)^1.5 over blocks of 10 terms, with an (x, count) node; its bits change
/// with almost any other order of additions.
struct Sums {
  struct Workspace {
    std::vector<double> values;
    std::int64_t last = -1;
  };
  struct Node {
    double sum = 0.0;
    std::int64_t count = 0;
    bool operator==(const Node&) const = default;
  };

  std::int64_t one_fails_at = -1;
  std::int64_t all_fail_from = -1;
  mutable std::mutex mutex = {};
  mutable std::vector<std::int64_t> seen = {};
  mutable bool goes_back = false;  // a thread met a block before its last one

  Workspace workspace() const { return {}; }
  Node leaf(std::int64_t block, Workspace& work) const {
    if (block == one_fails_at)
      throw IoError("cannot read block " + std::to_string(block));
    if (all_fail_from >= 0 && block >= all_fail_from)
      throw DataError("infinite value in block " + std::to_string(block));
    {
      const std::lock_guard lock(mutex);
      seen.push_back(block);
      goes_back = goes_back || block < work.last;
    }
    work.last = block;
    work.values.clear();
    for (int i = 0; i < 10; ++i) {
      work.values.push_back(1.0 / std::pow(static_cast<double>(10 * block + i + 1), 1.5));
    }
    Node node;
    for (const double value : work.values)
      node.sum += value;
    node.count = static_cast<std::int64_t>(work.values.size());
    return node;
  }
  Node merge(const Node& left, const Node& right) const {
    return {left.sum + right.sum, left.count + right.count};
  }
  Bytes pack(const Node& node) const {
    ByteWriter writer;
    writer.put(node);
    return writer.take();
  }
  Node unpack(std::span<const std::byte> bytes) const {
    return ByteReader(bytes).take<Node>();
  }
};

/// node(level, index) by the definition in block_reduction.hpp, recursively.
Sums::Node by_definition(std::int64_t level,
                         std::int64_t index,
                         std::int64_t num_blocks) {
  Sums sums;
  if (level == 0) {
    Sums::Workspace work;
    return sums.leaf(index, work);
  }
  const Sums::Node left = by_definition(level - 1, 2 * index, num_blocks);
  if ((2 * index + 1) << (level - 1) >= num_blocks) return left;
  return sums.merge(left, by_definition(level - 1, 2 * index + 1, num_blocks));
}

std::int64_t top_level(std::int64_t num_blocks) {
  std::int64_t level = 0;
  while ((std::int64_t{1} << level) < num_blocks)
    ++level;
  return level;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(block_reduction)

BOOST_AUTO_TEST_CASE(bits_are_those_of_the_definition_for_any_ranks_and_threads) {
  for (const std::int64_t num_blocks : {1, 2, 3, 5, 7, 8, 64, 100, 257}) {
    const Sums::Node expected = by_definition(top_level(num_blocks), 0, num_blocks);
    for (const int threads : {1, 2, 5}) {
      Sums sums;
      const Sums::Node node =
          reduce_blocks(world(), num_blocks, sums, {.threads = threads});
      BOOST_TEST((node == expected), num_blocks << " blocks, " << threads << " threads");
    }
  }
}

BOOST_AUTO_TEST_CASE(the_order_of_additions_does_matter_here) {
  double running = 0.0;
  for (int i = 0; i < 2570; ++i)
    running += 1.0 / std::pow(i + 1.0, 1.5);
  BOOST_TEST(running != by_definition(top_level(257), 0, 257).sum);
}

BOOST_AUTO_TEST_CASE(each_rank_uses_its_own_blocks_once_and_each_thread_goes_forward) {
  for (const int threads : {1, 2, 5}) {
    Sums sums;
    std::int64_t done = 0;
    const auto note = [&](std::int64_t now, std::int64_t) {
      BOOST_TEST(now >= done);
      done = now;
    };
    reduce_blocks(world(), 100, sums, {.threads = threads, .progress = note});
    const BlockRange mine = local_range(100, world().rank(), world().size());
    std::sort(sums.seen.begin(), sums.seen.end());
    BOOST_TEST_REQUIRE(sums.seen.size() == static_cast<std::size_t>(mine.count));
    for (std::size_t i = 0; i < sums.seen.size(); ++i)
      BOOST_TEST(sums.seen[i] == mine.first + static_cast<std::int64_t>(i));
    BOOST_TEST(!sums.goes_back);
    BOOST_TEST(done == mine.count);
  }
}

BOOST_AUTO_TEST_CASE(no_blocks_give_an_empty_node) {
  Sums sums;
  BOOST_TEST((reduce_blocks(world(), 0, sums) == Sums::Node{}));
}

BOOST_AUTO_TEST_CASE(an_error_on_one_rank_reaches_all) {
  for (const int threads : {1, 2, 5}) {
    Sums sums;
    sums.one_fails_at = 19;
    BOOST_CHECK_EXCEPTION(
        reduce_blocks(world(), 20, sums, {.threads = threads}),
        IoError,
        [](const IoError& error) {
          return std::string(error.what()).starts_with("cannot read block 19");
        });
  }
}

BOOST_AUTO_TEST_CASE(first_failing_leaf_is_reported_for_any_ranks_and_threads) {
  for (const int threads : {1, 2, 5}) {
    Sums sums;
    sums.all_fail_from = 6;
    BOOST_CHECK_EXCEPTION(
        reduce_blocks(world(), 40, sums, {.threads = threads}),
        DataError,
        [](const DataError& error) {
          return std::string(error.what()).starts_with("infinite value in block 6");
        });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
