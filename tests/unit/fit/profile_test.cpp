// SPDX-License-Identifier: MIT
#include "engine/fit/profile.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "tests/support/dense_model.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(profile)

namespace {

using Exact = boost::multiprecision::cpp_bin_float_100;

constexpr Criterion kCriteria[] = {Criterion::ml, Criterion::reml};

/// With an intercept and without, with covariates of both levels and with none.
std::vector<TwoLevelRows> examples() {
  return {
      random_rows({.sizes = {5, 1, 9, 3, 2, 7}, .dummy_columns = 1, .group_columns = 1},
                  1),
      random_rows({.sizes = {4, 4, 4, 4, 4}, .person_columns = 0}, 2),
      random_rows({.sizes = {1, 1, 2, 25}, .person_columns = 2}, 3),
      random_rows({.sizes = {3, 8, 6, 2, 2},
                   .person_columns = 2,
                   .group_columns = 1,
                   .has_intercept = false},
                  4),
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(deviance_is_that_of_the_model_written_with_all_rows) {
  for (const TwoLevelRows& rows : examples()) {
    const GroupedStats stats = stats_of(rows);
    for (const Criterion criterion : kCriteria) {
      for (const double lambda : {0.0, 1e-6, 0.01, 0.3, 1.0, 17.0, 1e4, 1e8}) {
        const auto dense = dense_fit<Exact>(rows, lambda, criterion);
        const double got = profile_value(stats, lambda, criterion).deviance;
        BOOST_TEST(abs(got - dense.deviance) < 1e-12);
        BOOST_TEST(profile_derivatives(stats, lambda, criterion).deviance == got);
      }
    }
  }
}

// Central differences in 100 digits: the step 10⁻³⁰ leaves errors of 10⁻³⁰ and less.
BOOST_AUTO_TEST_CASE(derivatives_are_those_of_the_deviance) {
  for (const TwoLevelRows& rows : examples()) {
    const GroupedStats stats = stats_of(rows);
    for (const Criterion criterion : kCriteria) {
      for (const double lambda : {0.0, 0.02, 0.5, 30.0}) {
        const Exact at = lambda, step("1e-30");
        const auto f = [&](const Exact& x) {
          return dense_fit<Exact>(rows, x, criterion).deviance;
        };
        const Exact above = f(at + step), here = f(at), below = f(at - step);
        const Exact first = (above - below) / (2 * step);
        const Exact second = (above - 2 * here + below) / (step * step);
        const ProfilePoint got = profile_derivatives(stats, lambda, criterion);
        const auto size = [&](const Exact& value, int order) {
          // Derivatives are differences of terms like Σ ω^order.
          double terms = 0.0;
          for (const double n : stats.size)
            terms += std::pow(n / (1.0 + n * lambda), order);
          return static_cast<double>(abs(value)) + terms;
        };
        BOOST_TEST(abs(first - got.first) < 1e-13 * size(first, 1));
        BOOST_TEST(abs(second - got.second) < 1e-13 * size(second, 2));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(collinear_columns_are_an_error) {
  TwoLevelRows rows = examples()[0];
  rows.z.col(2) = rows.z.col(1);
  BOOST_CHECK_EXCEPTION(
      profile_factor(stats_of(rows), 0.5), DataError, [](const DataError& error) {
        return std::string(error.what()).find("collinear") != std::string::npos;
      });
}

BOOST_AUTO_TEST_SUITE_END()
