// SPDX-License-Identifier: MIT
#include "engine/model/group_moments.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/simd_levels.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(group_moments)

namespace {

using Exact = boost::multiprecision::cpp_bin_float_50;
using Eigen::Index;

/// The moments in 50 digits, in two passes, from the doubles as they are.
struct Reference {
  struct Group {
    double size = 0.0;
    std::vector<Exact> mean, largest;  // largest |z − mean|
    std::vector<std::vector<Exact>> within;
  };
  std::map<double, Group> groups;
  std::vector<std::vector<Exact>> within;  // pooled
};

Reference reference(const TwoLevelRows& rows) {
  const auto q = static_cast<std::size_t>(rows.z.cols());
  const std::vector<std::vector<Exact>> zero(q, std::vector<Exact>(q, Exact(0)));
  Reference ref;
  ref.within = zero;
  const auto z = [&](Index i, std::size_t a) {
    return Exact(rows.z(i, static_cast<Index>(a)));
  };
  for (Index i = 0; i < rows.z.rows(); ++i) {
    auto& group = ref.groups[rows.group[static_cast<std::size_t>(i)]];
    if (group.size == 0.0) {
      group.mean.assign(q, Exact(0));
      group.largest.assign(q, Exact(0));
      group.within = zero;
    }
    ++group.size;
    for (std::size_t a = 0; a < q; ++a)
      group.mean[a] += z(i, a);
  }
  for (auto& [key, group] : ref.groups) {
    for (Exact& mean : group.mean)
      mean /= group.size;
  }
  for (Index i = 0; i < rows.z.rows(); ++i) {
    auto& group = ref.groups[rows.group[static_cast<std::size_t>(i)]];
    for (std::size_t a = 0; a < q; ++a) {
      const Exact deviation = z(i, a) - group.mean[a];
      group.largest[a] = std::max(group.largest[a], Exact(abs(deviation)));
      for (std::size_t b = 0; b < q; ++b) {
        const Exact product = deviation * (z(i, b) - group.mean[b]);
        group.within[a][b] += product;
        ref.within[a][b] += product;
      }
    }
  }
  return ref;
}

/// Largest |W − W_exact| / √(W_aa W_bb); where W_aa is 0, W has to be 0.
double worst(const Eigen::MatrixXd& within,
             const std::vector<std::vector<Exact>>& exact) {
  double error = 0.0;
  for (std::size_t a = 0; a < exact.size(); ++a) {
    for (std::size_t b = 0; b < exact.size(); ++b) {
      const double got = within(static_cast<Index>(a), static_cast<Index>(b));
      const Exact scale = sqrt(exact[a][a] * exact[b][b]);
      if (scale == 0) {
        error = std::max(error, got == 0.0 ? 0.0 : 1.0);
      } else {
        error =
            std::max(error, static_cast<double>(abs(Exact(got) - exact[a][b]) / scale));
      }
    }
  }
  return error;
}

Eigen::MatrixXd unpacked(const GroupMoments& moments, Index j) {
  const Index q = moments.num_columns();
  Eigen::MatrixXd within(q, q);
  for (Index a = 0, ab = 0; a < q; ++a) {
    for (Index b = 0; b <= a; ++b, ++ab)
      within(a, b) = within(b, a) = moments.group_within(ab, j);
  }
  return within;
}

/// Means within `tolerance` of the group's spread, products within `tolerance` of √(W_aa W_bb).
void check(const GroupMoments& moments, const TwoLevelRows& rows, double tolerance) {
  const Reference ref = reference(rows);
  BOOST_TEST_REQUIRE(moments.key.size() == ref.groups.size());
  Index j = 0;
  double worst_mean = 0.0, worst_within = 0.0;
  for (const auto& [key, group] : ref.groups) {
    BOOST_TEST(moments.key[static_cast<std::size_t>(j)] == key);
    BOOST_TEST(moments.size[j] == group.size);
    for (std::size_t a = 0; a < group.mean.size(); ++a) {
      const auto at = static_cast<Index>(a);
      const Exact mean = Exact(moments.origin(at, j)) + Exact(moments.offset(at, j));
      const Exact error = abs(mean - group.mean[a]);
      worst_mean = std::max(
          worst_mean,
          error == 0 ? 0.0 : static_cast<double>(Exact(error / group.largest[a])));
    }
    if (moments.group_within.rows() > 0) {
      worst_within = std::max(worst_within, worst(unpacked(moments, j), group.within));
    }
    ++j;
  }
  if (moments.group_within.rows() == 0) worst_within = worst(moments.within, ref.within);
  BOOST_TEST(worst_mean <= tolerance);
  BOOST_TEST(worst_within <= tolerance);
}

GroupMoments moments_of(const TwoLevelRows& rows,
                        WithinDetail detail,
                        SimdLevel level = SimdLevel::v2) {
  return merit::group_moments(rows.z, rows.group, detail, level);
}

TwoLevelRows slice(const TwoLevelRows& rows, Index first, Index count) {
  TwoLevelRows part;
  part.z = rows.z.middleRows(first, count);
  part.group.assign(rows.group.begin() + first, rows.group.begin() + first + count);
  return part;
}

/// Uneven groups; an intercept, three person-level columns, two dummies, two group-level
/// columns: more than eight columns with y.
TwoLevelRows example(std::uint64_t seed = 1) {
  return random_rows({.sizes = {300, 1, 2, 57, 129, 128, 8, 400},
                      .person_columns = 3,
                      .dummy_columns = 2,
                      .group_columns = 2},
                     seed);
}

constexpr WithinDetail kDetails[] = {WithinDetail::pooled, WithinDetail::per_group};

// Rounding of sums of a few hundred terms.
constexpr double kRounding = 1e-14;

}  // namespace

