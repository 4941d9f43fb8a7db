// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_tally.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

using merit::OrderStatistics, merit::ReplicateMoments, merit::ReplicateTally;

BOOST_AUTO_TEST_SUITE(replicate_tally)

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint8_t kOk = 0, kBoundary = 1, kCollinear = 3;

/// Columns whose quantiles are hard to bin: normal; Cauchy; half of it exactly 0; far from
/// 0; two values only; all the same.
struct Rows {
  static constexpr std::size_t kColumns = 6;
  std::size_t block = 0;
  std::vector<double> estimates;
  std::vector<std::uint8_t> status;

  Rows(std::size_t count, std::size_t rows_per_block, std::uint64_t seed)
      : block(rows_per_block) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::cauchy_distribution<double> cauchy;
    for (std::size_t r = 0; r < count; ++r) {
      const bool fails = random() % 10 == 0;
      const double z = normal(random);
      const double row[kColumns] = {z,
                                    cauchy(random),
                                    std::max(0.0, normal(random)),
                                    1e9 + 1e-3 * z,
                                    z > 0.0 ? 2.5 : -1.0,
                                    7.0};
      for (const double value : row)
        estimates.push_back(fails ? kNaN : value);
      status.push_back(fails ? kCollinear : row[2] == 0.0 ? kBoundary : kOk);
    }
  }

  /// The blocks, in the order of `order`.
  template <class Use>
  void visit(const std::vector<std::size_t>& order, const Use& use) const {
    for (const std::size_t b : order) {
      const std::size_t first = b * block, rows = std::min(block, status.size() - first);
      use(static_cast<std::int64_t>(first),
          std::span(estimates).subspan(first * kColumns, rows * kColumns),
          std::span(status).subspan(first, rows));
    }
  }
  std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> order((status.size() + block - 1) / block);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
  }
  ReplicateTally tally(const std::vector<std::size_t>& order) const {
    ReplicateTally out({0.0, 0.0, 0.1, 1e9, 0.0, 7.0});
    visit(order, [&](auto first, auto rows, auto codes) { out.add(first, rows, codes); });
    return out;
  }
  std::vector<double> sorted(std::size_t column) const {
    std::vector<double> values;
    for (std::size_t r = 0; r < status.size(); ++r) {
      if (status[r] <= kBoundary) values.push_back(estimates[r * kColumns + column]);
    }
    std::sort(values.begin(), values.end());
    return values;
  }
};

std::vector<std::vector<std::int64_t>> every_column(std::vector<std::int64_t> ranks) {
  return std::vector(Rows::kColumns, std::move(ranks));
}

}  // namespace

