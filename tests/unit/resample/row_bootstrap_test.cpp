// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "engine/fit/gaussian_fit.hpp"
#include "engine/random/stream.hpp"
#include "engine/resample/cases.hpp"
#include "tests/support/compare_fits.hpp"
#include "tests/support/same_rows.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(row_bootstrap)

namespace {

constexpr Criterion kCriteria[] = {Criterion::ml, Criterion::reml};
constexpr ResampleUnit kUnits[] = {ResampleUnit::rows, ResampleUnit::both};
constexpr std::uint64_t kSeed = 77;

GroupRows sorted(const TwoLevelRows& rows) {
  return group_rows(rows.z, rows.group);
}

/// The replicate's data set: for each drawn group in turn n_j words of the rows' stream.
TwoLevelRows resampled(const TwoLevelRows& rows, ResampleUnit unit, std::int64_t r) {
  const GroupRows by_group = sorted(rows);
  const auto J = static_cast<std::int64_t>(by_group.key.size());
  Stream groups(kSeed, Purpose::group_bootstrap, r);
  Stream within(kSeed, Purpose::row_bootstrap, r);
  std::vector<std::int64_t> from;
  TwoLevelRows data;
  data.has_intercept = rows.has_intercept;
  for (std::int64_t slot = 0; slot < J; ++slot) {
    const std::int64_t group = unit == ResampleUnit::both ? groups.index(J) : slot;
    const std::int64_t begin = by_group.first[static_cast<std::size_t>(group)];
    const std::int64_t n = by_group.first[static_cast<std::size_t>(group) + 1] - begin;
    for (std::int64_t i = 0; i < n; ++i) {
      from.push_back(begin + within.index(n));
      data.group.push_back(static_cast<double>(slot));
    }
  }
  data.z.resize(static_cast<Eigen::Index>(from.size()), rows.z.cols());
  for (std::size_t i = 0; i < from.size(); ++i)
    data.z.row(static_cast<Eigen::Index>(i)) = by_group.z.row(from[i]);
  return data;
}

std::unique_ptr<Scheme> scheme_of(const TwoLevelRows& rows,
                                  ResampleUnit unit,
                                  Criterion criterion,
                                  SimdLevel level = SimdLevel::v3) {
  const GroupedStats stats = stats_of(rows, WithinDetail::pooled);
  const FitResult fit = fit_gaussian(stats, {.criterion = criterion});
  return merit::row_bootstrap(stats,
                              std::make_shared<const GroupRows>(sorted(rows)),
                              unit,
                              fit,
                              {.seed = kSeed,
                               .criterion = criterion,
                               .simd = std::min(level, highest_simd_level())});
}

const std::vector<TwoLevelRows>& examples() {
  static const std::vector<TwoLevelRows> all = [] {
    std::vector<TwoLevelRows> rows = {
        random_rows({.sizes = {9, 4, 6, 2, 11, 7, 3, 1, 8},
                     .person_columns = 2,
                     .dummy_columns = 1,
                     .tau = 0.7},
                    1),
        random_rows({.sizes = {19, 4, 26, 2, 11, 7, 3, 1, 8},
                     .person_columns = 6,
                     .group_columns = 2,
                     .tau = 0.2},
                    2),
        random_rows({.sizes = {8, 3, 5, 6, 9, 4},
                     .person_columns = 2,
                     .has_intercept = false,
                     .tau = 0.5},
                    3),
    };
    rows[0].z.col(1).array() += 1e6;
    rows[0].z.col(4).array() += 1e8;
    return rows;
  }();
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_replicate_is_the_fit_of_the_drawn_rows) {
  constexpr std::int64_t kReplicates = 150;
  std::map<std::uint8_t, int> seen;
  double worst = 0.0;
  for (const TwoLevelRows& rows : examples()) {
    for (const ResampleUnit unit : kUnits) {
      for (const Criterion criterion : kCriteria) {
        const ReplicateRows got = make(*scheme_of(rows, unit, criterion), 0, kReplicates);
        for (std::int64_t r = 0; r < kReplicates; ++r) {
          const GroupedStats stats = stats_of(resampled(rows, unit, r));
          const auto status = got.status[static_cast<std::size_t>(r)];
          ++seen[status];
          if (failed(static_cast<ReplicateStatus>(status))) {
            BOOST_CHECK_THROW(fit_gaussian(stats, {.criterion = criterion}), DataError);
            continue;
          }
          const FitResult fit = fit_gaussian(stats, {.criterion = criterion});
          worst = std::max(worst, difference(got, r, fit));
        }
      }
    }
  }
  BOOST_TEST_MESSAGE("largest difference " << worst << "; ok " << seen[0] << ", boundary "
                                           << seen[1] << ", collinear " << seen[3]
                                           << ", degenerate " << seen[4]);
  BOOST_TEST(worst < 1e-11);
  BOOST_TEST(seen[0] > 0);
  BOOST_TEST(seen[1] > 0);
  BOOST_TEST(seen[2] == 0);
}

BOOST_AUTO_TEST_CASE(a_resample_without_a_rare_category_is_collinear) {
  TwoLevelRows rows = random_rows({.sizes = {9, 4, 6, 2}, .dummy_columns = 1}, 4);
  rows.z.col(2).setZero();
  rows.z(5, 2) = 1.0;
  const ReplicateRows got =
      make(*scheme_of(rows, ResampleUnit::rows, Criterion::reml), 0, 200);
  int absent = 0;
  for (std::int64_t r = 0; r < 200; ++r) {
    const bool none = resampled(rows, ResampleUnit::rows, r).z.col(2).isZero(0.0);
    const auto at = static_cast<std::size_t>(r);
    BOOST_TEST((got.status[at] ==
                static_cast<std::uint8_t>(ReplicateStatus::collinear)) == none);
    BOOST_TEST(std::isnan(got.estimate[at * 5]) == none);
    absent += none;
  }
  BOOST_TEST(absent > 20);
}

BOOST_AUTO_TEST_CASE(neither_cuts_nor_levels_change_a_bit) {
  for (const TwoLevelRows& rows : examples()) {
    for (const ResampleUnit unit : kUnits) {
      BOOST_TEST(cuts_change_nothing(*scheme_of(rows, unit, Criterion::reml)));
      BOOST_TEST(levels_change_nothing(
          [&](SimdLevel level) { return scheme_of(rows, unit, Criterion::ml, level); }));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
