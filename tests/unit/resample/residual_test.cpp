// SPDX-License-Identifier: MIT
#include "engine/resample/residual.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/random/stream.hpp"
#include "engine/resample/transformation.hpp"
#include "tests/support/compare_fits.hpp"
#include "tests/support/same_rows.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

// Each scheme against a transcription of its paper: responses written out row by row, from the same
// draws, and fitted anew.
BOOST_AUTO_TEST_SUITE(residual)

namespace {

constexpr std::uint64_t kSeed = 9;

/// Rows in the order of their groups, and the fit.
struct Example {
  TwoLevelRows rows;
  GroupRows by_group;
  GroupedStats stats;
  FitResult fit;
  Eigen::VectorXd marginal;  // y − Xβ̂
  Eigen::VectorXd fitted;    // Xβ̂

  Example(const Recipe& recipe, std::uint64_t seed, Criterion criterion) {
    const TwoLevelRows given = random_rows(recipe, seed);
    by_group = group_rows(given.z, given.group);
    rows.z = by_group.z;
    rows.has_intercept = given.has_intercept;
    for (Eigen::Index j = 0; j < num_groups(); ++j)
      rows.group.insert(
          rows.group.end(), static_cast<std::size_t>(size(j)), by_group.key[at(j)]);
    stats = stats_of(rows, WithinDetail::pooled);
    fit = fit_gaussian(stats, {.criterion = criterion});
    const Eigen::Index p = rows.num_fixed();
    fitted = rows.z.leftCols(p) * fit.beta;
    marginal = rows.z.col(p) - fitted;
  }

  static std::size_t at(Eigen::Index j) { return static_cast<std::size_t>(j); }
  Eigen::Index num_groups() const { return std::ssize(by_group.key); }
  Eigen::Index first(Eigen::Index j) const { return by_group.first[at(j)]; }
  Eigen::Index size(Eigen::Index j) const { return first(j + 1) - first(j); }
  Eigen::Index num_obs() const { return rows.z.rows(); }

