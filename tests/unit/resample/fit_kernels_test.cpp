// SPDX-License-Identifier: MIT
#include "tests/support/fit_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/profile.hpp"
#include "tests/support/compare_fits.hpp"
#include "tests/support/simd_levels.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

// Eight fits at once, in rotated and in grouped form, against one fit at a time.
BOOST_AUTO_TEST_SUITE(fit_kernels)

namespace {

constexpr Criterion kCriteria[] = {Criterion::ml, Criterion::reml};

const std::vector<Recipe>& recipes() {
  static const std::vector<Recipe> all = {
      {.sizes = {9, 4, 6, 2, 11, 7, 3}, .dummy_columns = 1, .tau = 0.6},
      {.sizes = {9, 4, 6, 2, 11, 7, 3}, .group_columns = 2, .tau = 0.3},
      {.sizes = {5, 5, 5, 5, 5, 5}, .person_columns = 0, .tau = 0.0},
      {.sizes = {1, 1, 300, 2, 40}, .group_columns = 1, .tau = 2.0},
      {.sizes = {8, 3, 5, 6}, .person_columns = 2, .has_intercept = false, .tau = 0.5},
      {.sizes = {4, 7}, .tau = 1.0},
      {.sizes = {20, 30, 10, 25, 15, 5, 40, 12, 9, 33, 21},
       .person_columns = 6,
       .dummy_columns = 3,
       .group_columns = 2,
       .tau = 10.0},
      {.sizes = {20, 30, 10, 25, 15, 5, 40, 12, 9, 33, 21, 30, 30, 17, 8, 44},
       .person_columns = 30,
       .dummy_columns = 4,
       .group_columns = 5,
       .tau = 1.0},
  };
  return all;
}

/// The same X with new responses.
std::vector<GroupedStats> responses(const TwoLevelRows& rows, double tau, int count) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  std::vector<GroupedStats> data;
  TwoLevelRows with = rows;
  const Eigen::Index y = rows.num_fixed();
  const auto J = static_cast<std::size_t>(
      *std::max_element(rows.group.begin(), rows.group.end()) + 1.0);
  for (int r = 0; r < count; ++r) {
    std::vector<double> intercept(J);
    for (double& b : intercept)
      b = tau * normal(random);
    for (Eigen::Index i = 0; i < rows.z.rows(); ++i) {
      const double b =
          intercept[static_cast<std::size_t>(rows.group[static_cast<std::size_t>(i)])];
      with.z(i, y) = rows.z.row(i).head(y).sum() + b + normal(random);
    }
    data.push_back(stats_of(with));
  }
  return data;
}

}  // namespace

BOOST_AUTO_TEST_CASE(give_the_numbers_of_fit_gaussian) {
  double worst_rotated = 0.0, worst_grouped = 0.0;
  for (const Recipe& recipe : recipes()) {
    const TwoLevelRows rows = random_rows(recipe, 1);
    const GroupedStats original = stats_of(rows);
    const std::vector<GroupedStats> data = responses(rows, recipe.tau, 43);
    std::vector<RotatedForm> forms;
    for (const GroupedStats& stats : data)
      forms.push_back(rotate(stats));
    for (const Criterion criterion : kCriteria) {
      const FitResult fit = fit_gaussian(original, {.criterion = criterion});
      const RotatedModel model(original, rotate(original), fit, criterion);
      const GroupArrays arrays(original, fit, criterion);
      for (const SimdLevel level : simd_levels()) {
        const ReplicateRows rotated = fit_rotated(model, forms, level);
        const ReplicateRows grouped = fit_grouped(arrays, data, level);
        for (std::size_t r = 0; r < data.size(); ++r) {
          const FitResult expected = fit_gaussian(data[r], {.criterion = criterion});
          const auto row = static_cast<std::int64_t>(r);
          worst_rotated = std::max(worst_rotated, difference(rotated, row, expected));
          worst_grouped = std::max(worst_grouped, difference(grouped, row, expected));
        }
      }
    }
  }
  BOOST_TEST_MESSAGE("rotated " << worst_rotated << ", grouped " << worst_grouped);
  BOOST_TEST(worst_rotated < 1e-10);
  BOOST_TEST(worst_grouped < 1e-10);
}

