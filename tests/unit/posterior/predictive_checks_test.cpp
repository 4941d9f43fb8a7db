// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <boost/math/distributions/normal.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/posterior/predictive_check.hpp"
#include "engine/posterior/replicated_responses.hpp"
#include "tests/support/glmm_rows.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

// Replicates under one and the same parameters, where the distribution of a sum over a group's
// rows is known in closed form or by convolution. Bounds are 5 standard errors: a false alarm
// has a chance below 6e-7 each, and there are fewer than 100 here.
BOOST_AUTO_TEST_SUITE(predictive_checks)

namespace {

constexpr double kBound = 5.0;
constexpr int kDraws = 4000;

std::vector<std::int64_t> streams(int count) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

/// y_rep of a group, draw after draw.
std::vector<std::vector<double>> replicates_of(const ReplicatedResponses& responses,
                                               std::int64_t group,
                                               double intercept,
                                               int count = kDraws) {
  std::vector<std::vector<double>> out;
  responses.of_group(group,
                     7,
                     streams(count),
                     std::vector<double>(static_cast<std::size_t>(count), intercept),
                     [&](std::size_t draw, std::span<const double> y) {
                       BOOST_TEST(draw == out.size());
                       out.emplace_back(y.begin(), y.end());
                     });
  return out;
}

/// The same parameters for every draw, as they are stored.
Eigen::MatrixXd draws_alike(const GlmmModel& model, const Eigen::VectorXd& psi) {
  const Eigen::VectorXd reported = reported_estimates(model, psi);
  Eigen::VectorXd row(reported.size() + 1);
  row << reported, psi[psi.size() - 1];
  return row.transpose().replicate(kDraws, 1);
}

std::vector<double> sums_over_rows(const std::vector<std::vector<double>>& replicates) {
  std::vector<double> out;
  for (const std::vector<double>& y : replicates)
    out.push_back(std::accumulate(y.begin(), y.end(), 0.0));
  return out;
}

/// A share of S draws against its probability.
void check_share(double share, double probability) {
  const double error = std::sqrt(probability * (1.0 - probability) / kDraws);
  BOOST_TEST(std::abs(share - probability) <= kBound * error + 1e-12,
             share << " for " << probability);
}

/// Mean and sd of draws against those of a distribution that is near normal.
void check_moments(const PredictiveCheck& found, double mean, double variance) {
  BOOST_TEST(std::abs(found.mean - mean) < kBound * std::sqrt(variance / kDraws));
  BOOST_TEST(std::abs(found.sd / std::sqrt(variance) - 1.0) <
             1.3 * kBound / std::sqrt(2.0 * kDraws));
}

/// Mean and variance of a row's response given its linear predictor, and its probabilities
/// where these are few; written from the families' definitions.
struct RowDistribution {
  double mean = 0.0, variance = 0.0;
  std::vector<double> probability;  ///< of 0, 1, …
};

RowDistribution distribution_of(Family family, double eta, const Eigen::VectorXd& extra) {
  const auto logistic = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  if (family == Family::poisson) return {std::exp(eta), std::exp(eta), {}};
  if (family == Family::negbinomial) {
    const double mean = std::exp(eta);
    return {mean, mean + mean * mean / std::exp(extra[0]), {}};
  }
  RowDistribution out;
  if (family == Family::binomial) {
    out.probability = {1.0 - logistic(eta), logistic(eta)};
  } else {  // categories 1 … 4
    double before = 0.0;
    out.probability = {0.0};
    for (int c = 0; c < 4; ++c) {
      const double below = c < 3 ? logistic(extra[c] - eta) : 1.0;
      out.probability.push_back(below - before);
      before = below;
    }
  }
  for (std::size_t k = 0; k < out.probability.size(); ++k)
    out.mean += static_cast<double>(k) * out.probability[k];
  for (std::size_t k = 0; k < out.probability.size(); ++k) {
    const double away = static_cast<double>(k) - out.mean;
    out.variance += away * away * out.probability[k];
  }
  return out;
}

std::vector<double> convolved(const std::vector<double>& a,
                              const std::vector<double>& b) {
  std::vector<double> out(a.size() + b.size() - 1, 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < b.size(); ++k)
      out[i + k] += a[i] * b[k];
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(gaussian_sums_are_normal) {
  const TwoLevelRows data = random_rows({.sizes = {5, 13, 8}, .person_columns = 2}, 4);
  const auto rows = std::make_shared<const GroupRows>(group_rows(data.z, data.group));
  Eigen::RowVectorXd draw(5);
  draw << 0.4, -0.7, 1.1, 0.5, 1.6;  // β, τ, σ
  const auto responses =
      gaussian_replicated(rows, draw.replicate(kDraws, 1), SimdLevel::v2);
  for (std::int64_t group = 0; group < 3; ++group) {
    const auto j = static_cast<std::size_t>(group);
    const Eigen::MatrixXd z =
        rows->z.middleRows(rows->first[j], rows->first[j + 1] - rows->first[j]);
    const auto n = static_cast<double>(z.rows());
    const std::vector<double> y = responses->observed(group);
    BOOST_TEST(y == std::vector<double>(z.col(3).begin(), z.col(3).end()),
               boost::test_tools::per_element());
    const double mean = n * 0.3 + (z.leftCols(3) * draw.head(3).transpose()).sum();
    const double sd = 1.6 * std::sqrt(n);
    const double observed = mean + 0.7 * sd;
    const PredictiveCheck found =
        predictive_check(observed, sums_over_rows(replicates_of(*responses, group, 0.3)));
    check_moments(found, mean, sd * sd);
    check_share(found.p_value,
                boost::math::cdf(boost::math::complement(boost::math::normal(), 0.7)));
    BOOST_TEST(found.p_equal == 0.0);
  }
  // A draw's replicate is the same however many there are; draws and groups differ.
  const auto few = replicates_of(*responses, 1, 0.3, 3);
  const auto many = replicates_of(*responses, 1, 0.3, 40);
  BOOST_TEST(few[2] == many[2], boost::test_tools::per_element());
  BOOST_TEST(few[1][0] != few[2][0]);
  BOOST_TEST(replicates_of(*responses, 0, 0.3, 3)[2][0] - many[2][0] !=
             replicates_of(*responses, 0, 0.3, 3)[1][0] - many[1][0]);
}

BOOST_AUTO_TEST_CASE(sums_of_the_other_families) {
  for (const Family family :
       {Family::binomial, Family::poisson, Family::negbinomial, Family::ordinal}) {
    const GlmmRows rows = made_up_rows(family, 8, 5, false);
    const bool counts = family == Family::poisson || family == Family::negbinomial;
    const auto model = std::make_shared<const GlmmModel>(
        model_of(rows, family, counts ? Link::log : Link::logit));
    const Eigen::VectorXd psi = some_parameters(*model, 0.6);
    const auto responses =
        glmm_replicated(model, draws_alike(*model, psi), SimdLevel::v2);
    const PackedRows& packed_rows = model->rows;
    const Eigen::Index p = packed_rows.num_fixed;
    const double u = -0.4;
    for (const std::int64_t group : {2, 5}) {  // of 15 and 17 rows
      double mean = 0.0, variance = 0.0;
      std::vector<double> probability = {1.0};
      const std::int64_t first = packed_rows.first_row(group);
      const std::int64_t n = packed_rows.size[static_cast<std::size_t>(group)];
      for (std::int64_t row = first; row < first + n; ++row) {
        double eta = packed_rows.offset_of(row) + u;
        for (Eigen::Index k = 0; k < p; ++k)
          eta += psi[k] * packed_rows.x_of(row, k);
        const RowDistribution of_row =
            distribution_of(family, eta, psi.segment(p, model->family.num_extra));
        mean += of_row.mean;
        variance += of_row.variance;
        if (!counts) probability = convolved(probability, of_row.probability);
      }
      const double observed = std::ceil(mean + 0.5 * std::sqrt(variance));
      const PredictiveCheck found =
          predictive_check(observed, sums_over_rows(replicates_of(*responses, group, u)));
      BOOST_TEST_CONTEXT("family " << static_cast<int>(family) << ", group " << group) {
        check_moments(found, mean, variance);
        if (counts) continue;
        const auto at = static_cast<std::size_t>(observed);
        check_share(found.p_equal, probability[at]);
        check_share(found.p_value,
                    std::accumulate(probability.begin() + static_cast<std::ptrdiff_t>(at),
                                    probability.end(),
                                    0.0));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(shares_of_trials_and_rows_without) {
  GlmmRows rows = made_up_rows(Family::binomial, 6, 5, true);
  rows.trials[1] = rows.y[1] = 0.0;
  const auto model =
      std::make_shared<const GlmmModel>(model_of(rows, Family::binomial, Link::probit));
  const auto responses = glmm_replicated(
      model, draws_alike(*model, some_parameters(*model, 0.6)), SimdLevel::v2);
  // Group 1 has 8 rows, from row 1 on.
  std::vector<double> expected;
  for (std::size_t row = 2; row < 9; ++row)
    expected.push_back(rows.y[row] / rows.trials[row]);
  BOOST_TEST(responses->observed(1) == expected, boost::test_tools::per_element());
  for (const std::vector<double>& y : replicates_of(*responses, 1, 0.2, 50)) {
    BOOST_TEST_REQUIRE(y.size() == 7U);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double events = y[i] * rows.trials[i + 2];
      BOOST_TEST(std::abs(events - std::round(events)) < 1e-12);
      BOOST_TEST((events >= 0.0 && events <= rows.trials[i + 2]));
    }
  }
}

BOOST_AUTO_TEST_CASE(statistics_of_parts_are_those_of_the_whole) {
  std::mt19937_64 random(3);
  std::vector<std::vector<double>> groups = {{}, {4.0}, {0.0, 2.0, 7.0, 0.0}};
  for (double& value : groups.emplace_back(11))
    value = std::poisson_distribution<int>(3.0)(random);
  std::vector<double> all, means;
  ResponseSums sums;
  for (const std::vector<double>& y : groups) {
    sums = merged(sums, sums_of_group(y, 3.0));
    all.insert(all.end(), y.begin(), y.end());
    if (!y.empty())
      means.push_back(std::accumulate(y.begin(), y.end(), 0.0) /
                      static_cast<double>(y.size()));
  }
  const auto mean_and_sd = [](const std::vector<double>& x) {
    const auto n = static_cast<double>(x.size());
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
    double squares = 0.0;
    for (const double value : x)
      squares += (value - mean) * (value - mean);
    return std::pair(mean, std::sqrt(squares / (n - 1.0)));
  };
  const auto value = [&](CheckedStatistic which) { return value_of(which, sums, 3.0); };
  const auto tolerance = boost::test_tools::tolerance(1e-13);
  BOOST_TEST(value(CheckedStatistic::mean) == mean_and_sd(all).first, tolerance);
  BOOST_TEST(value(CheckedStatistic::sd) == mean_and_sd(all).second, tolerance);
  BOOST_TEST(value(CheckedStatistic::sd_group_means) == mean_and_sd(means).second,
             tolerance);
  BOOST_TEST(value(CheckedStatistic::min) == 0.0);
  BOOST_TEST(value(CheckedStatistic::max) == *std::max_element(all.begin(), all.end()));
  BOOST_TEST(value(CheckedStatistic::prop_zero) ==
             static_cast<double>(std::count(all.begin(), all.end(), 0.0)) / 16.0);
  BOOST_TEST(std::isnan(value_of(CheckedStatistic::mean, sums_of_group({}, 3.0), 3.0)));
}

// P(T_rep >= T) of 1, 2, 2, 3, 4 against 2: four of five, two of which are ties.
BOOST_AUTO_TEST_CASE(ties_count_for_the_observed_side) {
  const std::vector<double> five = {1.0, 2.0, 2.0, 3.0, 4.0};
  const PredictiveCheck found = predictive_check(2.0, five);
  BOOST_TEST(found.p_value == 0.8);
  BOOST_TEST(found.p_equal == 0.4);
  BOOST_TEST(found.mean == 2.4, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(found.sd == std::sqrt(1.3), boost::test_tools::tolerance(1e-15));
  // The smallest possible value is nothing to wonder about if replicates often have it.
  std::vector<double> hundred(100, 5.0);
  BOOST_TEST(is_extreme(predictive_check(0.0, hundred)));
  std::fill_n(hundred.begin(), 4, 0.0);
  BOOST_TEST(predictive_check(0.0, hundred).p_value == 1.0);
  BOOST_TEST(!is_extreme(predictive_check(0.0, hundred)));
  BOOST_TEST(is_extreme(predictive_check(6.0, hundred)));
  hundred[50] = std::nan("");
  BOOST_TEST(std::isnan(predictive_check(2.0, hundred).p_value));
}

BOOST_AUTO_TEST_SUITE_END()
