// SPDX-License-Identifier: MIT
#include "engine/run/node_memory.hpp"

#include <cstdint>

#include <boost/test/unit_test.hpp>

#include "engine/run/block_range.hpp"
#include "tests/mpi/world.hpp"

namespace merit {

using test::world;

BOOST_AUTO_TEST_SUITE(node_memory)

BOOST_AUTO_TEST_CASE(what_one_rank_writes_all_ranks_of_its_node_read) {
  constexpr std::int64_t kCount = 100'000;
  const NodeMemory node(world(),
                        kCount * static_cast<std::int64_t>(sizeof(std::int64_t)));
  auto* numbers = static_cast<std::int64_t*>(node.memory().get());
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(numbers) % 64 == 0U);
  const BlockRange mine = local_range(kCount, node.rank(), node.size());
  for (std::int64_t i = mine.first; i < mine.end(); ++i)
    numbers[i] = 3 * i + 1;
  node.fence();
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < kCount; ++i)
    wrong += numbers[i] == 3 * i + 1 ? 0 : 1;
  BOOST_TEST(wrong == 0);
  node.fence();
  // These tests run on one machine: there is one copy, whoever writes.
  if (world().is_root()) numbers[7] = -1;
  node.fence();
  BOOST_TEST(node.size() == world().size());
  BOOST_TEST(numbers[7] == -1);
}

BOOST_AUTO_TEST_CASE(memory_outlives_the_object_that_made_it) {
  std::shared_ptr<void> kept;
  {
    const NodeMemory node(world(), 64);
    if (node.rank() == 0) *static_cast<int*>(node.memory().get()) = 42;
    node.fence();
    kept = node.memory();
  }
  BOOST_TEST(*static_cast<const int*>(kept.get()) == 42);
  world().barrier();
}

BOOST_AUTO_TEST_CASE(without_mpi_it_is_memory_like_any_other) {
  const NodeMemory node(Communicator::single(), 0);
  BOOST_TEST(node.size() == 1);
  BOOST_TEST(node.rank() == 0);
  BOOST_TEST((node.memory() != nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
