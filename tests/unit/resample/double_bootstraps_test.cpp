// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/resample/double_bootstrap.hpp"
#include "engine/resample/intervals.hpp"
#include "engine/resample/parametric.hpp"
#include "tests/support/glmm_rows.hpp"
#include "tests/support/same_rows.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(double_bootstraps)

namespace {

constexpr int kGroups = 12, kRowsPerGroup = 4;

/// A balanced layout with groups so far apart that no replicate is on the boundary: then the
/// REML estimates are those of the analysis of variance, whose distributions are known.
struct Balanced {
  GroupedStats stats =
      stats_of(random_rows({.sizes = std::vector<int>(kGroups, kRowsPerGroup),
                            .person_columns = 0,
                            .tau = 3.0},
                           11),
               WithinDetail::pooled);
  FitResult fit = fit_gaussian(stats);

  std::unique_ptr<Scheme> doubled(std::int64_t num_inner, std::uint64_t seed = 1) const {
    const SchemeOptions options{
        .seed = seed, .keep_std_errors = false, .simd = SimdLevel::v2};
    const auto bootstraps = std::make_shared<const ParametricBootstraps>(stats, options);
    return double_bootstrap(
        parametric_bootstrap(stats, fit, options),
        [bootstraps](std::int64_t, std::span<const double> t, std::uint64_t inner_seed) {
          FitResult drawn_from;
          drawn_from.beta = Eigen::VectorXd::Constant(1, t[0]);
          drawn_from.tau = t[1];
          drawn_from.sigma = t[2];
          return bootstraps->from(drawn_from, inner_seed);
        },
        {fit.beta[0], fit.tau, fit.sigma},
        {},
        num_inner,
        seed);
  }
};

/// Standard error of the mean of all rows.
double mean_error(double tau, double sigma) {
  return std::sqrt((tau * tau + sigma * sigma / kRowsPerGroup) / kGroups);
}

}  // namespace

// Given replicate r, β** is N(β*, se*²) and (n − J) σ**²/σ*² is χ² with n − J degrees of
// freedom, exactly. Σ z² over 300 replicates is χ²(300) nearly; 10⁻⁶ of false alarm on either
// side.
BOOST_AUTO_TEST_CASE(shares_are_those_of_the_analysis_of_variance) {
  constexpr std::int64_t kReplicates = 300, kInner = 2000;
  const Balanced data;
  const ReplicateRows rows = make(*data.doubled(kInner), 0, kReplicates);
  const boost::math::normal normal;
  const boost::math::chi_squared within(kGroups * (kRowsPerGroup - 1));
  double sum_beta = 0.0, sum_sigma = 0.0;
  for (std::size_t r = 0; r < kReplicates; ++r) {
    const double* t = rows.estimate.data() + 3 * r;
    const double* u = rows.inner_share.data() + 3 * r;
    const auto squared = [](double share, double p) {
      return (share - p) * (share - p) / (p * (1.0 - p) / kInner);
    };
    sum_beta += squared(
        u[0],
        boost::math::cdf(normal, (data.fit.beta[0] - t[0]) / mean_error(t[1], t[2])));
    const double ratio = data.fit.sigma / t[2];
    sum_sigma += squared(
        u[2], boost::math::cdf(within, within.degrees_of_freedom() * ratio * ratio));
  }
  const boost::math::chi_squared all(kReplicates);
  for (const double sum : {sum_beta, sum_sigma}) {
    BOOST_TEST(sum > boost::math::quantile(all, 1e-6));
    BOOST_TEST(sum < boost::math::quantile(boost::math::complement(all, 1e-6)));
  }
}

