// SPDX-License-Identifier: MIT
#include "engine/fit/gaussian_fit.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "engine/fit/profile.hpp"
#include "tests/support/dense_model.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(gaussian_fit)

namespace {

constexpr Criterion kCriteria[] = {Criterion::ml, Criterion::reml};

FitResult fit(const TwoLevelRows& rows, Criterion criterion) {
  return fit_gaussian(stats_of(rows), {.criterion = criterion});
}

/// |a − b| relative to b (to 1 where b is 0).
double error(double a, double b) {
  return std::abs(a - b) / (b == 0.0 ? 1.0 : std::abs(b));
}

/// Lowest deviance on a grid in λ fine enough to miss no minimum by more than 1e-4.
double lowest_on_a_grid(const GroupedStats& stats, Criterion criterion) {
  double lowest = profile_value(stats, 0.0, criterion).deviance;
  for (double s = -20.0; s < 20.0; s += 1.0 / 64) {
    lowest = std::min(lowest, profile_value(stats, std::exp(s), criterion).deviance);
  }
  return lowest;
}

bool says(const std::function<void()>& run, const std::string& text) {
  try {
    run();
  } catch (const DataError& error) {
    if (std::string(error.what()).find(text) != std::string::npos) return true;
    BOOST_TEST_MESSAGE("said: " << error.what());
  }
  return false;
}

bool refused(const TwoLevelRows& rows, const std::string& text) {
  return says([&] { fit(rows, Criterion::reml); }, text) &&
         says([&] { fit(rows, Criterion::ml); }, text);
}

}  // namespace

// Closed form of the balanced one-way layout (Searle, Casella & McCulloch 1992, § 4.7):
// σ² = MSE = 2451.25, τ² = (MSB − MSE)/5 with MSB = 11271.5 (REML) or 5/6 of it (ML).
// Deviances and standard error also in JuliaStats/MixedModels.jl:test/pls.jl.
BOOST_AUTO_TEST_CASE(dyestuff) {
  const TwoLevelRows rows = read_rows("dyestuff.csv", "Yield", "Batch");
  const FitResult ml = fit(rows, Criterion::ml);
  BOOST_TEST(error(ml.tau, 37.2603453195664) < 1e-13);
  BOOST_TEST(error(ml.sigma, 49.51009997970111) < 1e-13);
  BOOST_TEST(error(ml.tau / ml.sigma, 0.7525806923202124) < 1e-13);
  BOOST_TEST(error(ml.beta[0], 1527.5) < 1e-15);
  BOOST_TEST(error(std::sqrt(ml.vcov(0, 0)), 17.6945534620748) < 1e-13);
  BOOST_TEST(error(-2.0 * ml.log_likelihood, 327.3270598811351) < 1e-14);

  const FitResult reml = fit(rows, Criterion::reml);
  BOOST_TEST(error(reml.tau * reml.tau, 1764.05) < 1e-13);
  BOOST_TEST(error(reml.tau, 42.00059523387734) < 1e-13);
  BOOST_TEST(error(reml.sigma * reml.sigma, 2451.25) < 1e-13);
  BOOST_TEST(error(-2.0 * reml.log_likelihood, 319.65427684225745) < 1e-14);
  for (const FitResult* result : {&ml, &reml}) {
    BOOST_TEST(result->converged);
    BOOST_TEST(!result->on_boundary);
    BOOST_TEST(result->message == "");
    BOOST_TEST(std::abs(result->gradient) < 1e-10);
  }
}

// A boundary fit is least squares. ML values: JuliaStats/MixedModels.jl:test/pls.jl,
// "Dyestuff2"; REML: σ² = total sum of squares / 29.
BOOST_AUTO_TEST_CASE(dyestuff2_ends_on_the_boundary) {
  const TwoLevelRows rows = read_rows("dyestuff2.csv", "Yield", "Batch");
  const FitResult ml = fit(rows, Criterion::ml);
  BOOST_TEST(error(-2.0 * ml.log_likelihood, 162.87303665382575) < 1e-14);
  BOOST_TEST(error(ml.sigma, 3.6532313513746537) < 1e-14);
  BOOST_TEST(error(ml.beta[0], 5.6656) < 1e-15);
  const FitResult reml = fit(rows, Criterion::reml);
  BOOST_TEST(error(reml.sigma, 3.6532313513746537 * std::sqrt(30.0 / 29.0)) < 1e-14);
  for (const FitResult* result : {&ml, &reml}) {
    BOOST_TEST(result->tau == 0.0);
    BOOST_TEST(result->icc() == 0.0);
    BOOST_TEST(result->on_boundary);
    BOOST_TEST(result->converged);
    BOOST_TEST(result->gradient == 0.0);
    BOOST_TEST(result->message != "");
    const GroupModes modes = group_modes(stats_of(rows), *result);
    BOOST_TEST(modes.mode.isZero(0.0));
    BOOST_TEST(modes.sd.isZero(0.0));
  }
}

