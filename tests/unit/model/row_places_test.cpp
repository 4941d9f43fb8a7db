// SPDX-License-Identifier: MIT
#include "engine/model/row_places.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/model/packed_rows.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(row_places)

namespace {

/// Keys of 300 rows in blocks of 40, groups in no order.
std::vector<double> keys() {
  std::mt19937_64 random(3);
  std::vector<double> out;
  for (int i = 0; i < 300; ++i)
    out.push_back(2.5 * static_cast<double>(random() % 17) - 4.0);
  return out;
}

std::vector<BlockGroups> count(const std::vector<double>& key) {
  std::vector<BlockGroups> blocks;
  for (std::size_t first = 0; first < key.size(); first += 40) {
    std::map<double, std::int32_t> counts;
    for (std::size_t i = first; i < std::min(first + 40, key.size()); ++i)
      ++counts[key[i]];
    BlockGroups block;
    for (const auto& [group, n] : counts) {
      block.key.push_back(group);
      block.count.push_back(n);
    }
    blocks.push_back(block);
  }
  return blocks;
}

std::vector<double> distinct(const std::vector<double>& key) {
  std::map<double, int> seen;
  for (const double k : key)
    seen[k] = 1;
  std::vector<double> out;
  for (const auto& [k, one] : seen)
    out.push_back(k);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(blocks_in_any_order_find_the_places_of_a_stable_sort) {
  const std::vector<double> key = keys(), groups = distinct(key);
  const RowPlaces places(groups, count(key));
  std::map<double, std::int64_t> next;  // one pass from the first row to the last
  std::vector<std::pair<std::int64_t, std::int64_t>> expected;
  for (const double k : key) {
    std::int64_t group = 0;
    while (groups[static_cast<std::size_t>(group)] != k)
      ++group;
    expected.emplace_back(group, next[k]++);
  }
  RowPlaces::Cursor cursor(places);
  for (const std::int64_t block : {5, 0, 7, 3, 1, 6, 2, 4}) {
    cursor.begin(block);
    for (std::size_t i = static_cast<std::size_t>(block) * 40;
         i < std::min<std::size_t>(static_cast<std::size_t>(block) * 40 + 40, 300);
         ++i) {
      BOOST_TEST((cursor.next(key[i]) == expected[i]));
    }
  }
  for (std::size_t j = 0; j < groups.size(); ++j)
    BOOST_TEST(places.size()[j] == next[groups[j]]);
}

BOOST_AUTO_TEST_CASE(rows_that_were_not_counted_have_no_place) {
  const std::vector<double> key = {1.0, 1.0, 2.0};
  const RowPlaces places({1.0, 2.0}, {{.key = {1.0, 2.0}, .count = {2, 1}}});
  RowPlaces::Cursor cursor(places);
  cursor.begin(0);
  BOOST_TEST(cursor.next(3.0).first == -1);
  BOOST_TEST(cursor.next(2.0).first == 1);
  BOOST_TEST(cursor.next(2.0).first == -1);
}

BOOST_AUTO_TEST_CASE(packed_rows_keep_values_and_pad_groups) {
  Eigen::VectorXd origin(2);
  origin << 0.5, 0.0;
  PackedRows rows = lay_out_rows({1.0, 2.0, 7.0}, {3, 8, 9}, origin);
  BOOST_TEST(rows.num_packs() == 4);
  BOOST_TEST(rows.num_obs() == 20);
  BOOST_TEST(rows.largest_group() == 2);
  for (const bool all : {false, true}) {
    const PackedColumns kinds{.offset = all, .trials = all};
    const PackedRowsWriter writer(rows, kinds, allocate_rows(packed_bytes(rows, kinds)));
    std::vector<double> x1(20), x2(20);
    for (std::size_t i = 0; i < 20; ++i) {
      x1[i] = 10.0 + static_cast<double>(i);
      x2[i] = -static_cast<double>(i);
    }
    const double* columns[] = {x1.data(), x2.data()};
    std::int64_t at = 0;
    for (std::int64_t j = 0; j < 3; ++j) {
      for (std::int64_t i = 0; i < rows.size[static_cast<std::size_t>(j)]; ++i, ++at)
        writer.put(j, i, {columns, at, 0.25 * static_cast<double>(at), 3.0, 2.0});
      writer.pad(j);
    }
    at = 0;
    for (std::int64_t j = 0; j < 3; ++j) {
      std::int64_t row = rows.first_row(j);
      for (; row < rows.first_row(j) + rows.size[static_cast<std::size_t>(j)];
           ++row, ++at) {
        BOOST_TEST(rows.x_of(row, 0) == 9.5 + static_cast<double>(at));
        BOOST_TEST(rows.x_of(row, 1) == -static_cast<double>(at));
        BOOST_TEST(rows.offset_of(row) == (all ? 0.25 * static_cast<double>(at) : 0.0));
        BOOST_TEST(rows.trials_of(row) == (all ? 3.0 : 1.0));
        BOOST_TEST(rows.y[row] == 2);
      }
      for (; row < rows.first_row(j + 1); ++row) {
        BOOST_TEST(rows.y[row] == -1);
        BOOST_TEST(rows.x_of(row, 0) == 0.0);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
