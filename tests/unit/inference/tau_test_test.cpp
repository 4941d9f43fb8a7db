// SPDX-License-Identifier: MIT
#include "engine/inference/tau_test.hpp"

#include <cmath>
#include <random>

#include <boost/math/distributions/fisher_f.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(tau_test)

namespace {

constexpr std::int64_t kDraws = 400'000;

double upper_tail(const TauDistribution& distribution, double statistic) {
  return static_cast<double>(distribution.count_exceeding(statistic, 0, kDraws)) /
         static_cast<double>(kDraws);
}

/// Whether two probabilities agree within four standard errors of the simulated one.
bool agree(double simulated, double exact, double draws) {
  return std::abs(simulated - exact) <
         4.0 * std::sqrt(exact * (1.0 - exact) / draws) + 1e-9;
}

}  // namespace

// Balanced one-way layout, REML: the statistic rises with F = MSB/MSE and is 0 for F ≤ 1, so its
// distribution is that of F(J − 1, J(n − 1)).
BOOST_AUTO_TEST_CASE(balanced_layout_is_the_f_test) {
  const GroupedStats stats = stats_of(read_rows("dyestuff.csv", "Yield", "Batch"));
  const FitResult fit = fit_gaussian(stats);
  const double statistic = tau_statistic(stats, fit);
  const TauDistribution distribution(stats, Criterion::reml, 1, SimdLevel::v2);
  const boost::math::fisher_f F(5.0, 24.0);
  const double exact = boost::math::cdf(boost::math::complement(F, 11271.5 / 2451.25));
  BOOST_TEST(agree(upper_tail(distribution, statistic), exact, kDraws));
  BOOST_TEST(
      agree(upper_tail(distribution, 1e-12), 1.0 - boost::math::cdf(F, 1.0), kDraws));
  // RLRT as a function of F: σ² and τ² by the method of moments, both deviances in closed form.
  for (const double ratio : {1.2, 2.0, 3.5, 6.0}) {
    const double pooled = (5.0 * ratio + 24.0) / 29.0;
    const double at = 29.0 * std::log(pooled) - 5.0 * std::log(ratio);
    BOOST_TEST(agree(upper_tail(distribution, at),
                     boost::math::cdf(boost::math::complement(F, ratio)),
                     kDraws));
  }
}

// Unbalanced, with covariates: against data drawn row by row without variance between groups.
BOOST_AUTO_TEST_CASE(distribution_is_that_of_fits_to_drawn_data) {
  TwoLevelRows rows = random_rows(
      {.sizes = {5, 1, 19, 3, 2, 11, 6}, .dummy_columns = 1, .group_columns = 1}, 4);
  const Eigen::Index p = rows.num_fixed();
  for (const Criterion criterion : {Criterion::ml, Criterion::reml}) {
    const TauDistribution distribution(stats_of(rows), criterion, 3, SimdLevel::v2);
    std::mt19937_64 random(11);
    std::normal_distribution<double> normal;
    constexpr int kFits = 2500;
    const std::vector<double> at = {1e-9, 0.3, 1.0, 2.0};
    std::vector<double> exceeding(at.size(), 0.0);
    for (int r = 0; r < kFits; ++r) {
      for (Eigen::Index i = 0; i < rows.z.rows(); ++i)
        rows.z(i, p) = normal(random);
      const GroupedStats stats = stats_of(rows, WithinDetail::pooled);
      const double value =
          tau_statistic(stats, fit_gaussian(stats, {.criterion = criterion}));
      for (std::size_t k = 0; k < at.size(); ++k)
        exceeding[k] += value >= at[k] ? 1.0 / kFits : 0.0;
    }
    for (std::size_t k = 0; k < at.size(); ++k)
      BOOST_TEST(agree(exceeding[k], upper_tail(distribution, at[k]), kFits));
  }
}

// Any split into blocks and any instruction set count the same draws.
BOOST_AUTO_TEST_CASE(draws_are_a_function_of_their_number) {
  const GroupedStats stats = stats_of(random_rows({.sizes = {5, 8, 3, 6}}, 1));
  const TauDistribution v2(stats, Criterion::reml, 5, SimdLevel::v2);
  const TauDistribution v3(stats, Criterion::reml, 5, SimdLevel::v3);
  const TauDistribution other(stats, Criterion::reml, 6, SimdLevel::v2);
  for (const double statistic : {0.01, 0.5, 2.0}) {
    const std::int64_t whole = v2.count_exceeding(statistic, 0, 10'004);
    BOOST_TEST(v2.count_exceeding(statistic, 0, 4000) +
                   v2.count_exceeding(statistic, 4000, 6004) ==
               whole);
    BOOST_TEST(v3.count_exceeding(statistic, 0, 10'004) == whole);
    BOOST_TEST(other.count_exceeding(statistic, 0, 10'004) != whole);
  }
  BOOST_TEST(v2.count_exceeding(0.0, 0, 1000) == 1000);
}

// R 4.2.2: 0.5 * pchisq(3.2, 1, lower.tail = FALSE).
BOOST_AUTO_TEST_CASE(mixture) {
  BOOST_TEST(mixture_p_value(0.0) == 1.0);
  BOOST_TEST(std::abs(mixture_p_value(3.2) / 0.03681913506015134 - 1.0) < 1e-12);
}

BOOST_AUTO_TEST_CASE(statistic_of_a_boundary_fit_is_zero) {
  const GroupedStats stats = stats_of(read_rows("dyestuff2.csv", "Yield", "Batch"));
  BOOST_TEST(tau_statistic(stats, fit_gaussian(stats)) == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
