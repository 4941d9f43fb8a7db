// SPDX-License-Identifier: MIT
#include "engine/study/data_generator.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

#include "engine/study/study_file.hpp"
#include "tests/support/simd_levels.hpp"

namespace merit {
namespace {

BOOST_AUTO_TEST_SUITE(data_generator)

const std::string kStudy = R"toml(
repetitions = 10
seed = 7
[data]
formula = "y ~ x * w + h + v + (1 | g)"
groups = [7, 400]
group_size = { mean = 50, sd = 12, min = 40 }
tau = 1.5
sigma = 0.5
[data.covariates]
x = { kind = "normal", mean = 1, sd = 2 }
w = { kind = "binary", share = 0.3, level = "group" }
h = { kind = "halves" }
v = { kind = "binary", share = 0.25 }
[data.coefficients]
"(Intercept)" = 1
x = 0.5
w = 2
h = 0
v = -1
"x:w" = 0.25
[[estimator]]
)toml";

const AlignedVector<double>& column(const Study& study,
                                    const DataSet& data,
                                    const std::string& name) {
  std::size_t t = 0;
  while (study.terms[t].name != name)
    ++t;
  return data.column[t];
}

double mean(const AlignedVector<double>& values, std::int64_t n) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < n; ++i)
    sum += values[static_cast<std::size_t>(i)];
  return sum / static_cast<double>(n);
}

BOOST_AUTO_TEST_CASE(a_repetition_is_a_function_of_its_number) {
  const Study study = read_study(kStudy, "s");
  DataGenerator::Workspace work, other_work;
  DataSet data, again, other;
  const DataGenerator generator(study, SimdLevel::v3);
  generator.make(1, 9, work, other);  // leaves its traces in the workspace
  generator.make(0, 3, work, data);
  for (const SimdLevel level : testing::simd_levels()) {
    Study longer = study;
    longer.repetitions = 1000;
    DataGenerator(longer, level).make(0, 3, other_work, again);
    BOOST_TEST(again.size == data.size);
    BOOST_TEST((again.y == data.y));
    BOOST_TEST((again.column == data.column));
  }
  BOOST_TEST(generator.num_obs(0, 3, work) == data.num_obs());
  generator.make(0, 4, work, other);
  BOOST_TEST(!(other.y == data.y));
}

BOOST_AUTO_TEST_CASE(columns_are_what_the_file_says) {
  const Study study = read_study(kStudy, "s");
  DataGenerator::Workspace work;
  DataSet data;
  DataGenerator(study, SimdLevel::v3).make(0, 0, work, data);
  const auto &x = column(study, data, "x"), &w = column(study, data, "w"),
             &h = column(study, data, "h"), &xw = column(study, data, "x:w");
  std::int64_t row = 0;
  for (std::size_t j = 0; j < data.size.size(); ++j) {
    BOOST_TEST(data.size[j] >= 40);
    const double of_group = w[static_cast<std::size_t>(row)];
    for (std::int64_t i = 0; i < data.size[j]; ++i, ++row) {
      const auto at = static_cast<std::size_t>(row);
      BOOST_TEST((w[at] == 0.0 || w[at] == 1.0));
      BOOST_TEST(w[at] == of_group);
      BOOST_TEST(h[at] == (j < 4 ? 0.0 : 1.0));  // ⌈7/2⌉ groups of 0
      BOOST_TEST(xw[at] == x[at] * w[at]);
    }
  }
  BOOST_TEST(row == data.num_obs());
}

// 400 groups, some 20,000 rows. Each bound is five standard errors wide: a false alarm in two
// million of seeds, and the seed is fixed.
BOOST_AUTO_TEST_CASE(distributions) {
  const Study study = read_study(kStudy, "s");
  DataGenerator::Workspace work;
  DataSet data;
  DataGenerator(study, SimdLevel::v3).make(1, 0, work, data);
  const std::int64_t n = data.num_obs();
  const auto rows = static_cast<double>(n);
  BOOST_REQUIRE(data.num_groups() == 400);
  const auto &x = column(study, data, "x"), &v = column(study, data, "v"),
             &w = column(study, data, "w"), &xw = column(study, data, "x:w");
  BOOST_TEST(std::abs(mean(x, n) - 1.0) < 5.0 * 2.0 / std::sqrt(rows));
  BOOST_TEST(std::abs(mean(v, n) - 0.25) < 5.0 * std::sqrt(0.1875 / rows));
  BOOST_TEST(std::abs(mean(w, n) - 0.3) < 5.0 * std::sqrt(0.21 / 400.0) * 1.1);
  // y − Xβ = b_j + ε: its variance within groups is σ², of group means τ² + σ²/n_j.
  double within = 0.0, between = 0.0, sum = 0.0;
  std::int64_t row = 0;
  for (const std::int64_t size : data.size) {
    double group_sum = 0.0, squares = 0.0;
    for (std::int64_t i = 0; i < size; ++i, ++row) {
      const auto at = static_cast<std::size_t>(row);
      const double rest =
          data.y[at] - 1.0 - 0.5 * x[at] - 2.0 * w[at] + v[at] - 0.25 * xw[at];
      group_sum += rest;
      squares += rest * rest;
    }
    const double group_mean = group_sum / static_cast<double>(size);
    within += squares - group_sum * group_mean;
    between += group_mean * group_mean;
    sum += group_mean;
  }
  BOOST_TEST(std::abs(sum / 400.0) < 5.0 * 1.5 / 20.0);
  BOOST_TEST(std::abs(within / (rows - 400.0) / 0.25 - 1.0) <
             5.0 * std::sqrt(2.0 / rows));
  BOOST_TEST(std::abs(between / 400.0 / 2.255 - 1.0) < 5.0 * std::sqrt(2.0 / 400.0));
}

// The mean response over a large data set is the prevalence asked for; x enters a product, so
// that the linear predictor is not normal.
BOOST_AUTO_TEST_CASE(prevalence_is_what_was_asked_for) {
  for (const char* link : {"logit", "probit", "cloglog"}) {
    std::string text = kStudy;
    const auto replace = [&text](const std::string& from, const std::string& to) {
      text.replace(text.find(from), from.size(), to);
    };
    replace(
        "sigma = 0.5",
        "family = \"binomial\"\nprevalence = 0.2\nlink = \"" + std::string(link) + "\"");
    replace("\"(Intercept)\" = 1\n", "");
    replace("groups = [7, 400]", "groups = 20000");
    const Study study = read_study(text, "s");
    DataGenerator::Workspace work;
    DataSet data;
    DataGenerator(study, SimdLevel::v3).make(0, 0, work, data);
    // Groups share b_j and w: their means have an sd below 0.4.
    BOOST_TEST(std::abs(mean(data.y, data.num_obs()) - 0.2) <
               5.0 * 0.4 / std::sqrt(20000.0));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace merit
