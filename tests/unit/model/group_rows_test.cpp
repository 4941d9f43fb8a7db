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

BOOST_AUTO_TEST_SUITE_END()
