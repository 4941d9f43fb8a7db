// SPDX-License-Identifier: MIT
#include "engine/posterior/power_scaling.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/math/distributions/normal.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/posterior/pareto.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(power_scaling)

namespace {

/// One case of reference/sensitivity.txt, which reference/sensitivity.R has made with R's loo.
struct Reference {
  std::string name;
  double value = 0.0;
  std::vector<double> draws, component;
};

double number_of(std::ifstream& in) {
  std::string text;
  in >> text;
  return text == "Inf" ? std::numeric_limits<double>::infinity() : std::stod(text);
}

std::vector<Reference> references() {
  std::ifstream in(std::string(MERIT_TEST_DATA) +
                   "/unit/posterior/reference/sensitivity.txt");
  if (!in) throw std::runtime_error("reference/sensitivity.txt: not found");
  std::vector<Reference> all;
  std::string name;
  std::size_t count = 0;
  while (in >> name >> count) {
    Reference& of = all.emplace_back();
    of.name = name;
    of.value = number_of(in);
    for (std::vector<double>* column : {&of.draws, &of.component}) {
      for (std::size_t i = 0; i < count; ++i)
        column->push_back(number_of(in));
    }
  }
  return all;
}

double sensitivity(const std::vector<double>& draws,
                   const std::vector<double>& component) {
  return PowerScaling(component).sensitivity(draws, sorting_order(draws));
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_are_those_of_priorsense) {
  int seen = 0;
  for (const Reference& of : references()) {
    if (of.name == "smoothed") continue;
    ++seen;
    const double got = sensitivity(of.draws, of.component);
    BOOST_TEST(std::abs(got / of.value - 1.0) < 1e-8, of.name << ": " << got);
  }
  BOOST_TEST(seen == 6);
}

BOOST_AUTO_TEST_CASE(weights_are_smoothed_as_loo_does) {
  int seen = 0;
  for (const Reference& of : references()) {
    if (of.name != "smoothed") continue;
    ++seen;
    std::vector<double> weights = of.draws;
    const double k = pareto_smooth(weights);
    BOOST_TEST(std::abs(k - of.value) < 1e-8, of.draws.size() << " weights: k " << k);
    BOOST_TEST(k == pareto_k(of.draws));
    for (std::size_t i = 0; i < weights.size(); ++i)
      BOOST_TEST_REQUIRE(std::abs(weights[i] - of.component[i]) < 1e-8);
  }
  BOOST_TEST(seen == 4);
}

// A standard normal posterior with a normal prior N(m, s²) in it: with the prior to the power
// α it is normal with precision 1 + (α − 1)/s². The distance of both by the midpoint rule.
BOOST_AUTO_TEST_CASE(a_normal_posterior_moves_as_its_closed_form) {
  const boost::math::normal normal;
  constexpr int kDraws = 4000;
  const double m = 0.8, s = 1.6;
  std::vector<double> draws, prior;
  for (int i = 0; i < kDraws; ++i) {
    // In an order of no meaning.
    const double p = ((i * 1237 % kDraws) + 0.5) / kDraws;
    draws.push_back(boost::math::quantile(normal, p));
    const double z = (draws.back() - m) / s;
    prior.push_back(-0.5 * z * z);
  }
  const double end = *std::max_element(draws.begin(), draws.end());
  const auto distance = [&](double alpha) {
    const double precision = 1.0 + (alpha - 1.0) / (s * s);
    const boost::math::normal scaled((alpha - 1.0) * m / (s * s) / precision,
                                     1.0 / std::sqrt(precision));
    const auto directed = [&](double sign) {
      double above = 0.0, below = 0.0;
      for (int i = 0; i < 20'000; ++i) {
        const double x = sign * end * ((i + 0.5) / 10'000.0 - 1.0);
        // Distribution functions of x, or of −x.
        const double P = sign > 0.0 ? cdf(normal, x) : cdf(complement(normal, x));
        const double Q = sign > 0.0 ? cdf(scaled, x) : cdf(complement(scaled, x));
        const double M = 0.5 * (P + Q);
        above += P * std::log2(P / M) + Q * std::log2(Q / M);
        below += P + Q;
      }
      return std::sqrt(above / below);
    };
    return std::max(directed(1.0), directed(-1.0));
  };
  const double expected =
      0.5 * (distance(1.01) / std::log2(1.01) - distance(0.99) / std::log2(0.99));
  // 4,000 quantiles in the place of a distribution; its tails are smoothed.
  BOOST_TEST(std::abs(sensitivity(draws, prior) / expected - 1.0) < 0.02);
}

BOOST_AUTO_TEST_CASE(what_has_no_sensitivity) {
  const std::vector<double> draws = {3.0, 1.0, 2.0, 5.0};
  BOOST_TEST(sensitivity(draws, {2.0, 2.0, 2.0, 2.0}) == 0.0);
  BOOST_TEST(std::isnan(sensitivity({1.0, 1.0, 1.0, 1.0}, {0.0, 1.0, 2.0, 3.0})));
  const double infinity = std::numeric_limits<double>::infinity();
  BOOST_TEST(std::isnan(sensitivity({1.0, infinity, 2.0, 3.0}, {0.0, 1.0, 2.0, 3.0})));
  // Few draws: no tail to smooth, values all the same.
  BOOST_TEST(sensitivity(draws, {0.0, 1.0, 2.0, 3.0}) > 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
