// SPDX-License-Identifier: MIT
#include "engine/resample/simulate.hpp"

#include <cmath>
#include <vector>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/negative_binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/glmm_rows.hpp"
#include "tests/support/simd_levels.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(simulate)

namespace {

/// 100 groups of 40 rows alike, no offset.
GlmmRows rows_alike(double trials) {
  GlmmRows rows;
  for (int i = 0; i < 4000; ++i) {
    rows.group.push_back(i / 40);
    rows.x1.push_back(0.125);  // the origin of the test's model
    rows.x2.push_back(0.0);
    rows.offset.push_back(0.0);
    rows.trials.push_back(trials);
    rows.y.push_back(i % 2);
  }
  return rows;
}

/// How often each outcome is drawn in 25 replicates without variation between groups.
std::vector<double> outcomes(Family family,
                             Link link,
                             double trials,
                             Eigen::VectorXd psi) {
  const GlmmModel model = model_of(rows_alike(trials), family, link);
  psi[psi.size() - 1] = 0.0;
  const ResponseSimulator simulator(model, psi, SimdLevel::v2);
  ResponseSimulator::Workspace work;
  AlignedVector<std::int32_t> y;
  std::vector<double> counts(400, 0.0);
  for (int replicate = 0; replicate < 25; ++replicate) {
    BOOST_TEST(simulator.draw(3, replicate, work, y));
    for (const std::int32_t value : y)
      counts.at(static_cast<std::size_t>(value)) += 1.0;
  }
  return counts;
}

/// Pearson's χ² of 100,000 draws; cells that expect fewer than 10 are put together.
template <class Probability>
void check(const std::vector<double>& counts, const Probability& probability) {
  double chi2 = 0.0, cells = 0.0, rest = 1e5, rest_seen = 1e5;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const double expected = 1e5 * probability(static_cast<double>(k));
    if (expected < 10.0) continue;
    chi2 += (counts[k] - expected) * (counts[k] - expected) / expected;
    rest -= expected;
    rest_seen -= counts[k];
    cells += 1.0;
  }
  if (rest > 1.0) chi2 += (rest_seen - rest) * (rest_seen - rest) / rest;
  // Five standard deviations of χ²: passed by chance alone once in some 10⁵ seeds.
  BOOST_TEST(chi2 < cells + 5.0 * std::sqrt(2.0 * cells + 2.0));
}

}  // namespace

BOOST_AUTO_TEST_CASE(counts_follow_their_distribution) {
  Eigen::VectorXd psi(4);
  for (const double eta : {-1.0, 1.2, 4.0}) {
    psi << eta, 0.0, 0.0, 0.0;
    const boost::math::poisson poisson(std::exp(eta));
    check(outcomes(Family::poisson, Link::log, 1.0, psi),
          [&](double k) { return pdf(poisson, k); });
    Eigen::VectorXd with_theta(5);
    with_theta << eta, 0.0, 0.0, std::log(1.7), 0.0;
    const boost::math::negative_binomial spread(1.7, 1.7 / (1.7 + std::exp(eta)));
    check(outcomes(Family::negbinomial, Link::log, 1.0, with_theta),
          [&](double k) { return pdf(spread, k); });
  }
}

BOOST_AUTO_TEST_CASE(events_follow_their_distribution) {
  Eigen::VectorXd psi(4);
  psi << 0.4, 0.0, 0.0, 0.0;
  const double logit = 1.0 / (1.0 + std::exp(-0.4));
  const double probit = 0.5 * std::erfc(-0.4 / std::sqrt(2.0));
  const double cloglog = 1.0 - std::exp(-std::exp(0.4));
  for (const double trials : {1.0, 30.0}) {
    for (const auto& [link, p] : {std::pair{Link::logit, logit},
                                  std::pair{Link::probit, probit},
                                  std::pair{Link::cloglog, cloglog}}) {
      const boost::math::binomial distribution(trials, p);
      check(outcomes(Family::binomial, link, trials, psi),
            [&](double k) { return k <= trials ? pdf(distribution, k) : 0.0; });
    }
  }
}

