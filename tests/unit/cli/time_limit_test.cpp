// SPDX-License-Identifier: MIT
#include "engine/cli/time_limit.hpp"

#include <boost/test/unit_test.hpp>

using merit::parse_duration;

BOOST_AUTO_TEST_SUITE(time_limit)

BOOST_AUTO_TEST_CASE(what_people_write) {
  BOOST_TEST(parse_duration("90").value() == 90.0);
  BOOST_TEST(parse_duration("90s").value() == 90.0);
  BOOST_TEST(parse_duration("0.5s").value() == 0.5);
  BOOST_TEST(parse_duration("55m").value() == 3300.0);
  BOOST_TEST(parse_duration("2h30m").value() == 9000.0);
  BOOST_TEST(parse_duration("1.5h").value() == 5400.0);
  BOOST_TEST(parse_duration("1d12h5s").value() == 129605.0);
}

// sbatch(1), --time: minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes,
// days-hours:minutes:seconds. (Its plain number of minutes is seconds here.)
BOOST_AUTO_TEST_CASE(what_slurm_writes) {
  BOOST_TEST(parse_duration("30:15").value() == 1815.0);
  BOOST_TEST(parse_duration("12:00:00").value() == 43200.0);
  BOOST_TEST(parse_duration("1-12").value() == 129600.0);
  BOOST_TEST(parse_duration("1-12:30").value() == 131400.0);
  BOOST_TEST(parse_duration("1-12:30:05").value() == 131405.0);
}

BOOST_AUTO_TEST_CASE(what_is_no_time) {
  for (const char* text : {"",
                           "0",
                           "-1",
                           "+1",
                           "m",
                           "5x",
                           "5m5m",
                           "5s1m",
                           "1:",
                           ":1",
                           "-",
                           "1-",
                           "1-2-3",
                           "1:2:3:4",
                           "nan",
                           "inf",
                           "1e400",
                           "5 m",
                           "5m "}) {
    BOOST_TEST(!parse_duration(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