// τ/σ = 10⁴: a difference of two numbers of the size of τ keeps 12 digits of those of σ.
BOOST_AUTO_TEST_CASE(keep_most_digits_when_groups_are_far_apart) {
  const Recipe recipe{.sizes = {9, 4, 6, 2, 11, 7, 3}, .dummy_columns = 1, .tau = 1e4};
  const TwoLevelRows rows = random_rows(recipe, 1);
  const GroupedStats original = stats_of(rows);
  const std::vector<GroupedStats> data = responses(rows, recipe.tau, 43);
  std::vector<RotatedForm> forms;
  for (const GroupedStats& stats : data)
    forms.push_back(rotate(stats));
  for (const Criterion criterion : kCriteria) {
    const FitResult fit = fit_gaussian(original, {.criterion = criterion});
    const RotatedModel model(original, rotate(original), fit, criterion);
    const GroupArrays arrays(original, fit, criterion);
    const ReplicateRows rotated = fit_rotated(model, forms, SimdLevel::v2);
    const ReplicateRows grouped = fit_grouped(arrays, data, SimdLevel::v2);
    double worst = 0.0;
    for (std::size_t r = 0; r < data.size(); ++r) {
      const FitResult expected = fit_gaussian(data[r], {.criterion = criterion});
      BOOST_TEST(expected.converged);
      const auto row = static_cast<std::int64_t>(r);
      worst = std::max({worst,
                        difference(rotated, row, expected),
                        difference(grouped, row, expected)});
    }
    BOOST_TEST(worst < 1e-6);
  }
}

// Groups of 2 to 600 rows: now and then a profile has two minima (numerics: 0.5% of
// replicates). No kernel may end at the higher one.
BOOST_AUTO_TEST_CASE(find_the_lower_of_two_minima) {
  const std::vector<double> size = {600, 400, 20, 3, 2, 2, 2, 2};
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  constexpr int kData = 10000;
  std::vector<GroupedStats> data;
  std::vector<RotatedForm> forms;
  for (int r = 0; r < kData; ++r) {
    const double tau =
        std::vector<double>{0.0, 0.05, 0.2, 0.5, 2.0}.at(static_cast<std::size_t>(r) % 5);
    std::vector<double> mean;
    for (const double n : size)
      mean.push_back(tau * normal(random) + normal(random) / std::sqrt(n));
    data.push_back(one_way(size, mean, 1023.0));
    forms.push_back(rotate(data.back()));
  }
  // The model that the bootstrap was planned for decides the grid: a small τ and a large one.
  for (const std::size_t planned_for : {std::size_t{0}, std::size_t{4}}) {
    for (const Criterion criterion : kCriteria) {
      const GroupedStats& original = data[planned_for];
      const FitResult fit = fit_gaussian(original, {.criterion = criterion});
      const RotatedModel model(original, rotate(original), fit, criterion);
      const GroupArrays arrays(original, fit, criterion);
      const SimdLevel level = simd_levels().back();
      const ReplicateRows rotated = fit_rotated(model, forms, level);
      const ReplicateRows grouped = fit_grouped(arrays, data, level);
      int two_minima = 0, rotated_higher = 0, grouped_higher = 0;
      double rotated_worst = 0.0, grouped_worst = 0.0;
      for (std::size_t r = 0; r < data.size(); ++r) {
        const FitResult best = fit_gaussian(data[r], {.criterion = criterion});
        const bool zero = profile_derivatives(data[r], 0.0, criterion).first >= 0.0;
        two_minima += zero && !best.on_boundary;
        const double of_rotated = best.log_likelihood - rotated.log_likelihood[r];
        const double of_grouped = best.log_likelihood - grouped.log_likelihood[r];
        rotated_higher += !(of_rotated < 1e-8);
        grouped_higher += !(of_grouped < 1e-8);
        rotated_worst = std::max(rotated_worst, of_rotated);
        grouped_worst = std::max(grouped_worst, of_grouped);
      }
      BOOST_TEST_MESSAGE("planned for tau "
                         << fit.tau << ": " << two_minima
                         << " with a minimum at 0 and a lower one; missed: rotated "
                         << rotated_higher << " (by " << rotated_worst << "), grouped "
                         << grouped_higher << " (by " << grouped_worst << ")");
      BOOST_TEST(two_minima > 0);
      BOOST_TEST(rotated_higher == 0);
      BOOST_TEST(grouped_higher == 0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
