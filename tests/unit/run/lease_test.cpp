// SPDX-License-Identifier: MIT
#include "engine/run/lease.hpp"

#include <boost/test/unit_test.hpp>

namespace merit {

BOOST_AUTO_TEST_SUITE(lease)

BOOST_AUTO_TEST_CASE(lasts_as_long_as_asked_while_much_is_left) {
  // 4 workers × 0.5 s / 10 ms = 200 blocks.
  BOOST_TEST(lease_blocks({4, 0, 0.01}, 1'000'000, 64, 0.5) == 200);
}

BOOST_AUTO_TEST_CASE(shrinks_to_half_a_fair_share_towards_the_end) {
  // 800 left, 4 of 64 workers: half of 50.
  BOOST_TEST(lease_blocks({4, 0, 0.01}, 800, 64, 0.5) == 25);
  BOOST_TEST(lease_blocks({4, 0, 0.01}, 8, 64, 0.5) == 1);
}

BOOST_AUTO_TEST_CASE(gives_idle_workers_a_block_each_but_no_more_than_there_is) {
  BOOST_TEST(lease_blocks({16, 16, 60.0}, 100, 64, 0.5) == 16);
  BOOST_TEST(lease_blocks({16, 16, 60.0}, 5, 64, 0.5) == 5);
  BOOST_TEST(lease_blocks({16, 0, 60.0}, 100, 64, 0.5) == 1);
  BOOST_TEST(lease_blocks({16, 16, 0.01}, 0, 64, 0.5) == 0);
}

BOOST_AUTO_TEST_CASE(unknown_block_time_gives_one_block_per_worker) {
  BOOST_TEST(lease_blocks({8, 1, 0.0}, 1'000, 16, 0.5) == 8);
}

BOOST_AUTO_TEST_CASE(leases_of_equal_ranks_use_up_all_blocks) {
  std::int64_t left = 1000;
  int leases = 0;
  for (; left > 0; ++leases)
    left -= lease_blocks({2, 0, 0.001}, left, 8, 0.5);
  BOOST_TEST(left == 0);
  BOOST_TEST(leases < 100);
}

BOOST_AUTO_TEST_CASE(asks_ahead_for_short_blocks_only) {
  BOOST_TEST(low_water(1, 0.01) == 5);
  BOOST_TEST(low_water(4, 0.01) == 20);
  BOOST_TEST(low_water(1, 0.4) == 1);
  BOOST_TEST(low_water(8, 60.0) == 0);
  BOOST_TEST(low_water(8, 0.0) == 0);
}

BOOST_AUTO_TEST_CASE(timer_forgets_slowly) {
  BlockTimer timer;
  BOOST_TEST(timer.mean() == 0.0);
  timer.add(2.0);
  timer.add(4.0);
  BOOST_TEST(timer.mean() == 3.0);
  for (int i = 0; i < 200; ++i)
    timer.add(1.0);
  BOOST_TEST(timer.mean() > 0.999);
  BOOST_TEST(timer.mean() < 1.001);
  BOOST_TEST(timer.total() == 206.0);
  BOOST_TEST(timer.num_blocks() == 202);
}

BOOST_AUTO_TEST_CASE(many_ranks_speak_less_often) {
  BOOST_TEST(merit::message_seconds(1) == 0.05);
  BOOST_TEST(merit::message_seconds(250) == 0.05);
  BOOST_TEST(merit::message_seconds(10'000) == 2.0);  // 5,000 messages a second
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
