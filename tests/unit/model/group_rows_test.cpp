// SPDX-License-Identifier: MIT
#include "engine/model/group_rows.hpp"

#include <cstdint>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(group_rows)

namespace {

/// Column 0 holds the row's number, so that its way can be followed.
TwoLevelRows numbered() {
  TwoLevelRows rows = random_rows({.sizes = {5, 1, 9, 3}}, 1);
  for (Eigen::Index i = 0; i < rows.z.rows(); ++i)
    rows.z(i, 0) = static_cast<double>(i);
  for (double& key : rows.group)
    key = 2.5 - key;  // descending and fractional
  return rows;
}

void check_order(const GroupRows& sorted, const TwoLevelRows& rows) {
  BOOST_TEST_REQUIRE(sorted.z.rows() == rows.z.rows());
  BOOST_TEST_REQUIRE(sorted.first.size() == sorted.key.size() + 1);
  BOOST_TEST(sorted.first.front() == 0);
  BOOST_TEST(sorted.first.back() == rows.z.rows());
  for (std::size_t j = 0; j < sorted.key.size(); ++j) {
    if (j > 0) BOOST_TEST(sorted.key[j - 1] < sorted.key[j]);
    BOOST_TEST(sorted.first[j] < sorted.first[j + 1]);
    for (std::int64_t i = sorted.first[j]; i < sorted.first[j + 1]; ++i) {
      const auto number = static_cast<Eigen::Index>(sorted.z(i, 0));
      BOOST_TEST(rows.group[static_cast<std::size_t>(number)] == sorted.key[j]);
      BOOST_TEST((sorted.z.row(i).array() == rows.z.row(number).array()).all());
      if (i > sorted.first[j]) BOOST_TEST(sorted.z(i - 1, 0) < sorted.z(i, 0));
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(are_in_order_of_group_then_of_appearance) {
  const TwoLevelRows rows = numbered();
  check_order(merit::group_rows(rows.z, rows.group), rows);
}

BOOST_AUTO_TEST_CASE(merged_parts_are_the_whole) {
  const TwoLevelRows rows = numbered();
  const auto part = [&](Eigen::Index first, Eigen::Index count) {
    return merit::group_rows(
        rows.z.middleRows(first, count),
        {rows.group.begin() + first, rows.group.begin() + first + count});
  };
  for (Eigen::Index cut = 0; cut <= rows.z.rows(); ++cut) {
    check_order(merge(part(0, cut), part(cut, rows.z.rows() - cut)), rows);
  }
}

BOOST_AUTO_TEST_CASE(packing_keeps_every_bit) {
  const TwoLevelRows rows = numbered();
  const GroupRows sorted = merit::group_rows(rows.z, rows.group);
  check_order(unpack_group_rows(pack(sorted)), rows);
  const GroupRows none = merit::group_rows(rows.z.topRows(0), {});
  BOOST_TEST(unpack_group_rows(pack(none)).z.cols() == rows.z.cols());
  BOOST_TEST(unpack_group_rows(pack(none)).first.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
