// SPDX-License-Identifier: MIT
#include "engine/simd/level.hpp"

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "tests/support/mentions.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(level)

BOOST_AUTO_TEST_CASE(names_are_read_again) {
  for (const SimdLevel level : {SimdLevel::v2, SimdLevel::v3, SimdLevel::v4})
    BOOST_CHECK(parse_simd_level(name(level)) == level);
  BOOST_CHECK_THROW(parse_simd_level("avx2"), UsageError);
}

// A level has all that the lower ones have.
BOOST_AUTO_TEST_CASE(a_processor_is_as_high_as_it_has_everything_below) {
  BOOST_CHECK(highest_level({.v2 = true}) == SimdLevel::v2);
  BOOST_CHECK(highest_level({.v2 = true, .v3 = true}) == SimdLevel::v3);
  BOOST_CHECK(highest_level({.v2 = true, .v3 = true, .v4 = true}) == SimdLevel::v4);
  BOOST_CHECK(highest_level({.v2 = true, .v4 = true}) == SimdLevel::v2);
}

BOOST_AUTO_TEST_CASE(a_processor_without_v2_is_told) {
  BOOST_CHECK_EXCEPTION(
      highest_level({}), UsageError, testing::mentions({"x86-64-v2", "SSE4.2"}));
}

BOOST_AUTO_TEST_SUITE_END()