BOOST_AUTO_TEST_CASE(all_results_are_those_of_the_model_written_with_all_rows) {
  const std::vector<Recipe> recipes = {
      {.sizes = {5, 1, 9, 3, 2, 7}, .dummy_columns = 1, .group_columns = 1},
      {.sizes = {1, 1, 2, 25, 3}, .person_columns = 2, .tau = 1.5},
      {.sizes = {3, 8, 6, 2, 2}, .person_columns = 2, .has_intercept = false},
  };
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    for (const Recipe& recipe : recipes) {
      const TwoLevelRows rows = random_rows(recipe, seed);
      const GroupedStats stats = stats_of(rows);
      for (const Criterion criterion : kCriteria) {
        const FitResult got = fit_gaussian(stats, {.criterion = criterion});
        const long double theta = static_cast<long double>(got.tau) / got.sigma;
        const auto dense = dense_fit<long double>(rows, theta * theta, criterion);
        BOOST_TEST(std::abs(-2.0L * got.log_likelihood - dense.deviance) < 1e-11L);
        BOOST_TEST(std::abs(got.sigma / dense.sigma - 1.0L) < 1e-13L);
        const Eigen::Index p = stats.num_fixed();
        for (Eigen::Index a = 0; a < p; ++a) {
          const auto at = static_cast<std::size_t>(a);
          const long double se = std::sqrt(dense.vcov[at][at]);
          BOOST_TEST(std::abs(got.beta[a] - dense.beta[at]) < 1e-13L * se);
          for (Eigen::Index b = 0; b < p; ++b) {
            const auto bt = static_cast<std::size_t>(b);
            const long double scale = se * std::sqrt(dense.vcov[bt][bt]);
            BOOST_TEST(std::abs(got.vcov(a, b) - dense.vcov[at][bt]) < 1e-13L * scale);
          }
        }
        const GroupModes modes = group_modes(stats, got);
        for (Eigen::Index j = 0; j < stats.num_groups(); ++j) {
          const auto at = static_cast<std::size_t>(j);
          BOOST_TEST(std::abs(modes.mode[j] - dense.mode[at]) < 1e-13L * got.sigma);
          BOOST_TEST(std::abs(modes.sd[j] - dense.mode_sd[at]) < 1e-13L * got.sigma);
        }
      }
    }
  }
}

// The estimate is a minimum: the derivative changes sign within a relative 1e-9 of λ̂, in
// 50 digits and with all rows.
BOOST_AUTO_TEST_CASE(estimates_are_stationary_points_of_the_exact_deviance) {
  using Exact = boost::multiprecision::cpp_bin_float_50;
  const TwoLevelRows rows =
      random_rows({.sizes = {5, 1, 9, 3, 2, 7}, .group_columns = 1, .tau = 1.0}, 5);
  for (const Criterion criterion : kCriteria) {
    const FitResult got = fit(rows, criterion);
    BOOST_TEST_REQUIRE(!got.on_boundary);
    const Exact theta = Exact(got.tau) / got.sigma, lambda = theta * theta;
    const auto slope = [&](const Exact& at) {
      const Exact step = at * Exact("1e-18");
      return Exact(dense_fit<Exact>(rows, at + step, criterion).deviance -
                   dense_fit<Exact>(rows, at - step, criterion).deviance);
    };
    BOOST_TEST(slope(lambda * Exact("0.999999999")) < 0);
    BOOST_TEST(slope(lambda * Exact("1.000000001")) > 0);
  }
}

