// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
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

BOOST_AUTO_TEST_SUITE(group_bootstrap)

namespace {

constexpr Criterion kCriteria[] = {Criterion::ml, Criterion::reml};
constexpr std::uint64_t kSeed = 20240229;

/// Groups that replicate r draws: word k of its stream gives ⌊J · word / 2^64⌋.
std::vector<std::int64_t> drawn_groups(std::int64_t J, std::int64_t r) {
  Stream stream(kSeed, Purpose::group_bootstrap, r);
  std::vector<std::int64_t> groups;
  for (std::int64_t k = 0; k < J; ++k)
    groups.push_back(stream.index(J));
  return groups;
}

/// The replicate's data set with all rows: a group drawn twice is two groups, or, with
/// `merged`, one of twice the size.
TwoLevelRows resampled(const TwoLevelRows& rows,
                       const std::vector<std::int64_t>& groups,
                       bool merged = false) {
  std::vector<Eigen::Index> from;
  TwoLevelRows data;
  data.has_intercept = rows.has_intercept;
  for (std::size_t k = 0; k < groups.size(); ++k) {
    for (Eigen::Index i = 0; i < rows.z.rows(); ++i) {
      if (rows.group[static_cast<std::size_t>(i)] != static_cast<double>(groups[k]))
        continue;
      from.push_back(i);
      data.group.push_back(
          static_cast<double>(merged ? groups[k] : static_cast<std::int64_t>(k)));
    }
  }
  data.z.resize(static_cast<Eigen::Index>(from.size()), rows.z.cols());
  for (std::size_t i = 0; i < from.size(); ++i)
    data.z.row(static_cast<Eigen::Index>(i)) = rows.z.row(from[i]);
  return data;
}

std::unique_ptr<Scheme> scheme_of(const TwoLevelRows& rows,
                                  Criterion criterion,
                                  SimdLevel level = SimdLevel::v3,
                                  bool keep_std_errors = true) {
  const GroupedStats stats = stats_of(rows);
  const FitResult fit = fit_gaussian(stats, {.criterion = criterion});
  return merit::group_bootstrap(stats,
                                fit,
                                {.seed = kSeed,
                                 .criterion = criterion,
                                 .keep_std_errors = keep_std_errors,
                                 .simd = std::min(level, highest_simd_level())});
}

const std::vector<TwoLevelRows>& examples() {
  static const std::vector<TwoLevelRows> all = {
      random_rows({.sizes = {9, 4, 6, 2, 11, 7, 3, 1, 8},
                   .person_columns = 2,
                   .dummy_columns = 1,
                   .tau = 0.7},
                  1),
      random_rows({.sizes = {19, 4, 26, 2, 11, 7, 3, 1, 8, 50, 13, 6},
                   .group_columns = 1,
                   .tau = 0.2},
                  2),
      random_rows({.sizes = {8, 3, 5, 6, 9, 4},
                   .person_columns = 2,
                   .has_intercept = false,
                   .tau = 0.5},
                  3),
      random_rows({.sizes = {6, 6, 6, 6, 6}, .person_columns = 0, .tau = 1.0}, 4),
  };
  return all;
}

double num_groups(const TwoLevelRows& rows) {
  return *std::max_element(rows.group.begin(), rows.group.end()) + 1.0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_replicate_is_the_fit_of_the_rows_of_the_drawn_groups) {
  constexpr std::int64_t kReplicates = 300;
  std::map<std::uint8_t, int> seen;
  double worst = 0.0;
  for (const TwoLevelRows& rows : examples()) {
    const auto J = static_cast<std::int64_t>(num_groups(rows));
    for (const Criterion criterion : kCriteria) {
      const ReplicateRows got = make(*scheme_of(rows, criterion), 0, kReplicates);
      for (std::int64_t r = 0; r < kReplicates; ++r) {
        const auto status = got.status[static_cast<std::size_t>(r)];
        ++seen[status];
        const TwoLevelRows data = resampled(rows, drawn_groups(J, r));
        if (failed(static_cast<ReplicateStatus>(status))) {
          BOOST_CHECK_THROW(fit_gaussian(stats_of(data), {.criterion = criterion}),
                            DataError);
          continue;
        }
        const FitResult fit = fit_gaussian(stats_of(data), {.criterion = criterion});
        worst = std::max(worst, difference(got, r, fit));
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

// What merging groups that were drawn twice would do: other numbers, τ̂ too large.
BOOST_AUTO_TEST_CASE(groups_drawn_twice_are_not_merged) {
  const TwoLevelRows& rows = examples()[3];
  const auto J = static_cast<std::int64_t>(num_groups(rows));
  constexpr std::int64_t kReplicates = 200;
  const ReplicateRows got = make(*scheme_of(rows, Criterion::reml), 0, kReplicates);
  double apart = 0.0, merged = 0.0;
  int compared = 0;
  for (std::int64_t r = 0; r < kReplicates; ++r) {
    const auto groups = drawn_groups(J, r);
    try {
      const FitResult other = fit_gaussian(stats_of(resampled(rows, groups, true)));
      const double tau = got.estimate[static_cast<std::size_t>(r * 3 + 1)];
      if (std::isnan(tau)) continue;
      apart += tau * tau;
      merged += other.tau * other.tau;
      ++compared;
    } catch (const DataError&) {  // all draws alike: one group when merged
    }
  }
  BOOST_TEST(compared > 150);
  BOOST_TEST(merged > 1.1 * apart);
}

BOOST_AUTO_TEST_CASE(a_resample_without_a_rare_category_is_collinear) {
  TwoLevelRows rows = examples()[0];
  for (Eigen::Index i = 0; i < rows.z.rows(); ++i) {
    const bool rare =
        rows.group[static_cast<std::size_t>(i)] == 4.0 && rows.z(i, 1) > 0.0;
    rows.z(i, 3) = rare ? 1.0 : 0.0;  // in group 4 alone
  }
  constexpr std::int64_t kReplicates = 400;
  const ReplicateRows got = make(*scheme_of(rows, Criterion::reml), 0, kReplicates);
  int absent = 0;
  for (std::int64_t r = 0; r < kReplicates; ++r) {
    const auto groups = drawn_groups(9, r);
    const bool drawn = std::find(groups.begin(), groups.end(), 4) != groups.end();
    const auto at = static_cast<std::size_t>(r);
    const auto status = static_cast<ReplicateStatus>(got.status[at]);
    BOOST_TEST((status == ReplicateStatus::collinear) == !drawn);
    for (std::size_t k = 0; k < 6; ++k)
      BOOST_TEST(std::isnan(got.estimate[at * 6 + k]) == !drawn);
    const bool has_tau = status == ReplicateStatus::ok;
    for (std::size_t k = 0; k < 6; ++k)
      BOOST_TEST(std::isnan(got.std_error[at * 6 + k]) == (k == 4 ? !has_tau : !drawn));
    BOOST_TEST(std::isnan(got.log_likelihood[at]) == !drawn);
    absent += !drawn;
  }
  BOOST_TEST(absent > 80);  // (8/9)^9 of 400 are expected
}

// One group alone has more than one row: without it nothing tells σ from τ.
BOOST_AUTO_TEST_CASE(a_resample_of_single_rows_is_degenerate) {
  const TwoLevelRows rows =
      random_rows({.sizes = {12, 1, 1, 1, 1, 1}, .person_columns = 0}, 1);
  constexpr std::int64_t kReplicates = 400;
  for (const Criterion criterion : kCriteria) {
    const ReplicateRows got = make(*scheme_of(rows, criterion), 0, kReplicates);
    for (std::int64_t r = 0; r < kReplicates; ++r) {
      const auto groups = drawn_groups(6, r);
      const bool drawn = std::find(groups.begin(), groups.end(), 0) != groups.end();
      const auto status =
          static_cast<ReplicateStatus>(got.status[static_cast<std::size_t>(r)]);
      BOOST_TEST((status == ReplicateStatus::degenerate) == !drawn);
    }
  }
}

BOOST_AUTO_TEST_CASE(boundary_replicates_have_no_group_variation) {
  const TwoLevelRows& rows = examples()[1];
  const ReplicateRows got = make(*scheme_of(rows, Criterion::reml), 0, 400);
  const auto columns = static_cast<std::size_t>(got.num_estimates);
  int boundary = 0;
  for (std::size_t r = 0; r < 400; ++r) {
    const double tau = got.estimate[r * columns + columns - 2];
    const bool zero =
        got.status[r] == static_cast<std::uint8_t>(ReplicateStatus::boundary);
    BOOST_TEST(zero == (tau == 0.0));
    boundary += zero;
  }
  BOOST_TEST(boundary > 0);
}

BOOST_AUTO_TEST_CASE(standard_errors_can_be_left_out) {
  const ReplicateRows with = make(*scheme_of(examples()[0], Criterion::reml), 0, 20);
  const ReplicateRows without =
      make(*scheme_of(examples()[0], Criterion::reml, SimdLevel::v3, false), 0, 20);
  BOOST_TEST(without.std_error.empty());
  BOOST_TEST(without.num_std_errors == 0);
  BOOST_TEST((without.estimate == with.estimate));
}

BOOST_AUTO_TEST_CASE(neither_cuts_nor_levels_change_a_bit) {
  for (const TwoLevelRows& rows : examples()) {
    for (const Criterion criterion : kCriteria) {
      BOOST_TEST(cuts_change_nothing(*scheme_of(rows, criterion)));
      BOOST_TEST(levels_change_nothing(
          [&](SimdLevel level) { return scheme_of(rows, criterion, level); }));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
