// SPDX-License-Identifier: MIT
#include "engine/run/layout.hpp"

#include <boost/test/unit_test.hpp>
#include <sched.h>

#include "tests/mpi/world.hpp"

namespace merit {

using test::world;

BOOST_AUTO_TEST_SUITE(layout)

BOOST_AUTO_TEST_CASE(default_threads_are_the_affinity_mask) {
  cpu_set_t mask;
  BOOST_TEST(sched_getaffinity(0, sizeof mask, &mask) == 0);
  BOOST_TEST(default_threads() == CPU_COUNT(&mask));
}

BOOST_AUTO_TEST_CASE(every_rank_knows_every_rank) {
  const auto ranks = gather_layout(world(), world().rank() + 1);
  BOOST_TEST(ranks.size() == static_cast<std::size_t>(world().size()));
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    BOOST_TEST(ranks[r].threads == static_cast<int>(r) + 1);
    BOOST_TEST(!ranks[r].cpus.empty());
    BOOST_TEST(ranks[r].host == host_name());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