// (β̂ − β)/se is t with J − 1 degrees of freedom, and β* normal: calibration makes of the normal
// interval of the percentiles the exact one, β̂ ± t se.
BOOST_AUTO_TEST_CASE(a_calibrated_mean_has_students_interval) {
  constexpr std::int64_t kReplicates = 6000, kInner = 300;
  const Balanced data;
  ReplicateRows rows = make(*data.doubled(kInner, 3), 0, kReplicates);
  std::vector<double> mean, share;
  for (std::size_t r = 0; r < kReplicates; ++r) {
    mean.push_back(rows.estimate[3 * r]);
    share.push_back(rows.inner_share[3 * r]);
  }
  const Original original{.estimate = data.fit.beta[0],
                          .calibration = calibrate(share, 0.9)};
  const IntervalType types[] = {IntervalType::calibrated, IntervalType::perc};
  const auto intervals = summarize_bootstrap(original, mean, types, 0.9).intervals;
  const double half = boost::math::quantile(boost::math::students_t(kGroups - 1), 0.95) *
                      mean_error(data.fit.tau, data.fit.sigma);
  const auto z = [&](std::size_t k) {
    const Interval& interval = intervals[k];
    return std::max(
        std::abs(interval.low - (data.fit.beta[0] - half)) / interval.low_mcse,
        std::abs(interval.high - (data.fit.beta[0] + half)) / interval.high_mcse);
  };
  // False alarm 10⁻⁵; the plain interval is too short by 9%, and the test would see it.
  BOOST_TEST(z(0) < 4.6);
  BOOST_TEST(z(1) > 4.6);
  BOOST_TEST(!intervals[0].extreme);
}

// The Monte-Carlo errors of the ends against the spread of ends over 100 seeds. Relative
// standard error of an sd from 100: 7%, so 4 of them; the formula takes u as a falling
// function of t*, which costs some more.
BOOST_AUTO_TEST_CASE(monte_carlo_errors_are_those_of_repetition) {
  constexpr std::int64_t kReplicates = 300, kInner = 100, kSeeds = 100;
  const Balanced data;
  double sum[2] = {}, squares[2] = {}, variance[2] = {};
  for (std::int64_t seed = 1; seed <= kSeeds; ++seed) {
    ReplicateRows rows =
        make(*data.doubled(kInner, static_cast<std::uint64_t>(seed)), 0, kReplicates);
    std::vector<double> mean, share;
    for (std::size_t r = 0; r < kReplicates; ++r) {
      mean.push_back(rows.estimate[3 * r]);
      share.push_back(rows.inner_share[3 * r]);
    }
    const Original original{.estimate = data.fit.beta[0],
                            .calibration = calibrate(share, 0.8)};
    const IntervalType types[] = {IntervalType::calibrated};
    const Interval end = summarize_bootstrap(original, mean, types, 0.8).intervals[0];
    const double value[2] = {end.low, end.high}, error[2] = {end.low_mcse, end.high_mcse};
    for (int k = 0; k < 2; ++k) {
      sum[k] += value[k];
      squares[k] += value[k] * value[k];
      variance[k] += error[k] * error[k] / kSeeds;
    }
  }
  for (int k = 0; k < 2; ++k) {
    const double spread =
        std::sqrt((squares[k] - sum[k] * sum[k] / kSeeds) / (kSeeds - 1));
    BOOST_TEST(std::sqrt(variance[k]) / spread > 0.7);
    BOOST_TEST(std::sqrt(variance[k]) / spread < 1.4);
  }
}

BOOST_AUTO_TEST_CASE(neither_cuts_nor_seeds_of_others_change_a_bit) {
  const Balanced data;
  BOOST_TEST(cuts_change_nothing(*data.doubled(40)));
  const ReplicateRows rows = make(*data.doubled(40), 0, 20);
  const ReplicateRows more = make(*data.doubled(40), 10, 10);
  BOOST_TEST((std::equal(
      more.inner_share.begin(), more.inner_share.end(), rows.inner_share.begin() + 30)));
  // Outer replicates are those of the plain bootstrap.
  const auto plain = parametric_bootstrap(
      data.stats, data.fit, {.seed = 1, .keep_std_errors = false, .simd = SimdLevel::v2});
  BOOST_TEST((make(*plain, 0, 20).estimate == rows.estimate));
}

// A double bootstrap of the other families draws from a replicate's estimates: there must be a
// way back from what is reported to the parameters.
BOOST_AUTO_TEST_CASE(reported_estimates_lead_back_to_the_parameters) {
  for (const Family family :
       {Family::binomial, Family::poisson, Family::negbinomial, Family::ordinal}) {
    const GlmmModel model =
        model_of(made_up_rows(family, 9, 3, false), family, links_of(family).front());
    const Eigen::VectorXd psi = some_parameters(model, 0.6);
    const Eigen::VectorXd back =
        parameters_of(model, reported_estimates(model, psi), 0.6);
    BOOST_TEST((back - psi).cwiseAbs().maxCoeff() < 1e-15);
  }
}

BOOST_AUTO_TEST_SUITE_END()
