// SPDX-License-Identifier: MIT
#include "engine/resample/count_draw.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

using merit::draw_negbinomial;

BOOST_AUTO_TEST_SUITE(count_draw)

// scipy.stats.nbinom.ppf(u, theta, theta/(theta + mean)), SciPy's own quantiles.
BOOST_AUTO_TEST_CASE(far_negative_binomial_draws_are_its_quantiles) {
  struct Case {
    double mean, theta, u, quantile;
  };
  for (const Case& of : {Case{1e6, 0.5, 0.3, 148472},
                         Case{1e6, 0.5, 0.999, 10827569},
                         Case{2e5, 30, 0.5, 197782},
                         Case{3e7, 1e4, 0.01, 29306395},
                         Case{1000, 1e-8, 0.5, 0},
                         Case{2e5, 1e9, 0.7, 200234},
                         Case{5e8, 1e-3, 0.995, 1876518983}}) {
    const double drawn = draw_negbinomial(of.u, of.mean, of.theta);
    BOOST_TEST_CONTEXT("mean " << of.mean << ", theta " << of.theta) {
      BOOST_TEST(std::abs(drawn - of.quantile) <= 1e-8 * of.quantile);
    }
  }
}

BOOST_AUTO_TEST_CASE(negative_binomial_draws_end) {
  BOOST_TEST(draw_negbinomial(0.5, merit::kLargestCount, 1.0) == merit::kTooLarge);
  BOOST_TEST(draw_negbinomial(1.0 - 1e-16, 1e9, 1e-3) == merit::kTooLarge);
}

BOOST_AUTO_TEST_SUITE_END()
