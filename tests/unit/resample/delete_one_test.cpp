// SPDX-License-Identifier: MIT
#include "engine/resample/delete_one.hpp"

#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(delete_one)

namespace {

/// The rows of all groups but one.
TwoLevelRows without(const TwoLevelRows& rows, double group) {
  TwoLevelRows out{.z = Eigen::MatrixXd(rows.z.rows(), rows.z.cols()),
                   .group = {},
                   .has_intercept = true};
  for (std::size_t i = 0; i < rows.group.size(); ++i) {
    if (rows.group[i] == group) continue;
    out.z.row(std::ssize(out.group)) = rows.z.row(static_cast<Eigen::Index>(i));
    out.group.push_back(rows.group[i]);
  }
  out.z.conservativeResize(std::ssize(out.group), Eigen::NoChange);
  return out;
}

std::uint8_t code(ReplicateStatus status) {
  return static_cast<std::uint8_t>(status);
}

}  // namespace

// Against statistics made anew from the rows that are left. One group has a within-group
// variation 10¹⁶ times that of the others: subtracting it would leave no digit.
BOOST_AUTO_TEST_CASE(fits_are_those_of_the_other_groups_rows) {
  TwoLevelRows rows = random_rows({.sizes = {5, 9, 2, 14, 7, 3}, .group_columns = 1}, 3);
  for (std::size_t i = 0; i < rows.group.size(); ++i) {
    if (rows.group[i] == 3.0) rows.z.row(static_cast<Eigen::Index>(i)).tail(1) *= 1e8;
  }
  const GroupedStats stats = stats_of(rows);
  for (const Criterion criterion : {Criterion::reml, Criterion::ml}) {
    ReplicateRows got;
    delete_one_group(stats, criterion)->make(0, 6, got);
    BOOST_TEST(got.num_estimates == stats.num_fixed() + 2);
    for (int j = 0; j < 6; ++j) {
      const FitResult want =
          fit_gaussian(stats_of(without(rows, j)), {.criterion = criterion});
      const double* row = got.estimate.data() + j * got.num_estimates;
      // The group that is left in may drown the others: relative to the largest estimate.
      const double scale = want.sigma;
      const auto near = [&](double a, double b) {
        return std::abs(a - b) <= 1e-7 * scale;
      };
      for (Eigen::Index k = 0; k < want.beta.size(); ++k)
        BOOST_TEST(near(row[k], want.beta[k]));
      BOOST_TEST(near(row[want.beta.size()], want.tau));
      BOOST_TEST(near(row[want.beta.size() + 1], want.sigma));
      BOOST_TEST(
          got.status[static_cast<std::size_t>(j)] ==
          code(want.on_boundary ? ReplicateStatus::boundary : ReplicateStatus::ok));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_fitted_is_a_failure_with_a_status) {
  // Two groups: one is left.
  ReplicateRows got;
  delete_one_group(stats_of(random_rows({.sizes = {6, 7}}, 1)), Criterion::reml)
      ->make(0, 2, got);
  BOOST_TEST(got.status[0] == code(ReplicateStatus::degenerate));
  BOOST_TEST(std::isnan(got.estimate[0]));

  // A column that is 0 outside group 2.
  TwoLevelRows rows = random_rows({.sizes = {6, 7, 8, 9}, .person_columns = 2}, 2);
  for (std::size_t i = 0; i < rows.group.size(); ++i) {
    if (rows.group[i] != 2.0) rows.z(static_cast<Eigen::Index>(i), 2) = 0.0;
  }
  delete_one_group(stats_of(rows), Criterion::reml)->make(0, 4, got);
  BOOST_TEST(has_estimate(got.status[1]));
  BOOST_TEST(got.status[2] == code(ReplicateStatus::collinear));
}

BOOST_AUTO_TEST_CASE(columns_and_failures_are_in_group_order) {
  const double nan = std::nan("");
  const DeleteOneFits fits{.num_estimates = 2,
                           .estimate = {1.0, 2.0, nan, nan, 5.0, 6.0},
                           .status = {0, 3, 1}};
  BOOST_TEST(fits.num_groups() == 3);
  BOOST_TEST(fits.num_failed() == 1);
  const std::vector<double> second = fits.column(1);
  BOOST_TEST(second[0] == 2.0);
  BOOST_TEST(std::isnan(second[1]));
  BOOST_TEST(second[2] == 6.0);
}

BOOST_AUTO_TEST_SUITE_END()