BOOST_AUTO_TEST_CASE(no_point_of_a_fine_grid_is_lower) {
  std::mt19937_64 random(1);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Recipe recipe{.sizes = {}, .group_columns = static_cast<int>(seed % 2)};
    for (int j = 0; j < 8; ++j) {
      recipe.sizes.push_back(static_cast<int>(std::pow(2.0, random() % 7)) + 1);
    }
    recipe.tau = std::pow(10.0, static_cast<double>(random() % 5) - 3.0);
    const GroupedStats stats = stats_of(random_rows(recipe, seed));
    for (const Criterion criterion : kCriteria) {
      const FitResult got = fit_gaussian(stats, {.criterion = criterion});
      BOOST_TEST(got.converged);
      BOOST_TEST(-2.0 * got.log_likelihood < lowest_on_a_grid(stats, criterion) + 1e-10);
    }
  }
}

// Profiles with two minima, found by search among groups of 2 to 600 rows. The lower one is
// the answer, whether it is at 0 or inside.
BOOST_AUTO_TEST_CASE(of_two_minima_the_lower_one_is_found) {
  struct Case {
    Criterion criterion;
    bool boundary;       // the lower minimum is at 0
    bool zero_is_local;  // there is a minimum at 0
    std::vector<double> mean;
  };
  // clang-format off
  const std::vector<Case> cases = {
      {Criterion::ml, false, true, {0.16, 0.12, -0.56, -0.64, -0.31, -0.77, -0.76, 0.53}},
      {Criterion::reml, false, true, {0.04, 0.03, 0.90, 0.04, 0.36, 0.17, 0.36, 0.01}},
      {Criterion::ml, true, true, {0.00, -0.07, 0.63, 0.29, -0.63, 1.32, 0.24, 0.68}},
      {Criterion::reml, true, true, {0.02, 0.07, 0.03, -0.67, 1.62, -0.39, -1.12, 1.99}},
      {Criterion::ml, false, false, {0.01, -0.06, -0.83, 0.01, -0.01, -0.89, 1.56, -0.40}},
      {Criterion::reml, false, false, {-0.26, -0.11, 0.08, 0.16, 0.54, 0.78, -2.53, -1.52}},
      {Criterion::reml, false, false, {-0.02, -0.09, 0.31, 0.93, 0.68, 1.05, -0.39, 0.75}},
      {Criterion::ml, false, false, {-0.53, -0.35, -0.80, 0.80, -0.18, 1.19, 0.14, -2.28}},
  };
  // clang-format on
  for (const Case& example : cases) {
    const GroupedStats stats =
        one_way({600, 400, 20, 3, 2, 2, 2, 2}, example.mean, 1023.0);
    const auto at = [&](double lambda) {
      return profile_value(stats, lambda, example.criterion).deviance;
    };
    const bool zero = profile_derivatives(stats, 0.0, example.criterion).first >= 0.0;
    int minima = zero ? 1 : 0;
    for (double s = -20.0; s < 10.0; s += 1.0 / 64) {
      const double here = at(std::exp(s));
      minima += here < at(std::exp(s - 1.0 / 64)) && here < at(std::exp(s + 1.0 / 64));
    }
    BOOST_TEST(minima == 2);
    BOOST_TEST(zero == example.zero_is_local);
    const FitResult got = fit_gaussian(stats, {.criterion = example.criterion});
    const double lowest = lowest_on_a_grid(stats, example.criterion);
    BOOST_TEST(got.on_boundary == example.boundary);
    BOOST_TEST(-2.0 * got.log_likelihood <= lowest + 1e-11);
    BOOST_TEST(-2.0 * got.log_likelihood > lowest - 1e-3);
  }
}

// y → a + c·y and X → X·k + s move the estimates as they must, and nothing else.
BOOST_AUTO_TEST_CASE(estimates_move_with_the_units) {
  const TwoLevelRows rows = random_rows({.sizes = {4, 9, 3, 8, 5}, .tau = 0.8}, 1);
  TwoLevelRows moved = rows;
  moved.z.col(2) = rows.z.col(2).array() * 1024.0 + 3e6;
  moved.z.col(1) = rows.z.col(1).array() / 64.0 - 1000.0;
  for (const Criterion criterion : kCriteria) {
    const FitResult a = fit(rows, criterion), b = fit(moved, criterion);
    BOOST_TEST(error(b.tau, 1024.0 * a.tau) < 1e-9);
    BOOST_TEST(error(b.sigma, 1024.0 * a.sigma) < 1e-9);
    BOOST_TEST(error(b.beta[1], 65536.0 * a.beta[1]) < 1e-9);
    BOOST_TEST(error(b.beta[0], 1024.0 * a.beta[0] + 3e6 + 1000.0 * b.beta[1]) < 1e-9);
    BOOST_TEST(error(std::sqrt(b.vcov(1, 1)), 65536.0 * std::sqrt(a.vcov(1, 1))) < 1e-9);
  }
}