BOOST_AUTO_TEST_CASE(are_those_of_50_digit_arithmetic) {
  const TwoLevelRows rows = example();
  for (const WithinDetail detail : kDetails)
    check(moments_of(rows, detail), rows, kRounding);
}

BOOST_AUTO_TEST_CASE(keep_their_digits_when_columns_are_far_from_zero) {
  for (const double shift : {1e6, 1e8, 1e12}) {
    TwoLevelRows rows = example();
    rows.z.col(1).array() += shift;
    rows.z.col(rows.z.cols() - 1).array() += shift;
    for (const WithinDetail detail : kDetails)
      check(moments_of(rows, detail), rows, kRounding);
  }
}

BOOST_AUTO_TEST_CASE(keep_their_digits_when_groups_are_far_apart) {
  TwoLevelRows rows = example();
  const Index y = rows.z.cols() - 1;
  for (Index i = 0; i < rows.z.rows(); ++i) {
    const double group = rows.group[static_cast<std::size_t>(i)];
    rows.z(i, y) += 1e9 * group;
  }
  for (const WithinDetail detail : kDetails)
    check(moments_of(rows, detail), rows, kRounding);
}

// One outlier costs nothing, wherever it stands; several at the very beginning of a large
// group cost a factor of its size at most, since their own squares are part of W.
BOOST_AUTO_TEST_CASE(outliers_cost_few_digits) {
  for (const double outlier : {10.0, 1e3, 1e6}) {
    for (const int count : {1, 3}) {
      TwoLevelRows rows = random_rows({.sizes = {20000}}, 12);
      rows.z.col(1).head(count).setConstant(outlier);
      rows.z.col(2).head(count).setConstant(-outlier);
      for (const WithinDetail detail : kDetails)
        check(moments_of(rows, detail), rows, count == 1 ? 1e-13 : 1e-9);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_column_constant_in_each_group_has_no_within_variation_at_all) {
  TwoLevelRows rows = example();
  const Index column = 6;  // of group level
  rows.z.col(column) *= 1e7 / 3.0;
  for (const WithinDetail detail : kDetails) {
    GroupMoments whole = moments_of(slice(rows, 0, 100), detail);
    for (Index first = 100; first < rows.z.rows(); first += 100) {
      const Index count = std::min<Index>(100, rows.z.rows() - first);
      whole = merge(whole, moments_of(slice(rows, first, count), detail));
    }
    const GroupedStats stats = grouped_stats(whole, true);
    for (Index a = 0; a < stats.within.rows(); ++a) {
      BOOST_TEST(stats.within(column, a) == 0.0);
      BOOST_TEST(stats.within(0, a) == 0.0);  // the intercept
    }
  }
}

BOOST_AUTO_TEST_CASE(pooled_is_the_sum_over_groups) {
  const TwoLevelRows rows = example();
  const GroupMoments pooled = moments_of(rows, WithinDetail::pooled);
  const GroupMoments apart = moments_of(rows, WithinDetail::per_group);
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(pooled.within.rows(), pooled.within.cols());
  for (Index j = 0; j < apart.size.size(); ++j)
    sum += unpacked(apart, j);
  const Eigen::ArrayXXd scale =
      (sum.diagonal().cwiseSqrt() * sum.diagonal().cwiseSqrt().transpose()).array() +
      1e-300;
  BOOST_TEST(((pooled.within - sum).array().abs() / scale).maxCoeff() < kRounding);
  BOOST_TEST((pooled.offset.array() == apart.offset.array()).all());
  BOOST_TEST(pooled.group_within.size() == 0);
  BOOST_TEST(apart.within.size() == 0);
}

BOOST_AUTO_TEST_CASE(merged_parts_are_the_whole) {
  const TwoLevelRows rows = example(2);
  const Index n = rows.z.rows();
  for (const WithinDetail detail : kDetails) {
    for (const Index cut : {Index{1}, Index{2}, n / 3, n - 1}) {
      check(merge(moments_of(slice(rows, 0, cut), detail),
                  moments_of(slice(rows, cut, n - cut), detail)),
            rows,
            kRounding);
    }
  }
}

BOOST_AUTO_TEST_CASE(merging_is_associative_to_rounding) {
  TwoLevelRows rows = example(3);
  rows.z.col(rows.z.cols() - 1).array() += 1e8;
  const Index n = rows.z.rows();
  for (const WithinDetail detail : kDetails) {
    const GroupMoments a = moments_of(slice(rows, 0, n / 5), detail);
    const GroupMoments b = moments_of(slice(rows, n / 5, n / 2 - n / 5), detail);
    const GroupMoments c = moments_of(slice(rows, n / 2, n - n / 2), detail);
    check(merge(merge(a, b), c), rows, kRounding);
    check(merge(a, merge(b, c)), rows, kRounding);
  }
}

BOOST_AUTO_TEST_CASE(one_row_at_a_time_is_as_good) {
  TwoLevelRows rows = example(4);
  rows.z.col(1).array() += 1e6;
  for (const WithinDetail detail : kDetails) {
    GroupMoments sum = moments_of(slice(rows, 0, 1), detail);
    for (Index i = 1; i < rows.z.rows(); ++i)
      sum = merge(sum, moments_of(slice(rows, i, 1), detail));
    check(sum, rows, 10 * kRounding);
  }
}

BOOST_AUTO_TEST_CASE(any_finite_number_is_a_key) {
  TwoLevelRows rows = example(5);
  const std::vector<double> keys = {
      -3.0, 0.5, 1e300, -0.25, 7.0, 262144.0, 1e-310, -1e18};
  for (double& key : rows.group)
    key = keys.at(static_cast<std::size_t>(key));
  for (const WithinDetail detail : kDetails) {
    check(moments_of(rows, detail), rows, kRounding);
    const Index n = rows.z.rows();
    check(merge(moments_of(slice(rows, 0, n / 2), detail),
                moments_of(slice(rows, n / 2, n - n / 2), detail)),
          rows,
          kRounding);
  }
}

BOOST_AUTO_TEST_CASE(codes_and_other_keys_give_the_same_bits) {
  TwoLevelRows rows = example(6);
  const GroupMoments by_code = moments_of(rows, WithinDetail::pooled);
  for (double& key : rows.group)
    key += 0.5;
  GroupMoments by_key = moments_of(rows, WithinDetail::pooled);
  for (double& key : by_key.key)
    key -= 0.5;
  BOOST_TEST((pack(by_code) == pack(by_key)));
}

BOOST_AUTO_TEST_CASE(one_row) {
  TwoLevelRows rows;
  rows.z.resize(1, 3);
  rows.z << 1.0, 0.1, 1e8 + 0.1;
  rows.group = {42.0};
  for (const WithinDetail detail : kDetails) {
    const GroupMoments moments = moments_of(rows, detail);
    BOOST_TEST(moments.size[0] == 1.0);
    BOOST_TEST(moments.origin(2, 0) == 1e8 + 0.1);
    BOOST_TEST(moments.offset.isZero(0.0));
    BOOST_TEST(moments.within.isZero(0.0));
    BOOST_TEST(moments.group_within.isZero(0.0));
  }
}

BOOST_AUTO_TEST_CASE(an_empty_block_adds_nothing) {
  const TwoLevelRows rows = example(7);
  TwoLevelRows none;
  none.z.resize(0, rows.z.cols());
  for (const WithinDetail detail : kDetails) {
    const GroupMoments moments = moments_of(rows, detail);
    const GroupMoments empty = moments_of(none, detail);
    BOOST_TEST(empty.size.size() == 0);
    BOOST_TEST((pack(merge(moments, empty)) == pack(moments)));
    BOOST_TEST((pack(merge(empty, moments)) == pack(moments)));
    BOOST_TEST((pack(merge(empty, empty)) == pack(empty)));
    BOOST_TEST((pack(unpack_group_moments(pack(empty))) == pack(empty)));
  }
}

BOOST_AUTO_TEST_CASE(packing_keeps_every_bit) {
  for (const WithinDetail detail : kDetails) {
    const GroupMoments moments = moments_of(example(8), detail);
    const GroupMoments again = unpack_group_moments(pack(moments));
    BOOST_TEST((pack(again) == pack(moments)));
    BOOST_TEST(again.key == moments.key, boost::test_tools::per_element());
    BOOST_TEST((again.offset.array() == moments.offset.array()).all());
    BOOST_TEST(again.group_within.rows() == moments.group_within.rows());
    BOOST_TEST(again.within.rows() == moments.within.rows());
  }
}

BOOST_AUTO_TEST_CASE(all_levels_give_the_same_bits) {
  const TwoLevelRows rows = example(9);
  for (const WithinDetail detail : kDetails) {
    const auto first = pack(moments_of(rows, detail, SimdLevel::v2));
    for (const SimdLevel level : simd_levels())
      BOOST_TEST((pack(moments_of(rows, detail, level)) == first));
  }
}

BOOST_AUTO_TEST_CASE(statistics_are_taken_from_the_grand_mean) {
  TwoLevelRows rows = example(10);
  const Index y = rows.z.cols() - 1;
  rows.z.col(y).array() += 1e8;
  const Reference ref = reference(rows);
  for (const WithinDetail detail : kDetails) {
    const GroupedStats stats = grouped_stats(moments_of(rows, detail), true);
    BOOST_TEST(stats.origin[0] == 0.0);
    BOOST_TEST(stats.num_obs() == static_cast<double>(rows.z.rows()));
    BOOST_TEST(stats.num_fixed() == y);
    for (Index a = 1; a <= y; ++a) {
      Exact mean = 0;
      for (Index i = 0; i < rows.z.rows(); ++i)
        mean += rows.z(i, a);
      mean /= static_cast<double>(rows.z.rows());
      const double spacing =
          std::nextafter(std::abs(stats.origin[a]), 1e300) - std::abs(stats.origin[a]);
      BOOST_TEST(abs(mean - stats.origin[a]) <= Exact(std::max(spacing, 1e-15)));
    }
    Index j = 0;
    for (const auto& [key, group] : ref.groups) {
      for (Index a = 0; a <= y; ++a) {
        const Exact centred =
            group.mean[static_cast<std::size_t>(a)] - Exact(stats.origin[a]);
        BOOST_TEST(abs(centred - stats.mean(a, j)) <= Exact(1e-14));
      }
      ++j;
    }
    BOOST_TEST(worst(stats.within, ref.within) <= kRounding);
    BOOST_TEST(stats.group_within.empty() == (detail == WithinDetail::pooled));
  }
}

BOOST_AUTO_TEST_CASE(without_an_intercept_nothing_is_moved) {
  const GroupedStats stats =
      grouped_stats(moments_of(example(11), WithinDetail::pooled), false);
  BOOST_TEST(stats.origin.isZero(0.0));
  BOOST_TEST(!stats.has_intercept);
}

BOOST_AUTO_TEST_SUITE_END()
