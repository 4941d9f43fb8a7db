// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

// NIST StRD, Analysis of Variance, SmLs01 to SmLs09: 9 treatments with 21, 201 or 2001 rows
// each, values near 1, 1e6 or 1e12 that differ in the first decimal. As a random-intercept
// model on balanced data: τ² = (MSB − MSE)/n (REML) or (8/9 MSB − MSE)/n (ML), σ² = MSE.
BOOST_AUTO_TEST_SUITE(smls)

namespace {

/// The rule of NIST's generator: tenths that depend on treatment and replicate.
TwoLevelRows smls(std::size_t k) {
  const std::int64_t n = std::vector<std::int64_t>{21, 201, 2001}.at((k - 1) % 3);
  const std::int64_t offset =
      std::vector<std::int64_t>{1, 1000000, 1000000000000}.at((k - 1) / 3);
  const auto tenths = [](std::int64_t i) { return i == 1 ? 2 : i % 2 == 0 ? 1 : 3; };
  TwoLevelRows rows;
  rows.z = Eigen::MatrixXd::Ones(9 * n, 2);
  for (std::int64_t t = 1, i = 0; t <= 9; ++t) {
    for (std::int64_t r = 1; r <= n; ++r, ++i) {
      const std::int64_t sum = tenths(t) + tenths(r);
      // Through decimal text, as in a file.
      rows.z(i, 1) =
          std::stod(std::to_string(offset + sum / 10) + "." + std::to_string(sum % 10));
      rows.group.push_back(static_cast<double>(t));
    }
  }
  return rows;
}

struct Expected {
  Criterion criterion;
  double intercept, std_error, tau, sigma, log_likelihood;
};

/// Matching decimal digits.
double digits(double got, double expected) {
  if (got == expected) return 17.0;
  return -std::log10(std::abs(got - expected) / std::abs(expected));
}

void check(std::size_t k, const Expected& expected, double enough) {
  const FitResult fit =
      fit_gaussian(stats_of(smls(k)), {.criterion = expected.criterion});
  const double worst = std::min({digits(std::sqrt(fit.vcov(0, 0)), expected.std_error),
                                 digits(fit.tau, expected.tau),
                                 digits(fit.sigma, expected.sigma),
                                 digits(fit.log_likelihood, expected.log_likelihood),
                                 digits(fit.beta[0], expected.intercept)});
  BOOST_TEST_CONTEXT("SmLs0" << k) {
    BOOST_TEST(fit.converged);
    BOOST_TEST(worst >= enough);
  }
  BOOST_TEST_MESSAGE("SmLs0" << k << ": " << worst << " digits");
}

}  // namespace

// Exact rational arithmetic on the numbers as stored in IEEE doubles. For 01–03 they are
// NIST's certified values to 13 digits, for 04–06 to 10; values near 1e12 are multiples of
// 1.2e-4 when stored, so for 07–09 the certified values (beside them: σ = 0.1 and MSB = 0.21,
// 2.01, 20.01) differ in the 4th or 5th digit.
BOOST_AUTO_TEST_CASE(are_exact_to_many_digits) {
  // SmLs, criterion, intercept, se, tau, sigma, log-likelihood
  // clang-format off
  check(1, {Criterion::reml, 1.4, 0.03333333333333335, 0.09759000729485334, 0.10000000000000003, 151.32658998197854}, 10);
  check(1, {Criterion::ml, 1.4, 0.031426968052735454, 0.09172076325837251, 0.10000000000000003, 153.83887249088977}, 10);
  check(2, {Criterion::reml, 1.4, 0.03333333333333335, 0.09975093361076333, 0.10000000000000003, 1572.6694957242519}, 10);
  check(2, {Criterion::ml, 1.4, 0.031426968052735454, 0.09401668812028958, 0.10000000000000003, 1575.181778233163}, 10);
  check(3, {Criterion::reml, 1.4, 0.03333333333333335, 0.09997500937109549, 0.10000000000000003, 15877.402325892728}, 10);
  check(3, {Criterion::ml, 1.4, 0.031426968052735454, 0.09425439717933333, 0.10000000000000003, 15879.91460840164}, 10);
  check(4, {Criterion::reml, 1000000.4, 0.03333333333481162, 0.09759000729927148, 0.100000000002587, 151.3265899769672}, 10);
  check(4, {Criterion::ml, 1000000.4, 0.031426968054129194, 0.09172076326253611, 0.100000000002587, 153.83887248583406}, 10);
  check(5, {Criterion::reml, 1000000.4, 0.033333333335225326, 0.09975093361644054, 0.100000000002587, 1572.6694956772321}, 10);
  check(5, {Criterion::ml, 1000000.4, 0.03142696805451923, 0.09401668812564226, 0.100000000002587, 1575.1817781860866}, 10);
  check(6, {Criterion::reml, 1000000.4, 0.03333333333526874, 0.09997500937690183, 0.100000000002587, 15877.402325426607}, 10);
  check(6, {Criterion::ml, 1000000.4, 0.03142696805456016, 0.09425439718480763, 0.100000000002587, 15879.91460793546}, 10);
  check(7, {Criterion::reml, 1000000000000.4, 0.03333488358896519, 0.09759464030327446, 0.10000271766680997, 151.3213261954908}, 9);
  check(7, {Criterion::ml, 1000000000000.4, 0.03142842964776192, 0.0917251293377974, 0.10000271766680997, 153.8335621978145}, 9);
  check(8, {Criterion::reml, 1000000000000.4, 0.03333531739970453, 0.09975688711882874, 0.10000271731379513, 1572.620108578711}, 9);
  check(8, {Criterion::ml, 1000000000000.4, 0.03142883864844931, 0.09402230129867965, 0.10000271731379513, 1575.1323315674026}, 9);
  check(9, {Criterion::reml, 1000000000000.4, 0.033335362927104824, 0.09998109831608776, 0.1000027172767471, 15876.912735635691}, 9);
  check(9, {Criterion::ml, 1000000000000.4, 0.03142888157209395, 0.09426013791104601, 0.1000027172767471, 15879.424957258643}, 9);
  // clang-format on
}

BOOST_AUTO_TEST_SUITE_END()