// The response is a whole number, so the shift by 1e8 is exact and all but the intercept
// stays the same. (merit's own numbers on both sides; the reference is in the oracle tests.)
BOOST_AUTO_TEST_CASE(a_response_far_from_zero_costs_no_digits) {
  const TwoLevelRows rows = read_rows("jsp728.csv", "mathAge11", "school", {"mathAge8"});
  TwoLevelRows shifted = rows;
  shifted.z.col(2).array() += 1e8;
  for (const Criterion criterion : kCriteria) {
    const FitResult a = fit(rows, criterion), b = fit(shifted, criterion);
    BOOST_TEST(error(b.log_likelihood, a.log_likelihood) < 1e-13);
    BOOST_TEST(error(b.tau, a.tau) < 1e-11);
    BOOST_TEST(error(b.sigma, a.sigma) < 1e-12);
    BOOST_TEST(error(b.beta[1], a.beta[1]) < 1e-11);
    BOOST_TEST(error(b.vcov(0, 0), a.vcov(0, 0)) < 1e-11);
    const GroupModes of_a = group_modes(stats_of(rows), a);
    const GroupModes of_b = group_modes(stats_of(shifted), b);
    BOOST_TEST((of_a.mode - of_b.mode).cwiseAbs().maxCoeff() < 1e-10);
  }
}

BOOST_AUTO_TEST_CASE(data_without_a_fit_are_refused) {
  const Recipe recipe{
      .sizes = {5, 7, 3, 9, 4, 6}, .dummy_columns = 1, .group_columns = 1};
  const TwoLevelRows good = random_rows(recipe, 1);
  const Eigen::Index y = good.num_fixed();
  const auto group = [&good](Eigen::Index i) {
    return good.group[static_cast<std::size_t>(i)];
  };
  fit(good, Criterion::reml);

  TwoLevelRows rows = good;
  for (double& key : rows.group)
    key = 3.0;
  BOOST_TEST(refused(rows, "1 group"));

  rows = good;
  for (std::size_t i = 0; i < rows.group.size(); ++i)
    rows.group[i] = static_cast<double>(i);
  BOOST_TEST(refused(rows, "each of the 34 groups has one row"));

  rows = good;
  rows.z.col(y).setConstant(0.1);
  BOOST_TEST(refused(rows, "response is constant"));
  rows.has_intercept = false;
  rows.z.col(0).setLinSpaced(-1.0, 1.0);
  BOOST_TEST(refused(rows, "response is constant"));

  rows = good;
  rows.z.col(2) = 3.0 * rows.z.col(1);
  BOOST_TEST(refused(rows, "collinear"));

  rows = good;
  rows.z = good.z.topRows(4).eval();
  rows.group = {0.0, 0.0, 1.0, 1.0};
  BOOST_TEST(refused(rows, "4 rows for 4 coefficients"));

  // Exact fits, which the likelihood would reward without bound.
  const std::vector<std::function<double(Eigen::Index)>> responses = {
      [&](Eigen::Index i) { return 1.7 * group(i); },
      [&](Eigen::Index i) { return 1.7 * group(i) + 0.3 * good.z(i, 1); },
      [&](Eigen::Index i) { return 2.0 + 0.3 * good.z(i, 1); },
      [&](Eigen::Index i) { return 1e8 + 0.3 * good.z(i, 1) - good.z(i, 2); }};
  for (const auto& response : responses) {
    rows = good;
    for (Eigen::Index i = 0; i < rows.z.rows(); ++i)
      rows.z(i, y) = response(i);
    BOOST_TEST(refused(rows, "fit the response exactly"));
  }
  // As many coefficients and groups as rows that could tell them.
  TwoLevelRows saturated = random_rows({.sizes = {2, 1, 1, 1, 1, 1, 1}}, 3);
  BOOST_TEST(refused(saturated, "fit the response exactly"));

  // Three groups, an intercept and two group-level columns.
  BOOST_TEST(refused(random_rows({.sizes = {4, 4, 4}, .group_columns = 2}, 5),
                     "tell all 3 groups apart"));
}

