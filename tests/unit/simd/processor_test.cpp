// SPDX-License-Identifier: MIT
#include "engine/simd/processor.hpp"

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "tests/support/mentions.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(processor)

BOOST_AUTO_TEST_CASE(one_without_the_lowest_level_is_told_what_it_lacks) {
  BOOST_CHECK_EXCEPTION(
      check_processor(false), UsageError, testing::mentions({"x86-64-v2", "SSE4.2"}));
}

// These tests run its kernels.
BOOST_AUTO_TEST_CASE(this_one_will_do) {
  check_processor();
}

BOOST_AUTO_TEST_SUITE_END()