// Against sorting.
BOOST_AUTO_TEST_CASE(order_statistics_are_those_of_sorted_values) {
  for (const std::size_t count :
       {std::size_t{3}, std::size_t{500}, std::size_t{20'000}}) {
    const Rows rows(count, 64, count);
    const ReplicateTally tally = rows.tally(rows.in_order());
    const std::int64_t R = tally.num_used();
    BOOST_TEST_REQUIRE(R == std::ssize(rows.sorted(0)));
    std::vector<std::int64_t> ranks = {1, R};
    for (const double q : {0.025, 0.5, 0.975})
      ranks.push_back(
          std::clamp<std::int64_t>(static_cast<std::int64_t>(q * double(R)), 1, R));
    OrderStatistics ordered(tally, every_column(ranks));
    rows.visit(rows.in_order(),
               [&](auto, auto values, auto codes) { ordered.add(values, codes); });
    for (std::size_t column = 0; column < Rows::kColumns; ++column) {
      const std::vector<double> sorted = rows.sorted(column);
      for (const std::int64_t k : ranks)
        BOOST_TEST(ordered(column, k) == sorted[static_cast<std::size_t>(k - 1)]);
    }
  }
}

// Against two passes over the values in long double.
BOOST_AUTO_TEST_CASE(moments_are_those_of_two_passes) {
  const Rows rows(20'000, 128, 1);
  const ReplicateTally tally = rows.tally(rows.in_order());
  for (const std::size_t column : {0U, 2U, 3U, 4U, 5U}) {
    const std::vector<double> values = rows.sorted(column);
    // About the first value, for the sake of the fourth column, 1e9 and a little.
    long double offset = 0.0L, squares = 0.0L, cubes = 0.0L, fourths = 0.0L;
    for (const double value : values)
      offset += (static_cast<long double>(value) - values[0]) /
                static_cast<long double>(values.size());
    const long double mean = values[0] + offset;
    for (const double value : values) {
      const long double d = static_cast<long double>(value) - values[0] - offset;
      squares += d * d;
      cubes += d * d * d;
      fourths += d * d * d * d;
    }
    const auto sd = static_cast<double>(
        std::sqrt(squares / static_cast<long double>(values.size() - 1)));
    const ReplicateMoments moments = tally.moments(column);
    // Sums of 20,000 terms in double.
    BOOST_TEST(std::abs(static_cast<double>(moments.mean - mean)) <=
               1e-12 * sd + 1e-16 * std::abs(moments.mean));
    BOOST_TEST(std::abs(moments.sd - sd) <= 1e-12 * sd);
    const auto R = static_cast<long double>(values.size());
    BOOST_TEST(std::abs(static_cast<double>(moments.third - cubes / R)) <=
               1e-10 * sd * sd * sd);
    BOOST_TEST(std::abs(static_cast<double>(moments.fourth - fourths / R)) <=
               1e-10 * sd * sd * sd * sd);
    // The origins of Rows::tally; far from them is their own distance from 0.
    const double origin[] = {0.0, 0.0, 0.1, 1e9, 0.0, 7.0};
    const double t0 = origin[column];
    BOOST_TEST(moments.num_below == std::count_if(values.begin(),
                                                  values.end(),
                                                  [&](double t) { return t < t0; }));
    BOOST_TEST(moments.num_beyond ==
               std::count_if(values.begin(), values.end(), [&](double t) {
                 return std::abs(t - t0) >= std::abs(t0);
               }));
  }
}

BOOST_AUTO_TEST_CASE(blocks_in_any_order_give_the_same_bits) {
  const Rows rows(5'000, 100, 2);
  std::vector<std::size_t> order = rows.in_order();
  const ReplicateTally forward = rows.tally(order);
  std::mt19937_64 random(3);
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::shuffle(order.begin(), order.end(), random);
    const ReplicateTally shuffled = rows.tally(order);
    for (std::size_t column = 0; column < Rows::kColumns; ++column) {
      BOOST_TEST(shuffled.moments(column).mean == forward.moments(column).mean);
      BOOST_TEST(shuffled.moments(column).sd == forward.moments(column).sd);
      BOOST_TEST(shuffled.moments(column).fourth == forward.moments(column).fourth);
      BOOST_TEST(shuffled.moments(column).num_below == forward.moments(column).num_below);
    }
    BOOST_TEST(shuffled.by_status() == forward.by_status());
  }
}

// What three workers count and collect, one of them on another rank, against one alone.
BOOST_AUTO_TEST_CASE(many_hands_give_the_same_bits) {
  const Rows rows(5'000, 100, 4);
  const std::vector<std::size_t> order = rows.in_order();
  const ReplicateTally alone = rows.tally(order);
  ReplicateTally empty({0.0, 0.0, 0.1, 1e9, 0.0, 7.0});
  empty.lay_bins(std::span(rows.estimates).first(20 * Rows::kColumns),
                 std::span(rows.status).first(20));
  std::vector<ReplicateTally> hands(3, empty);
  std::size_t next = 0;
  rows.visit(order, [&](auto first, auto values, auto codes) {
    hands[next++ % 2].add(first, values, codes);  // the third has nothing to do
  });
  ReplicateTally sum = hands[2];
  sum.merge(hands[1]);
  sum.merge(merit::unpack_tally(merit::pack(hands[0])));
  BOOST_TEST(sum.by_status() == alone.by_status());
  BOOST_TEST(sum.num_replicates() == 5'000);

  const std::vector<std::int64_t> ranks = {1, 100, sum.num_used()};
  std::vector<OrderStatistics> found(2, OrderStatistics(sum, every_column(ranks)));
  rows.visit(order, [&](auto, auto values, auto codes) {
    found[next++ % 2].add(values, codes);
  });
  OrderStatistics all(sum, every_column(ranks));
  all.merge(found[0]);
  all.merge_values(found[1].pack_values());
  for (std::size_t column = 0; column < Rows::kColumns; ++column) {
    BOOST_TEST(sum.moments(column).mean == alone.moments(column).mean);
    BOOST_TEST(sum.moments(column).sd == alone.moments(column).sd);
    BOOST_TEST(sum.moments(column).third == alone.moments(column).third);
    BOOST_TEST(sum.moments(column).num_below == alone.moments(column).num_below);
    BOOST_TEST(sum.moments(column).num_beyond == alone.moments(column).num_beyond);
    const std::vector<double> sorted = rows.sorted(column);
    for (const std::int64_t k : ranks)
      BOOST_TEST(all(column, k) == sorted[static_cast<std::size_t>(k - 1)]);
  }
}

// A value that is undefined in some rows, beside one that is not.
BOOST_AUTO_TEST_CASE(nan_is_left_out_of_its_own_column_alone) {
  ReplicateTally tally({2.0, 0.0});
  const std::vector<double> values = {1.0, 5.0, kNaN, 6.0, 3.0, 7.0, kNaN, kNaN};
  const std::vector<std::uint8_t> status = {kOk, kBoundary, kOk, kCollinear};
  tally.add(0, values, status);
  BOOST_TEST(tally.num_used() == 3);
  BOOST_TEST(tally.num_defined(0) == 2);
  BOOST_TEST(tally.num_defined(1) == 3);
  BOOST_TEST(tally.moments(0).mean == 2.0);
  BOOST_TEST(tally.moments(0).num_below == 1);
  BOOST_TEST(tally.moments(0).num_beyond == 0);
  BOOST_TEST(tally.moments(1).mean == 6.0);
  OrderStatistics ordered(tally, {{1, 2}, {1, 2, 3}});
  ordered.add(values, status);
  BOOST_TEST(ordered(0, 1) == 1.0);
  BOOST_TEST(ordered(0, 2) == 3.0);
  BOOST_TEST(ordered(1, 3) == 7.0);
  const ReplicateTally sent = merit::unpack_tally(merit::pack(tally));
  BOOST_TEST(sent.num_defined(0) == 2);
  BOOST_TEST(sent.moments(0).num_below == 1);
}

BOOST_AUTO_TEST_CASE(replicates_without_estimates_are_counted_only) {
  ReplicateTally tally({0.0});
  const std::vector<double> nothing(3, kNaN);
  const std::vector<std::uint8_t> status = {2, 3, 200};
  tally.add(0, nothing, status);
  BOOST_TEST(tally.num_used() == 0);
  BOOST_TEST(tally.has(0));
  BOOST_TEST(!tally.has(3));
  BOOST_TEST(tally.by_status()[2] == 2);  // unknown codes count as not converged
  BOOST_TEST(std::isnan(tally.moments(0).mean));
  tally.add(3, std::vector<double>{1.0, 3.0}, std::vector<std::uint8_t>{0, 0});
  BOOST_TEST(tally.moments(0).mean == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()