BOOST_AUTO_TEST_CASE(categories_follow_their_distribution) {
  Eigen::VectorXd psi(6);
  psi << 0.0, 0.0, -0.9, 0.15, 1.1, 0.0;
  const auto between = [&](double k, const auto& cdf) {
    const auto at = static_cast<Eigen::Index>(k);
    if (at > 3) return 0.0;
    return (at < 3 ? cdf(psi[2 + at]) : 1.0) - (at > 0 ? cdf(psi[1 + at]) : 0.0);
  };
  check(outcomes(Family::ordinal, Link::logit, 1.0, psi), [&](double k) {
    return between(k, [](double x) { return 1.0 / (1.0 + std::exp(-x)); });
  });
  check(outcomes(Family::ordinal, Link::probit, 1.0, psi), [&](double k) {
    return between(k, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); });
  });
}

BOOST_AUTO_TEST_CASE(large_means_are_drawn_from_the_mode) {
  // θ log(1 + μ/θ) > 600, so that P(0) is no number.
  Eigen::VectorXd psi(5);
  psi << std::log(3000.0), 0.0, 0.0, std::log(500.0), 0.0;
  const GlmmModel model = model_of(rows_alike(1.0), Family::negbinomial, Link::log);
  const ResponseSimulator simulator(model, psi, SimdLevel::v2);
  ResponseSimulator::Workspace work;
  AlignedVector<std::int32_t> y;
  BOOST_TEST(simulator.draw(1, 0, work, y));
  double sum = 0.0, squares = 0.0;
  for (const std::int32_t value : y) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const double mean = sum / 4000.0, variance = squares / 4000.0 - mean * mean;
  const double expected = 3000.0 + 3000.0 * 3000.0 / 500.0;
  BOOST_TEST(std::abs(mean - 3000.0) < 5.0 * std::sqrt(expected / 4000.0));
  BOOST_TEST(std::abs(variance / expected - 1.0) < 5.0 * std::sqrt(2.0 / 4000.0));
}

BOOST_AUTO_TEST_CASE(counts_too_large_for_a_row_are_refused) {
  Eigen::VectorXd psi(4);
  psi << std::log(3e9), 0.0, 0.0, 0.0;
  const GlmmModel model = model_of(rows_alike(1.0), Family::poisson, Link::log);
  const ResponseSimulator simulator(model, psi, SimdLevel::v2);
  ResponseSimulator::Workspace work;
  AlignedVector<std::int32_t> y;
  BOOST_TEST(!simulator.draw(1, 0, work, y));
}

BOOST_AUTO_TEST_CASE(intercepts_have_the_fitted_sd_and_levels_the_same_bits) {
  GlmmRows rows = rows_alike(1.0);
  for (std::size_t i = 0; i < rows.group.size(); ++i)
    rows.group[i] = static_cast<double>(i);  // a group per row
  Eigen::VectorXd psi(4);
  psi << 6.0, 0.0, 0.0, 0.5;
  std::vector<double> first;
  for (const SimdLevel level : simd_levels()) {
    const GlmmModel model = model_of(rows, Family::poisson, Link::log, level);
    const ResponseSimulator simulator(model, psi, level);
    ResponseSimulator::Workspace work;
    AlignedVector<std::int32_t> y;
    BOOST_TEST(simulator.draw(9, 41, work, y));
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < y.size(); i += 8) {
      const double log_y = std::log(y[i]);
      sum += log_y;
      squares += log_y * log_y;
    }
    const double mean = sum / 4000.0;
    const double sd = std::sqrt(squares / 4000.0 - mean * mean);
    // Poisson noise adds about e^(−6) to a variance of ¼; 5 standard errors.
    BOOST_TEST(std::abs(sd - std::sqrt(0.25 + std::exp(-6.0))) <
               5.0 * 0.5 / std::sqrt(8000.0));
    if (first.empty()) first.assign(y.begin(), y.end());
    BOOST_TEST((std::vector<double>(y.begin(), y.end()) == first));
  }
}

BOOST_AUTO_TEST_SUITE_END()
