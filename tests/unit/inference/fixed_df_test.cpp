// SPDX-License-Identifier: MIT
#include "engine/inference/fixed_df.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(fixed_df)

// 6 groups, 27 rows; intercept and one column of groups, two columns of persons:
// J − q − 1 = 6 − 1 − 1, n − J − p₁ = 27 − 6 − 2.
BOOST_AUTO_TEST_CASE(between_within_by_hand) {
  const Recipe recipe{
      .sizes = {5, 1, 9, 3, 2, 7}, .person_columns = 2, .group_columns = 1};
  const Eigen::VectorXd df = between_within_df(stats_of(random_rows(recipe, 1)));
  BOOST_TEST((df.array() == Eigen::Array4d(4.0, 19.0, 19.0, 4.0)).all());
}

// Without an intercept all three columns of groups count: 6 − 2.
BOOST_AUTO_TEST_CASE(between_within_without_intercept) {
  const Recipe recipe{.sizes = {5, 1, 9, 3, 2, 7},
                      .person_columns = 1,
                      .group_columns = 2,
                      .has_intercept = false};
  const Eigen::VectorXd df = between_within_df(stats_of(random_rows(recipe, 1)));
  BOOST_TEST((df.array() == Eigen::Array3d(20.0, 4.0, 4.0)).all());
}

// R 4.2.2: pf(2.25, 2, 4, lower.tail = FALSE).
BOOST_AUTO_TEST_CASE(several_coefficients_have_the_smallest_df) {
  const Eigen::Vector3d beta(1.0, 3.0, 0.0), df(4.0, 19.0, HUGE_VAL);
  const auto method = merit::fixed_df(beta, Eigen::Matrix3d::Identity(), df);
  BOOST_TEST(method->df(Eigen::Vector3d(0.0, 1.0, 0.0)) == 19.0);
  BOOST_TEST(method->df(Eigen::Vector3d(1.0, 1.0, 0.0)) == 4.0);
  BOOST_TEST(std::isinf(method->df(Eigen::Vector3d(0.0, 0.0, 1.0))));
  Eigen::MatrixXd L(2, 3);
  L << 1.0, 1.0, 0.0, 1.0, -1.0, 0.0;
  const WaldTest test = method->test({"a, b", L, Eigen::Vector2d(1.0, -2.0)});
  BOOST_TEST(std::abs(test.F - 2.25) < 1e-14);  // (3² / 2 + 0² / 2) / 2
  BOOST_TEST(test.den_df == 4.0);
  BOOST_TEST(std::abs(test.p_value / 0.2214532871972318 - 1.0) < 1e-13);
}

BOOST_AUTO_TEST_CASE(no_test_without_degrees_of_freedom) {
  const auto method = merit::fixed_df(
      Eigen::Vector2d(1.0, 3.0), Eigen::Matrix2d::Identity(), Eigen::Vector2d(0.0, 9.0));
  BOOST_TEST(std::isnan(method->df(Eigen::Vector2d(1.0, 0.0))));
  BOOST_TEST(std::isnan(
      method->test({"x", Eigen::RowVector2d(1.0, 0.0), Eigen::VectorXd::Zero(1)})
          .p_value));
}

BOOST_AUTO_TEST_CASE(singular_covariance_is_named) {
  const auto method = merit::fixed_df(Eigen::Vector2d(1.0, 3.0),
                                      Eigen::Matrix2d::Constant(1.0),
                                      Eigen::Vector2d(9.0, 9.0));
  BOOST_CHECK_THROW(
      method->test({"x, z", Eigen::Matrix2d::Identity(), Eigen::Vector2d::Zero()}),
      DataError);
}

// R 4.2.2: pf(4.5, 2, 10, lower.tail = FALSE); χ² on 2 df is exponential.
BOOST_AUTO_TEST_CASE(upper_tails) {
  BOOST_TEST(std::abs(f_upper_tail(4.5, 2.0, 10.0) / 0.0403861073406193 - 1.0) < 1e-13);
  BOOST_TEST(std::abs(f_upper_tail(4.5, 2.0, HUGE_VAL) / std::exp(-4.5) - 1.0) < 1e-13);
  BOOST_TEST(std::isnan(f_upper_tail(4.5, 2.0, -1.0)));
}

BOOST_AUTO_TEST_SUITE_END()
