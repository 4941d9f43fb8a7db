// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE merit
#include <boost/test/unit_test.hpp>
