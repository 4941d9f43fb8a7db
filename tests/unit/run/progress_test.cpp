// SPDX-License-Identifier: MIT
#include "engine/run/progress.hpp"

#include <boost/test/unit_test.hpp>

namespace merit {

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(line_shows_done_rate_time_left_and_failures) {
  // 250 in 5 s are 50/s; 9500 left take 190 s.
  const Progress progress{
      .done = 500, .total = 10'000, .skipped = 250, .failed = 2, .seconds = 5.0};
  BOOST_TEST(progress_line(progress) ==
             "500/10000 (5.0%), 50.0/s, 3 min 10 s left, 2 failed");
}

BOOST_AUTO_TEST_CASE(line_shows_the_age_of_the_checkpoint) {
  Progress progress{.done = 1, .total = 2, .seconds = 1.0, .checkpoint_age = 4.2};
  BOOST_TEST(progress_line(progress) == "1/2 (50.0%), 1.0/s, 1.0 s left, saved 4 s ago");
  progress.checkpoint_age = 0.3;
  BOOST_TEST(progress_line(progress) == "1/2 (50.0%), 1.0/s, 1.0 s left, saved now");
}

BOOST_AUTO_TEST_CASE(nothing_done_yet_promises_nothing) {
  const Progress progress{.done = 40, .total = 100, .skipped = 40, .seconds = 3.0};
  BOOST_TEST(progress_line(progress) == "40/100 (40.0%)");
  BOOST_TEST(!progress.seconds_left().has_value());
}

BOOST_AUTO_TEST_CASE(hundred_percent_means_all) {
  BOOST_TEST(progress_line({.done = 99'999, .total = 100'000, .seconds = 2.0}) ==
             "99999/100000 (99.9%), 50000/s, 0.0 s left");
  BOOST_TEST(progress_line({.done = 100'000, .total = 100'000, .seconds = 2.0}) ==
             "100000/100000 (100.0%), 50000/s in 2.0 s");
  BOOST_TEST(progress_line({}) == "0/0 (100.0%) in 0.0 s");
}

BOOST_AUTO_TEST_CASE(durations_keep_two_units) {
  BOOST_TEST(duration_text(0.84) == "0.8 s");
  BOOST_TEST(duration_text(9.99) == "10 s");
  BOOST_TEST(duration_text(59.6) == "1 min 00 s");
  BOOST_TEST(duration_text(197) == "3 min 17 s");
  BOOST_TEST(duration_text(7500) == "2 h 05 min");
  BOOST_TEST(duration_text(3 * 86400 + 4 * 3600) == "3 d 04 h");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
