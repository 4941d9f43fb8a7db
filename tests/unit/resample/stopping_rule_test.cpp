// SPDX-License-Identifier: MIT
#include "engine/resample/stopping_rule.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include <boost/test/unit_test.hpp>

using merit::StoppingRule;

BOOST_AUTO_TEST_SUITE(stopping_rule)

BOOST_AUTO_TEST_CASE(counts_are_whole_blocks_but_for_the_most) {
  const StoppingRule rule{.error = 0.01, .most = 10'123, .block_rows = 128};
  BOOST_TEST(rule.first(1000) == 1024);
  BOOST_TEST(rule.first(1) == 128);
  BOOST_TEST(rule.first(20'000) == 10'123);
  for (std::int64_t now = rule.first(1000); now < rule.most;) {
    BOOST_TEST(now % 128 == 0);
    const std::int64_t next = rule.next(now, 0.011);
    BOOST_TEST(next > now);
    now = next;
  }
}

BOOST_AUTO_TEST_CASE(ends_below_the_error_or_at_the_most) {
  const StoppingRule rule{.error = 0.01, .most = 50'000, .block_rows = 100};
  BOOST_TEST(rule.next(7'000, 0.0099) == 7'000);
  BOOST_TEST(rule.next(50'000, 3.0) == 50'000);
  BOOST_TEST(rule.next(7'000, 0.01) > 7'000);  // below, not at
}

/// By hand: from 1,000, each rung 1.25 of the one before, rounded up to hundreds.
BOOST_AUTO_TEST_CASE(climbs_as_far_as_the_error_says) {
  const StoppingRule rule{.error = 0.01, .most = 1'000'000, .block_rows = 100};
  // 1000 1300 1700 2200 2800 3500 4400 5500 6900 8700
  BOOST_TEST(rule.next(1000, 0.0101) == 1300);
  BOOST_TEST(rule.next(1000, 0.02) == 3500);  // 0.9 · 4 · 1000 = 3600
  BOOST_TEST(rule.next(1000, 1.0) == 6900);   // at most 8 times
  BOOST_TEST(rule.next(1000, std::numeric_limits<double>::infinity()) == 6900);
  BOOST_TEST(rule.next(1000, std::nan("")) == 1300);
}

BOOST_AUTO_TEST_CASE(blocks_larger_than_the_steps_are_taken_one_by_one) {
  const StoppingRule rule{.error = 0.01, .most = 900, .block_rows = 300};
  BOOST_TEST(rule.first(10) == 300);
  BOOST_TEST(rule.next(300, 0.0101) == 600);
  BOOST_TEST(rule.next(600, 0.0101) == 900);
}

BOOST_AUTO_TEST_SUITE_END()