BOOST_AUTO_TEST_CASE(two_groups_are_enough) {
  const TwoLevelRows rows = random_rows({.sizes = {4, 4}, .tau = 2.0}, 5);
  for (const Criterion criterion : kCriteria) {
    const FitResult got = fit(rows, criterion);
    BOOST_TEST(got.converged);
    BOOST_TEST(-2.0 * got.log_likelihood <
               lowest_on_a_grid(stats_of(rows), criterion) + 1e-10);
  }
}

BOOST_AUTO_TEST_CASE(too_few_iterations_are_told) {
  const TwoLevelRows rows = read_rows("dyestuff.csv", "Yield", "Batch");
  const FitResult got = fit_gaussian(stats_of(rows), {.max_iterations = 1});
  BOOST_TEST(!got.converged);
  BOOST_TEST(got.message.find("not converged") != std::string::npos);
}

// Sd ratios of a million: λ̂ = 10^±12.
BOOST_AUTO_TEST_CASE(extreme_ratios_of_the_two_sds) {
  for (const double ratio : {1e-5, 1e-3, 1e3, 1e5}) {
    const TwoLevelRows rows = random_rows(
        {.sizes = {40, 50, 60, 70, 80}, .person_columns = 0, .tau = ratio, .sigma = 1.0},
        2);
    for (const Criterion criterion : kCriteria) {
      const FitResult got = fit(rows, criterion);
      BOOST_TEST(got.converged);
      BOOST_TEST(error(got.sigma, 1.0) < 0.2);
      if (ratio > 1.0) BOOST_TEST(error(got.tau, ratio) < 0.8);
      if (ratio < 1.0) BOOST_TEST(got.tau < 0.3);
    }
  }
}

// Against second differences of the dense deviance in log σ and log τ.
BOOST_AUTO_TEST_CASE(standard_errors_of_standard_deviations) {
  const TwoLevelRows rows = random_rows(
      {.sizes = {5, 3, 4, 2, 6, 3}, .person_columns = 1, .group_columns = 1, .tau = 0.9},
      4);
  for (const Criterion criterion : kCriteria) {
    const FitResult got = fit(rows, criterion);
    BOOST_TEST_REQUIRE(got.tau > 0.0);
    const auto deviance = [&](long double log_sigma, long double log_tau) {
      const long double lambda = std::exp(2.0L * (log_tau - log_sigma));
      const DenseFit<long double> at = dense_fit<long double>(rows, lambda, criterion);
      const auto n = static_cast<long double>(rows.z.rows());
      const auto p = static_cast<long double>(rows.num_fixed());
      const long double d = criterion == Criterion::reml ? n - p : n;
      // d log σ̂² + d, as at the profile's σ̂, becomes d log σ² + d σ̂²/σ².
      const long double ratio = at.sigma * at.sigma / std::exp(2.0L * log_sigma);
      return at.deviance + d * (ratio - 1.0L - std::log(ratio));
    };
    const long double s = std::log(static_cast<long double>(got.sigma));
    const long double t = std::log(static_cast<long double>(got.tau));
    const long double h = 1e-4L;
    const long double centre = deviance(s, t);
    const long double ss =
        (deviance(s + h, t) - 2 * centre + deviance(s - h, t)) / (h * h);
    const long double tt =
        (deviance(s, t + h) - 2 * centre + deviance(s, t - h)) / (h * h);
    const long double st = (deviance(s + h, t + h) - deviance(s + h, t - h) -
                            deviance(s - h, t + h) + deviance(s - h, t - h)) /
                           (4 * h * h);
    const long double determinant = ss * tt - st * st;
    const auto expected_sigma = static_cast<double>(std::sqrt(2 * tt / determinant));
    const auto expected_tau = static_cast<double>(std::sqrt(2 * ss / determinant));
    BOOST_TEST(error(got.sigma_std_error / got.sigma, expected_sigma) < 1e-6);
    BOOST_TEST(error(got.tau_std_error / got.tau, expected_tau) < 1e-6);
  }
}

BOOST_AUTO_TEST_SUITE_END()