  FitResult refit(const Eigen::VectorXd& y) const {
    TwoLevelRows data = rows;
    data.z.col(rows.num_fixed()) = y;
    return fit_gaussian(stats_of(data, WithinDetail::pooled),
                        {.criterion = fit.criterion});
  }
  SchemeOptions options(SimdLevel level = SimdLevel::v2) const {
    return {.seed = kSeed, .criterion = fit.criterion, .simd = level};
  }
};

std::vector<Example> examples() {
  std::vector<Example> all;
  std::uint64_t seed = 1;
  for (const Criterion criterion : {Criterion::ml, Criterion::reml}) {
    all.emplace_back(Recipe{.sizes = {9, 4, 6, 2, 11, 7, 3, 1, 8},
                            .person_columns = 2,
                            .dummy_columns = 1,
                            .group_columns = 1,
                            .tau = 0.9},
                     ++seed,
                     criterion);
    all.emplace_back(Recipe{.sizes = {8, 3, 5, 6, 9, 4},
                            .person_columns = 2,
                            .has_intercept = false,
                            .tau = 0.8},
                     ++seed,
                     criterion);
  }
  return all;
}

using Transcription = std::function<Eigen::VectorXd(const Example&, std::int64_t r)>;

/// Largest difference over 60 replicates of every example, and how many ended on the boundary.
double worst_difference(
    const std::function<std::unique_ptr<Scheme>(const Example&)>& scheme_of,
    const Transcription& response) {
  double worst = 0.0;
  for (const Example& example : examples()) {
    const ReplicateRows got = make(*scheme_of(example), 0, 60);
    for (std::int64_t r = 0; r < 60; ++r)
      worst = std::max(worst, difference(got, r, example.refit(response(example, r))));
  }
  return worst;
}

/// Centred and rescaled to a mean square.
Eigen::VectorXd pool_of(Eigen::VectorXd pool, double mean_square, bool rescale = true) {
  pool.array() -= pool.mean();
  const double now = pool.squaredNorm() / static_cast<double>(pool.size());
  if (rescale && now > 0.0) pool *= std::sqrt(mean_square / now);
  return pool;
}

/// Carpenter, Goldstein & Rasbash (2003); `reflated` false is the mistake of leaving the level-1
/// residuals as they are.
Eigen::VectorXd carpenter(const Example& e, std::int64_t r, bool reflated) {
  const GroupModes modes = group_modes(e.stats, e.fit);
  Eigen::VectorXd level1 = e.marginal;
  for (Eigen::Index j = 0; j < e.num_groups(); ++j) {
    for (Eigen::Index i = e.first(j); i < e.first(j + 1); ++i)
      level1[i] -= modes.mode[j];
  }
  const Eigen::VectorXd u = pool_of(modes.mode, e.fit.tau * e.fit.tau);
  level1 = pool_of(level1, e.fit.sigma * e.fit.sigma, reflated);
  Stream groups(kSeed, Purpose::residual_groups, r),
      rows(kSeed, Purpose::residual_rows, r);
  Eigen::VectorXd y = e.fitted;
  for (Eigen::Index j = 0; j < e.num_groups(); ++j) {
    const double drawn = u[groups.index(e.num_groups())];
    for (Eigen::Index i = e.first(j); i < e.first(j + 1); ++i)
      y[i] += drawn;
  }
  for (Eigen::Index i = 0; i < e.num_obs(); ++i)
    y[i] += level1[rows.index(e.num_obs())];
  return y;
}

/// Chambers & Chandra (2013); `blocks` false is the mistake of drawing from all rows.
Eigen::VectorXd chambers(const Example& e, std::int64_t r, RebType type, bool blocks) {
  Eigen::VectorXd means(e.num_groups()), within = e.marginal;
  for (Eigen::Index j = 0; j < e.num_groups(); ++j) {
    means[j] = e.marginal.segment(e.first(j), e.size(j)).mean();
    within.segment(e.first(j), e.size(j)).array() -= means[j];
  }
  if (type == RebType::scaled) {
    means = pool_of(means, e.fit.tau * e.fit.tau);
    within = pool_of(within, e.fit.sigma * e.fit.sigma);
  }
  Stream groups(kSeed, Purpose::residual_groups, r),
      rows(kSeed, Purpose::residual_rows, r);
  Eigen::VectorXd u(e.num_groups()), y = e.fitted;
  for (double& value : u)
    value = means[groups.index(e.num_groups())];
  for (Eigen::Index j = 0; j < e.num_groups(); ++j) {
    const Eigen::Index h = groups.index(e.num_groups());
    for (Eigen::Index i = e.first(j); i < e.first(j + 1); ++i) {
      y[i] += u[j] + (blocks ? within[e.first(h) + rows.index(e.size(h))]
                             : within[rows.index(e.num_obs())]);
    }
  }
  return y;
}

/// Van der Leeden, Meijer & Busing (2008), with the Cholesky factor of each group's covariance
/// matrix written out.
Eigen::VectorXd van_der_leeden(const Example& e, std::int64_t r) {
  const auto factor = [&](Eigen::Index j) {
    const Eigen::Index n = e.size(j);
    const Eigen::MatrixXd V = Eigen::MatrixXd::Constant(n, n, e.fit.tau * e.fit.tau) +
                              e.fit.sigma * e.fit.sigma * Eigen::MatrixXd::Identity(n, n);
    return Eigen::MatrixXd(V.llt().matrixL());
  };
  Eigen::VectorXd z(e.num_obs());
  for (Eigen::Index j = 0; j < e.num_groups(); ++j)
    z.segment(e.first(j), e.size(j)) =
        factor(j).inverse() * e.marginal.segment(e.first(j), e.size(j));
  z = pool_of(z, 1.0);
  Stream rows(kSeed, Purpose::residual_rows, r);
  Eigen::VectorXd y = e.fitted;
  for (Eigen::Index j = 0; j < e.num_groups(); ++j) {
    Eigen::VectorXd drawn(e.size(j));
    for (double& value : drawn)
      value = z[rows.index(e.num_obs())];
    y.segment(e.first(j), e.size(j)) += factor(j) * drawn;
  }
  return y;
}

/// Modugno & Giannerini (2015), leverages from the n × n hat matrix.
Eigen::VectorXd modugno(const Example& e, std::int64_t r, WildHc hc, WildWeights kind) {
  const Eigen::MatrixXd X = e.rows.z.leftCols(e.rows.num_fixed());
  const Eigen::VectorXd h =
      (X * (X.transpose() * X).inverse() * X.transpose()).diagonal();
  Stream stream(kSeed, Purpose::wild_weights, r);
  Eigen::VectorXd y = e.fitted;
  for (Eigen::Index j = 0; j < e.num_groups(); ++j) {
    double w = 0.0;
    if (kind == WildWeights::rademacher) {
      w = stream.index(2) == 0 ? -1.0 : 1.0;
    } else if (kind == WildWeights::webb) {
      const double square[] = {-1.5, -1.0, -0.5, 0.5, 1.0, 1.5};
      const double s = square[stream.index(6)];
      w = std::copysign(std::sqrt(std::abs(s)), s);
    } else {
      const double u = static_cast<double>(stream.bits() >> 12) / 4503599627370496.0;
      const bool low = u < (std::sqrt(5.0) + 1.0) / (2.0 * std::sqrt(5.0));
      w = low ? -(std::sqrt(5.0) - 1.0) / 2.0 : (std::sqrt(5.0) + 1.0) / 2.0;
    }
    for (Eigen::Index i = e.first(j); i < e.first(j + 1); ++i)
      y[i] += w * e.marginal[i] / std::pow(1.0 - h[i], hc == WildHc::hc2 ? 0.5 : 1.0);
  }
  return y;
}

}  // namespace

