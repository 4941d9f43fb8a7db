// SPDX-License-Identifier: MIT
#include "engine/inference/profile_interval.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

using namespace merit;

BOOST_AUTO_TEST_SUITE(profile_interval)

namespace {

constexpr double kZ = 1.959963984540054;  // qnorm(.975)

}  // namespace

// A parabola is Wald's interval, whatever step the search begins with.
BOOST_AUTO_TEST_CASE(parabola) {
  for (const double step : {0.01, 0.5, 40.0}) {
    const ProfiledParameter p =
        profile_parameter({.estimate = 3.0, .step = step},
                          [](double v) { return 4.0 * (v - 3.0) * (v - 3.0); });
    BOOST_TEST(std::abs(p.low - (3.0 - kZ / 2.0)) < 1e-11);
    BOOST_TEST(std::abs(p.high - (3.0 + kZ / 2.0)) < 1e-11);
    BOOST_TEST_REQUIRE(p.value.size() == 17U);
    for (std::size_t k = 0; k < p.value.size(); ++k) {
      BOOST_TEST(std::abs(p.zeta[k] - 2.0 * (p.value[k] - 3.0)) < 1e-12);
      if (k > 0) BOOST_TEST(p.value[k] > p.value[k - 1]);
    }
    BOOST_TEST(p.value.front() < p.low);
    BOOST_TEST(p.value.back() > p.high);
  }
}

// An exponential mean: drop = 2n(log(v/m) + m/v − 1); ends solve it on either side of m.
BOOST_AUTO_TEST_CASE(skewed) {
  const auto drop = [](double v) { return 20.0 * (std::log(v / 2.0) + 2.0 / v - 1.0); };
  const ProfiledParameter p =
      profile_parameter({.estimate = 2.0, .step = 0.6, .least = 0.0, .level = 0.9},
                        [&](double v) { return v == 0.0 ? HUGE_VAL : drop(v); });
  const double q = 2.705543454095404;  // qchisq(.9, 1)
  BOOST_TEST(std::abs(drop(p.low) - q) < 1e-9);
  BOOST_TEST(std::abs(drop(p.high) - q) < 1e-9);
  BOOST_TEST(2.0 - p.low < p.high - 2.0);
}

BOOST_AUTO_TEST_CASE(ends_that_are_not_there) {
  // Flat towards 0: the end is the limit.
  const auto gentle = [](double v) { return (v - 0.5) * (v - 0.5); };
  const ProfiledParameter sd =
      profile_parameter({.estimate = 0.5, .step = 0.2, .least = 0.0}, gentle);
  BOOST_TEST(sd.low == 0.0);
  BOOST_TEST(sd.value.front() == 0.0);
  BOOST_TEST(std::abs(sd.zeta.front() + 0.5) < 1e-15);
  // On the limit: no curve below.
  const ProfiledParameter zero = profile_parameter(
      {.estimate = 0.0, .step = 0.2, .least = 0.0}, [](double v) { return v * v; });
  BOOST_TEST(zero.low == 0.0);
  BOOST_TEST(std::abs(zero.high - kZ) < 1e-11);
  BOOST_TEST(zero.value.size() == 9U);
  // Never falling far enough: separation.
  const ProfiledParameter open =
      profile_parameter({.estimate = 0.0, .step = 1.0},
                        [](double v) { return v > 0.0 ? v / (1.0 + v) : v * v; });
  BOOST_TEST(std::isinf(open.high));
  BOOST_TEST(std::abs(open.low + kZ) < 1e-11);
}

BOOST_AUTO_TEST_SUITE_END()
