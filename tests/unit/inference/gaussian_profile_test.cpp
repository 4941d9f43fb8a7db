// SPDX-License-Identifier: MIT
#include "engine/inference/gaussian_profile.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "tests/support/dense_matrices.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(gaussian_profile)

namespace {

constexpr double kCutoff = 3.841458820694124;  // qchisq(.95, 1)

double best_deviance(const TwoLevelRows& rows) {
  return -2.0 * fit_gaussian(stats_of(rows), {.criterion = Criterion::ml}).log_likelihood;
}

/// Deviance with β_k = v: the fit of y − v x_k to the other columns.
double with_coefficient_at(const TwoLevelRows& rows, Eigen::Index k, double v) {
  TwoLevelRows left;
  const Eigen::Index p = rows.num_fixed();
  std::vector<Eigen::Index> columns;
  for (Eigen::Index a = 0; a <= p; ++a)
    if (a != k) columns.push_back(a);
  left.z = rows.z(Eigen::all, columns);
  left.z.col(p - 1) -= v * rows.z.col(k);
  left.group = rows.group;
  left.has_intercept = rows.has_intercept && k != 0;
  return best_deviance(left);
}

/// Deviance at (σ, τ) with n × n matrices.
double dense_deviance(const DenseMatrices& m, double sigma, double tau) {
  const Wide Sigma = static_cast<long double>(sigma * sigma) * m.I +
                     static_cast<long double>(tau * tau) * m.ZZt;
  const Eigen::LLT<Wide> chol(Sigma);
  const Wide A = m.X.transpose() * chol.solve(m.X);
  const WideVector e = m.y - m.X * A.ldlt().solve(m.X.transpose() * chol.solve(m.y));
  const auto n = static_cast<long double>(m.y.size());
  return static_cast<double>(n * std::log(2.0L * 3.141592653589793238L) +
                             2.0L * chol.matrixLLT().diagonal().array().log().sum() +
                             e.dot(chol.solve(e)));
}

/// The lowest value of f on a grid that is refined six times.
template <class Function>
double lowest(const Function& f, double low, double high) {
  double best = HUGE_VAL, at = low;
  for (int round = 0; round < 7; ++round) {
    const double step = (high - low) / 20.0;
    for (int k = 0; k <= 20; ++k) {
      const double value = f(low + k * step);
      if (value < best) {
        best = value;
        at = low + k * step;
      }
    }
    low = std::max(0.0, at - step);
    high = at + step;
  }
  return best;
}

}  // namespace

BOOST_AUTO_TEST_CASE(ends_of_coefficients_are_where_refits_fall_by_the_cutoff) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const TwoLevelRows rows = random_rows(
        {.sizes = {5, 1, 9, 3, 2, 7}, .dummy_columns = 1, .group_columns = 1}, seed);
    const double best = best_deviance(rows);
    const auto profile = profile_gaussian(stats_of(rows), 0.95);
    BOOST_TEST_REQUIRE(profile.size() == 6U);
    for (Eigen::Index k = 0; k < 4; ++k) {
      const ProfiledParameter& p = profile[static_cast<std::size_t>(k)];
      for (const double end : {p.low, p.high})
        BOOST_TEST(std::abs(with_coefficient_at(rows, k, end) - best - kCutoff) < 1e-8);
      for (std::size_t i = 0; i < p.value.size(); i += 4) {
        const double drop = with_coefficient_at(rows, k, p.value[i]) - best;
        BOOST_TEST(std::abs(p.zeta[i] * p.zeta[i] - drop) < 1e-8);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(ends_of_sds_by_dense_matrices) {
  const TwoLevelRows rows =
      random_rows({.sizes = {5, 4, 9, 3, 6, 7, 5, 8}, .group_columns = 1, .tau = 2.5}, 7);
  const GroupedStats stats = stats_of(rows);
  const FitResult fit = fit_gaussian(stats, {.criterion = Criterion::ml});
  const DenseMatrices dense = dense_matrices(rows, fit);
  const double best = dense_deviance(dense, fit.sigma, fit.tau);
  const auto profile = profile_gaussian(stats, 0.95);
  const ProfiledParameter &tau = profile[3], &sigma = profile[4];
  BOOST_TEST(tau.low > 0.0);
  for (const double end : {tau.low, tau.high}) {
    const double value = lowest([&](double s) { return dense_deviance(dense, s, end); },
                                0.3 * fit.sigma,
                                3.0 * fit.sigma);
    BOOST_TEST(std::abs(value - best - kCutoff) < 1e-7);
  }
  for (const double end : {sigma.low, sigma.high}) {
    const double value = lowest(
        [&](double t) { return dense_deviance(dense, end, t); }, 0.0, 4.0 * fit.tau);
    BOOST_TEST(std::abs(value - best - kCutoff) < 1e-7);
  }
}

// Dyestuff2: τ̂ = 0. A common origin is only that.
BOOST_AUTO_TEST_CASE(boundary_and_origin) {
  TwoLevelRows rows = read_rows("dyestuff2.csv", "Yield", "Batch");
  const auto near = profile_gaussian(stats_of(rows), 0.95);
  BOOST_TEST(near[1].estimate == 0.0);
  BOOST_TEST(near[1].low == 0.0);
  BOOST_TEST(near[1].high > 0.0);
  rows.z.col(1).array() += 1048576.0;
  const auto far = profile_gaussian(stats_of(rows), 0.95);
  BOOST_TEST(std::abs(far[0].low - 1048576.0 - near[0].low) < 1e-8);
  BOOST_TEST(std::abs(far[1].high / near[1].high - 1.0) < 1e-8);
  BOOST_TEST(std::abs(far[2].low / near[2].low - 1.0) < 1e-8);
}

BOOST_AUTO_TEST_SUITE_END()
