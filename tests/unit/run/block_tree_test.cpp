// SPDX-License-Identifier: MIT
#include "engine/run/block_tree.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace merit {

BOOST_AUTO_TEST_SUITE(block_tree)

// The node of a block is its letter, a merge writes brackets: the result shows the tree.
BOOST_AUTO_TEST_CASE(shape_is_fixed_whatever_the_order_of_arrival) {
  const auto merge = [](std::string left, std::string right) {
    return "(" + left + right + ")";
  };
  const std::vector<std::string> shapes = {
      "", "a", "(ab)", "((ab)c)", "((ab)(cd))", "(((ab)(cd))e)", "(((ab)(cd))(ef))"};
  std::mt19937 shuffler(1);
  for (std::size_t num_blocks = 0; num_blocks < shapes.size(); ++num_blocks) {
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::vector<std::int64_t> order(num_blocks);
      std::iota(order.begin(), order.end(), 0);
      std::shuffle(order.begin(), order.end(), shuffler);
      BlockTree<std::string> tree(static_cast<std::int64_t>(num_blocks));
      for (const std::int64_t block : order) {
        tree.insert({0, block}, std::string(1, static_cast<char>('a' + block)), merge);
      }
      BOOST_TEST(tree.take_root() == shapes[num_blocks]);
    }
  }
}

BOOST_AUTO_TEST_CASE(part_of_the_blocks_leaves_its_complete_subtrees) {
  const auto merge = [](int left, int right) { return left + right; };
  BlockTree<int> tree(100);
  for (std::int64_t block = 33; block < 67; ++block)
    tree.insert({0, block}, 1, merge);
  // 33 | 34-35 | 36-39 | 40-47 | 48-63 | 64-65 | 66
  std::vector<int> sizes;
  tree.drain([&](const TreePosition& position, int size) {
    BOOST_TEST(size == 1 << position.level);
    sizes.push_back(size);
  });
  BOOST_TEST(sizes.size() == 7u);
  BOOST_TEST(std::accumulate(sizes.begin(), sizes.end(), 0) == 34);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
