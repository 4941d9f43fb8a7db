// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/resample/intervals.hpp"
#include "engine/resample/parametric.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

// Coverage of 95% intervals at J = 26 groups of 20. With equal groups, a covariate z of
// group level and one, x, centred in each group, the fixed effects are those of two
// independent regressions: z on group means with residual variance (τ² + σ²/20) on J − 2
// degrees of freedom, x within groups with σ² on n − J − 1. REML's variances are the mean
// squares of both wherever τ̂ > 0 (Searle, Casella & McCulloch 1992, § 4.8), so that β̂/SE
// has exactly a t distribution, and an interval β̂ ± 1.96 SE covers with probability
// P(|t| < 1.96): 93.8% for z, 94.9% for x. With τ² = 1 and σ² = 1, τ̂ = 0 does not occur.
//
// MERIT_LONG_TESTS=1 in the environment: ten times as many data sets.
BOOST_AUTO_TEST_SUITE(coverage)

namespace {

constexpr int kGroups = 26, kRows = 20;

// Each share is compared at this rate of false alarms. The seeds are fixed.
constexpr double kFalseAlarm = 1e-7;

std::int64_t times(std::int64_t count) {
  const char* long_tests =
      std::getenv("MERIT_LONG_TESTS");  // NOLINT(concurrency-mt-unsafe)
  return long_tests != nullptr && std::string(long_tests) == "1" ? 10 * count : count;
}

TwoLevelRows design() {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  TwoLevelRows rows;
  rows.z = Eigen::MatrixXd::Ones(kGroups * kRows, 4);
  for (Eigen::Index j = 0; j < kGroups; ++j) {
    auto x = rows.z.col(1).segment(j * kRows, kRows);
    for (double& value : x)
      value = normal(random);
    x.array() -= x.mean();
    rows.z.col(2).segment(j * kRows, kRows).setConstant(normal(random));
    rows.group.insert(rows.group.end(), kRows, static_cast<double>(j));
  }
  return rows;
}

/// P(|t| < z) for the normal's 97.5% quantile z.
double wald_coverage(double df) {
  const double z = quantile(boost::math::normal(), 0.975);
  const boost::math::students_t t(df);
  return cdf(t, z) - cdf(t, -z);
}

const double kOfX = wald_coverage(kGroups * kRows - kGroups - 1);
const double kOfZ = wald_coverage(kGroups - 2);

void check_share(std::int64_t covered,
                 std::int64_t of,
                 double expected,
                 const char* what) {
  const double share = static_cast<double>(covered) / static_cast<double>(of);
  const double sd = std::sqrt(expected * (1.0 - expected) / static_cast<double>(of));
  const double limit = quantile(complement(boost::math::normal(), 0.5 * kFalseAlarm));
  BOOST_TEST_MESSAGE(what << ": " << share << ", expected " << expected << ", "
                          << (share - expected) / sd << " sd off");
  BOOST_TEST(std::abs(share - expected) < limit * sd);
}

FitResult truth() {
  FitResult model;
  model.beta = Eigen::Vector3d(1.0, 0.5, -0.3);
  model.sigma = 1.0;
  model.tau = 1.0;
  return model;
}

/// New responses from the truth, with the standard library's generator.
class Simulation {
 public:
  const TwoLevelRows& next() {
    const FitResult model = truth();
    for (Eigen::Index j = 0; j < kGroups; ++j) {
      const double intercept = model.tau * normal_(random_);
      for (Eigen::Index i = j * kRows; i < (j + 1) * kRows; ++i) {
        rows_.z(i, 3) = rows_.z.row(i).head(3).dot(model.beta) + intercept +
                        model.sigma * normal_(random_);
      }
    }
    return rows_;
  }

 private:
  TwoLevelRows rows_ = design();
  std::mt19937_64 random_{99};
  std::normal_distribution<double> normal_;
};

SchemeOptions options(std::uint64_t seed) {
  return {.seed = seed, .simd = std::min(SimdLevel::v3, highest_simd_level())};
}

}  // namespace

BOOST_AUTO_TEST_CASE(wald_intervals_of_reml_fits_cover_as_t_says) {
  const FitResult model = truth();
  const double z = quantile(boost::math::normal(), 0.975);
  const std::int64_t count = times(20'000);
  std::int64_t covered[3] = {};
  Simulation simulation;
  for (std::int64_t r = 0; r < count; ++r) {
    const FitResult fit = fit_gaussian(stats_of(simulation.next(), WithinDetail::pooled));
    BOOST_TEST_REQUIRE(!fit.on_boundary);
    for (Eigen::Index k = 1; k < 3; ++k) {
      covered[k] += std::abs(fit.beta[k] - model.beta[k]) < z * std::sqrt(fit.vcov(k, k));
    }
  }
  check_share(covered[1], count, kOfX, "Wald, person level");
  check_share(covered[2], count, kOfZ, "Wald, group level");
}

// The same from a million replicates of the bootstrap at the truth.
BOOST_AUTO_TEST_CASE(replicates_at_the_truth_cover_as_t_says) {
  const FitResult model = truth();
  const double z = quantile(boost::math::normal(), 0.975);
  const std::int64_t count = times(1'000'000);
  const auto scheme =
      parametric_bootstrap(stats_of(Simulation().next()), model, options(3));
  ReplicateRows rows;
  scheme->make(0, count, rows);
  std::int64_t covered[3] = {};
  for (std::int64_t r = 0; r < count; ++r) {
    const auto at = static_cast<std::size_t>(r);
    for (std::size_t k = 1; k < 3; ++k) {
      const double off =
          rows.estimate[5 * at + k] - model.beta[static_cast<Eigen::Index>(k)];
      covered[k] += std::abs(off) < z * rows.std_error[5 * at + k];
    }
  }
  check_share(covered[1], count, kOfX, "replicates, person level");
  check_share(covered[2], count, kOfZ, "replicates, group level");
}

// A replicate's β̂* is normal about β̂ with the fit's standard error, so the percentile
// interval is the Wald interval but for the chance of its R = 999 replicates, which costs
// coverage in the third decimal at most.
BOOST_AUTO_TEST_CASE(percentile_intervals_cover_as_wald_intervals_do) {
  const FitResult model = truth();
  const std::int64_t count = times(4'000);
  constexpr std::int64_t kReplicates = 999;
  const IntervalType types[] = {IntervalType::perc};
  std::int64_t covered[3] = {};
  Simulation simulation;
  ReplicateRows rows;
  std::vector<double> values(kReplicates);
  for (std::int64_t r = 0; r < count; ++r) {
    const GroupedStats stats = stats_of(simulation.next(), WithinDetail::pooled);
    const FitResult fit = fit_gaussian(stats);
    parametric_bootstrap(stats, fit, options(static_cast<std::uint64_t>(r)))
        ->make(0, kReplicates, rows);
    for (std::size_t k = 1; k < 3; ++k) {
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = rows.estimate[5 * i + k];
      const auto at = static_cast<Eigen::Index>(k);
      const Interval interval =
          summarize_bootstrap({.estimate = fit.beta[at]}, values, types, 0.95)
              .intervals[0];
      covered[k] += interval.low < model.beta[at] && model.beta[at] < interval.high;
    }
  }
  check_share(covered[1], count, kOfX, "percentile, person level");
  check_share(covered[2], count, kOfZ, "percentile, group level");
}

BOOST_AUTO_TEST_SUITE_END()
