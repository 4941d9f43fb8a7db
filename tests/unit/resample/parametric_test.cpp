// SPDX-License-Identifier: MIT
#include "engine/resample/parametric.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "tests/support/same_rows.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

// What is drawn and how it is fitted is tested elsewhere: fit_kernels (the numbers of a
// fit), statistical/parametric_bootstrap (their distribution). Here: the schemes.
BOOST_AUTO_TEST_SUITE(parametric)

namespace {

constexpr Criterion kCriteria[] = {Criterion::ml, Criterion::reml};

const std::vector<TwoLevelRows>& examples() {
  static const std::vector<TwoLevelRows> all = {
      random_rows({.sizes = {9, 4, 6, 2, 11, 7, 3, 1, 8}, .dummy_columns = 1}, 1),
      random_rows({.sizes = {9, 4, 6, 2, 11, 7, 3}, .group_columns = 2, .tau = 0.1}, 2),
      random_rows({.sizes = {8, 3, 5}, .person_columns = 2, .has_intercept = false}, 3),
      random_rows({.sizes = {5, 7}, .person_columns = 0}, 4),
  };
  return all;
}

using MakeScheme = std::unique_ptr<Scheme> (*)(const GroupedStats&,
                                               const FitResult&,
                                               const SchemeOptions&);
constexpr MakeScheme kSchemes[] = {parametric_bootstrap, grouped_parametric_bootstrap};

std::unique_ptr<Scheme> scheme_of(MakeScheme make_scheme,
                                  const TwoLevelRows& rows,
                                  Criterion criterion,
                                  SimdLevel level = SimdLevel::v3,
                                  std::uint64_t seed = 1) {
  const GroupedStats stats = stats_of(rows, WithinDetail::pooled);
  const FitResult fit = fit_gaussian(stats, {.criterion = criterion});
  return make_scheme(stats,
                     fit,
                     {.seed = seed,
                      .criterion = criterion,
                      .simd = std::min(level, highest_simd_level())});
}

}  // namespace

BOOST_AUTO_TEST_CASE(neither_cuts_nor_levels_change_a_bit) {
  for (const MakeScheme make_scheme : kSchemes) {
    for (const TwoLevelRows& rows : examples()) {
      for (const Criterion criterion : kCriteria) {
        BOOST_TEST(cuts_change_nothing(*scheme_of(make_scheme, rows, criterion)));
        BOOST_TEST(levels_change_nothing([&](SimdLevel level) {
          return scheme_of(make_scheme, rows, criterion, level);
        }));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(seeds_and_replicates_differ) {
  for (const MakeScheme make_scheme : kSchemes) {
    std::vector<double> first;
    for (const std::uint64_t seed : {1ULL, 2ULL, 1ULL << 32, (1ULL << 32) + 1}) {
      const auto scheme =
          scheme_of(make_scheme, examples()[0], Criterion::reml, SimdLevel::v3, seed);
      for (const std::int64_t r : {0LL, 1LL, 1LL << 32, (1LL << 32) + 1, 1LL << 62})
        first.push_back(make(*scheme, r, 1).estimate[0]);
    }
    std::sort(first.begin(), first.end());
    BOOST_TEST((std::adjacent_find(first.begin(), first.end()) == first.end()));
  }
}

// The response decides through the fit alone.
BOOST_AUTO_TEST_CASE(the_response_is_not_looked_at) {
  const TwoLevelRows& rows = examples()[0];
  TwoLevelRows other = rows;
  other.z.col(rows.num_fixed()).setLinSpaced(-3.0, 8.0);
  const GroupedStats stats = stats_of(rows, WithinDetail::pooled);
  const GroupedStats changed = stats_of(other, WithinDetail::pooled);
  const FitResult fit = fit_gaussian(stats);
  for (const MakeScheme make_scheme : kSchemes) {
    BOOST_TEST((pack(make(*make_scheme(stats, fit, {}), 0, 64)) ==
                pack(make(*make_scheme(changed, fit, {}), 0, 64))));
  }
}

// Equivariance: with σ, τ and β twice as large and the intercept 10⁸ higher, the same draws
// give estimates that are.
BOOST_AUTO_TEST_CASE(replicates_move_with_the_model) {
  const TwoLevelRows& rows = examples()[1];
  const GroupedStats stats = stats_of(rows, WithinDetail::pooled);
  for (const Criterion criterion : kCriteria) {
    const FitResult fit = fit_gaussian(stats, {.criterion = criterion});
    FitResult moved = fit;
    moved.sigma *= 2.0;
    moved.tau *= 2.0;
    moved.beta *= 2.0;
    moved.beta[0] += 1e8;
    for (const MakeScheme make_scheme : kSchemes) {
      const SchemeOptions options{.criterion = criterion};
      const ReplicateRows a = make(*make_scheme(stats, fit, options), 0, 200);
      const ReplicateRows b = make(*make_scheme(stats, moved, options), 0, 200);
      BOOST_TEST((a.status == b.status));
      const auto columns = static_cast<std::size_t>(a.num_estimates);
      for (std::size_t i = 0; i < a.estimate.size(); ++i) {
        const double expected = 2.0 * a.estimate[i] + (i % columns == 0 ? 1e8 : 0.0);
        const double tolerance = i % columns == 0 ? 1e-7 : 1e-9;
        BOOST_TEST(std::abs(b.estimate[i] - expected) < tolerance);
      }
      const std::size_t tau = columns - 2;  // on the boundary without a standard error
      for (std::size_t i = 0; i < a.std_error.size(); ++i) {
        const bool boundary = a.status[i / columns] != 0;
        BOOST_TEST((i % columns == tau && boundary
                        ? std::isnan(b.std_error[i])
                        : std::abs(b.std_error[i] / a.std_error[i] - 2.0) < 1e-7));
      }
    }
  }
}

// A model drawn from with τ = 0 sends about half of the replicates to the boundary; one with
// a large τ none.
BOOST_AUTO_TEST_CASE(boundary_replicates_have_the_status_boundary) {
  const TwoLevelRows& rows = examples()[0];
  const GroupedStats stats = stats_of(rows, WithinDetail::pooled);
  FitResult fit = fit_gaussian(stats);
  for (const MakeScheme make_scheme : kSchemes) {
    for (const double tau : {0.0, 100.0}) {
      fit.tau = tau * fit.sigma;
      const ReplicateRows got = make(*make_scheme(stats, fit, {}), 0, 1000);
      const auto columns = static_cast<std::size_t>(got.num_estimates);
      int boundary = 0;
      for (std::size_t r = 0; r < 1000; ++r) {
        const bool zero = got.estimate[r * columns + columns - 2] == 0.0;
        BOOST_TEST(zero == (got.status[r] == 1));
        BOOST_TEST(got.status[r] <= 1);
        boundary += zero;
      }
      BOOST_TEST((tau == 0.0 ? boundary > 400 && boundary < 800 : boundary == 0));
    }
  }
}

BOOST_AUTO_TEST_CASE(many_groups_are_not_rotated) {
  Recipe recipe;
  recipe.sizes.assign(static_cast<std::size_t>(kMostGroupsToRotate) + 1, 2);
  const TwoLevelRows rows = random_rows(recipe, 1);
  const GroupedStats stats = stats_of(rows, WithinDetail::pooled);
  const FitResult fit = fit_gaussian(stats);
  BOOST_TEST((pack(make(*parametric_bootstrap(stats, fit, {}), 0, 8)) ==
              pack(make(*grouped_parametric_bootstrap(stats, fit, {}), 0, 8))));
}

BOOST_AUTO_TEST_SUITE_END()
