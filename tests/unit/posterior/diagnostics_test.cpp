// SPDX-License-Identifier: MIT
#include "engine/posterior/diagnostics.hpp"

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/posterior/autocovariance.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(diagnostics)

namespace {

/// One variable of reference/diagnostics.txt, which R's package posterior 1.4.0 has made.
struct Reference {
  std::string name;
  std::vector<double> draws;
  std::int64_t per_chain = 0;
  std::vector<double> value;

  Chains chains() const { return {draws, per_chain}; }
};

constexpr std::size_t kValues = 16;

std::vector<Reference> references() {
  std::ifstream in(std::string(MERIT_TEST_DATA) +
                   "/unit/posterior/reference/diagnostics.txt");
  if (!in) throw std::runtime_error("reference/diagnostics.txt: not found");
  std::vector<Reference> all;
  std::string name;
  std::int64_t num_chains = 0, per_chain = 0;
  while (in >> name >> num_chains >> per_chain) {
    Reference reference;
    reference.name = name;
    reference.per_chain = per_chain;
    reference.draws.resize(static_cast<std::size_t>(num_chains * per_chain));
    for (double& value : reference.draws)
      in >> value;
    reference.value.resize(kValues);
    for (double& value : reference.value)
      in >> value;
    if (!in) throw std::runtime_error("reference/diagnostics.txt: damaged");
    all.push_back(std::move(reference));
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(equal_to_the_package_posterior) {
  const std::vector<Reference> all = references();
  BOOST_TEST(all.size() == 10U);
  for (const Reference& reference : all) {
    const Chains x = reference.chains();
    const DrawSummary summary = summarize_draws(x, 0.95);
    const std::vector<std::pair<std::string, double>> ours = {
        {"rhat", rhat(x)},
        {"rhat_basic", rhat_basic(x)},
        {"ess_bulk", ess_bulk(x)},
        {"ess_tail", ess_tail(x)},
        {"ess_mean", ess_mean(x)},
        {"ess_basic", ess_basic(x)},
        {"ess_quantile", ess_quantile(x, 0.025)},
        {"mcse_mean", mcse_mean(x)},
        {"mcse_sd", mcse_sd(x)},
        {"mcse_q2.5", mcse_quantile(x, 0.025)},
        {"mcse_q50", mcse_quantile(x, 0.5)},
        {"mcse_q97.5", mcse_quantile(x, 0.975)},
        {"sd", summary.sd},
        {"median", summary.median},
        {"q2.5", summary.low},
        {"q97.5", summary.high}};
    for (std::size_t i = 0; i < kValues; ++i) {
      BOOST_TEST_CONTEXT(reference.name << " " << ours[i].first) {
        const double expected = reference.value[i];
        BOOST_TEST(std::abs(ours[i].second - expected) <= 1e-8 * std::abs(expected));
      }
    }
    BOOST_TEST(summary.rhat == ours[0].second);
    BOOST_TEST(summary.ess_bulk == ours[2].second);
    BOOST_TEST(summary.ess_tail == ours[3].second);
    BOOST_TEST(summary.mcse_mean == ours[7].second);
    BOOST_TEST(summary.mcse_sd == ours[8].second);
    BOOST_TEST(summary.mcse_low == ours[9].second);
    BOOST_TEST(summary.mcse_high == ours[11].second);
  }
}

// Printed in the documentation of R's package posterior, example_draws("eight_schools").
BOOST_AUTO_TEST_CASE(eight_schools_as_published) {
  const Reference mu = references().at(0);
  BOOST_TEST(std::abs(rhat(mu.chains()) - 1.02192302747) < 1e-9);
  BOOST_TEST(std::abs(ess_bulk(mu.chains()) - 558.017311098) < 1e-6);
  BOOST_TEST(std::abs(ess_tail(mu.chains()) - 322.095517981) < 1e-6);
}

BOOST_AUTO_TEST_CASE(autocovariances_are_their_definition) {
  for (const std::size_t n : {1U, 2U, 3U, 7U, 64U, 100U}) {
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i)
      x[i] = 5.0 + std::sin(static_cast<double>(i * i)) + 0.1 * static_cast<double>(i);
    double mean = 0.0;
    for (const double value : x)
      mean += value / static_cast<double>(n);
    const std::vector<double> acov = autocovariance(x);
    for (std::size_t lag = 0; lag < n; ++lag) {
      double sum = 0.0;
      for (std::size_t i = 0; i + lag < n; ++i)
        sum += (x[i] - mean) * (x[i + lag] - mean);
      BOOST_TEST(std::abs(acov[lag] - sum / static_cast<double>(n)) < 1e-12);
    }
  }
}

BOOST_AUTO_TEST_CASE(constant_and_non_finite_draws_have_none) {
  const std::vector<double> constant(40, 3.0);
  std::vector<double> hole(40, 1.0);
  hole[3] = 2.0;
  hole[7] = std::numeric_limits<double>::quiet_NaN();
  for (const std::vector<double>& draws : {constant, hole}) {
    const DrawSummary summary = summarize_draws({draws, 20}, 0.9);
    BOOST_TEST(std::isnan(summary.rhat));
    BOOST_TEST(std::isnan(summary.ess_bulk));
    BOOST_TEST(std::isnan(summary.ess_tail));
    BOOST_TEST(std::isnan(summary.mcse_mean));
  }
}

BOOST_AUTO_TEST_SUITE_END()