BOOST_AUTO_TEST_CASE(residual_bootstrap_is_carpenters) {
  const auto scheme = [](const Example& e) {
    return residual_bootstrap(e.stats, e.by_group, e.fit, e.options());
  };
  BOOST_TEST(worst_difference(scheme, [](const Example& e, std::int64_t r) {
               return carpenter(e, r, true);
             }) < 1e-9);
  BOOST_TEST(worst_difference(scheme, [](const Example& e, std::int64_t r) {
               return carpenter(e, r, false);
             }) > 1e-2);
}

BOOST_AUTO_TEST_CASE(reb_bootstrap_is_chambers_and_chandras) {
  for (const RebType type : {RebType::raw, RebType::scaled}) {
    const auto scheme = [&](const Example& e) {
      return reb_bootstrap(e.stats, e.by_group, e.fit, type, e.options());
    };
    BOOST_TEST(worst_difference(scheme, [&](const Example& e, std::int64_t r) {
                 return chambers(e, r, type, true);
               }) < 1e-9);
    BOOST_TEST(worst_difference(scheme, [&](const Example& e, std::int64_t r) {
                 return chambers(e, r, type, false);
               }) > 1e-2);
  }
}

BOOST_AUTO_TEST_CASE(transformation_bootstrap_is_van_der_leedens) {
  const auto scheme = [](const Example& e) {
    return transformation_bootstrap(e.stats, e.by_group, e.fit, e.options());
  };
  BOOST_TEST(worst_difference(scheme, van_der_leeden) < 1e-9);
}

BOOST_AUTO_TEST_CASE(wild_bootstrap_is_modugno_and_giannerinis) {
  for (const WildHc hc : {WildHc::hc2, WildHc::hc3}) {
    for (const WildWeights weights :
         {WildWeights::rademacher, WildWeights::mammen, WildWeights::webb}) {
      const auto scheme = [&](const Example& e) {
        return wild_bootstrap(e.stats, e.by_group, e.fit, hc, weights, e.options());
      };
      BOOST_TEST(worst_difference(scheme, [&](const Example& e, std::int64_t r) {
                   return modugno(e, r, hc, weights);
                 }) < 1e-9);
    }
  }
}

// A response and columns that lie far from 0 change nothing but the intercept.
BOOST_AUTO_TEST_CASE(a_large_origin_costs_no_digits) {
  Example near(
      {.sizes = {9, 4, 6, 2, 11}, .person_columns = 1, .tau = 0.9}, 3, Criterion::reml);
  TwoLevelRows moved = near.rows;
  // Sums that round by no more than 10⁻¹⁰.
  moved.z.col(1).array() += 1048576.0;
  moved.z.col(2).array() += 1048576.0;
  const GroupedStats stats = stats_of(moved, WithinDetail::pooled);
  const FitResult fit = fit_gaussian(stats);
  const GroupRows rows = group_rows(moved.z, moved.group);
  const ReplicateRows a = make(
      *residual_bootstrap(near.stats, near.by_group, near.fit, near.options()), 0, 40);
  const ReplicateRows b =
      make(*residual_bootstrap(stats, rows, fit, near.options()), 0, 40);
  for (std::size_t r = 0; r < 40; ++r) {
    for (const std::size_t k : {1U, 2U, 3U})  // slope, τ̂, σ̂
      BOOST_TEST(std::abs(a.estimate[4 * r + k] - b.estimate[4 * r + k]) < 1e-8);
  }
}

BOOST_AUTO_TEST_CASE(replicates_are_a_function_of_their_number) {
  const Example e({.sizes = {9, 4, 6, 2, 11}, .person_columns = 1}, 3, Criterion::reml);
  const auto scheme_at = [&](SimdLevel level) {
    return reb_bootstrap(e.stats, e.by_group, e.fit, RebType::scaled, e.options(level));
  };
  BOOST_TEST(cuts_change_nothing(*scheme_at(SimdLevel::v2)));
  BOOST_TEST(levels_change_nothing(scheme_at));
  BOOST_TEST(cuts_change_nothing(
      *transformation_bootstrap(e.stats, e.by_group, e.fit, e.options())));
  BOOST_TEST(cuts_change_nothing(*wild_bootstrap(
      e.stats, e.by_group, e.fit, WildHc::hc2, WildWeights::webb, e.options())));
}

// Where τ̂ = 0 there is nothing to draw for groups, and nothing is divided by 0.
BOOST_AUTO_TEST_CASE(boundary_fit) {
  const TwoLevelRows rows = read_rows("dyestuff2.csv", "Yield", "Batch");
  const GroupedStats stats = stats_of(rows, WithinDetail::pooled);
  const FitResult fit = fit_gaussian(stats);
  BOOST_TEST(fit.tau == 0.0);
  const GroupRows by_group = group_rows(rows.z, rows.group);
  const auto all_finite = [](const Scheme& scheme) {
    for (const double value : make(scheme, 0, 200).estimate)
      BOOST_TEST(std::isfinite(value));
  };
  all_finite(*residual_bootstrap(stats, by_group, fit, {}));
  all_finite(*transformation_bootstrap(stats, by_group, fit, {}));
}

BOOST_AUTO_TEST_SUITE_END()
