// SPDX-License-Identifier: MIT
#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/model/group_moments.hpp"
#include "engine/model/nesting.hpp"

using namespace merit;
using Eigen::Index;
using Eigen::MatrixXd;

BOOST_AUTO_TEST_SUITE(nesting_of_models)

namespace {

/// 60 rows in 6 groups: 1, three columns of very different units, and a response. `extra` are
/// columns of nested models.
struct Rows {
  MatrixXd X;  // n × p
  MatrixXd extra;

  GroupedStats stats(bool has_intercept) const {
    MatrixXd z(X.rows(), X.cols() + extra.cols() + 1);
    z << X, extra, Eigen::VectorXd::LinSpaced(X.rows(), 0.0, 1.0);
    std::vector<double> group;
    for (Index i = 0; i < X.rows(); ++i)
      group.push_back(static_cast<double>(i % 6));
    return grouped_stats(
        merit::group_moments(z, group, WithinDetail::pooled, SimdLevel::v2),
        has_intercept);
  }
};

MatrixXd model_columns_of_many_units() {
  MatrixXd X(60, 4);
  for (Index i = 0; i < X.rows(); ++i) {
    const auto t = static_cast<double>(i);
    X.row(i) << 1.0, 1e6 + 3.0 * std::sin(t), 1e-5 * std::cos(1.3 * t),
        i % 2 == 0 ? 0.0 : 50.0;
  }
  return X;
}

/// X₀ = X A in every row, and LA = 0 on the scale of the columns, with L of full rank.
void check(const Nesting& found, const MatrixXd& X, const MatrixXd& X0) {
  BOOST_TEST_REQUIRE(found.outside.empty());
  const Eigen::VectorXd scale = X0.cwiseAbs().colwise().maxCoeff();
  const MatrixXd left = (X * found.A - X0) * scale.cwiseInverse().asDiagonal();
  BOOST_TEST(left.cwiseAbs().maxCoeff() < 1e-10);
  const Index q = X.cols() - X0.cols();
  BOOST_TEST_REQUIRE(found.L.rows() == q);
  const MatrixXd L = found.L * X.colwise().norm().cwiseInverse().asDiagonal();
  const MatrixXd A = X.colwise().norm().asDiagonal() * found.A;
  BOOST_TEST(
      (L * A * A.colwise().norm().cwiseInverse().asDiagonal()).cwiseAbs().maxCoeff() <
      1e-10 * L.cwiseAbs().maxCoeff());
  BOOST_TEST(Eigen::ColPivHouseholderQR<MatrixXd>(L).rank() == q);
}

}  // namespace

// Coefficients that are left out are the restriction, exactly.
BOOST_AUTO_TEST_CASE(columns_left_out) {
  const Rows rows{model_columns_of_many_units(), MatrixXd(60, 0)};
  const Nesting found = nesting(rows.stats(true), 4, std::vector<Index>{0, 2});
  MatrixXd L(2, 4), A(4, 2);
  L << 0, 1, 0, 0, 0, 0, 0, 1;
  A << 1, 0, 0, 0, 0, 1, 0, 0;
  BOOST_TEST((found.L - L).isZero(0.0));
  BOOST_TEST((found.A - A).isZero(0.0));
}

BOOST_AUTO_TEST_CASE(combinations_of_columns) {
  const MatrixXd X = model_columns_of_many_units();
  MatrixXd extra(60, 2);
  extra.col(0) = 3.0 * X.col(1) - 2e11 * X.col(2) + 7.0 * X.col(0);
  extra.col(1) = X.col(3) / 50.0 - 4.0 * X.col(0);
  const Rows rows{X, extra};
  MatrixXd X0(60, 3);
  X0 << X.col(0), extra;
  check(nesting(rows.stats(true), 4, std::vector<Index>{0, 4, 5}), X, X0);
  // Without an intercept in the nested model.
  check(nesting(rows.stats(true), 4, std::vector<Index>{4, 5}), X, extra);
}

// The model has indicators in the place of the intercept; the nested model has the intercept.
BOOST_AUTO_TEST_CASE(an_intercept_that_is_a_sum_of_indicators) {
  MatrixXd X(60, 3);
  for (Index i = 0; i < X.rows(); ++i) {
    for (Index k = 0; k < 3; ++k)
      X(i, k) = (i / 5) % 3 == k ? 1.0 : 0.0;
  }
  const Rows rows{X, MatrixXd::Ones(60, 1)};
  const Nesting found = nesting(rows.stats(false), 3, std::vector<Index>{3});
  check(found, X, rows.extra);
  BOOST_TEST((found.A - MatrixXd::Ones(3, 1)).cwiseAbs().maxCoeff() < 1e-14);
}

BOOST_AUTO_TEST_CASE(what_is_no_combination_is_named) {
  const MatrixXd X = model_columns_of_many_units();
  MatrixXd extra(60, 2);
  extra.col(0) = X.col(1) + X.col(2);
  extra.col(1) = X.col(3).array() + 1e-3 * X.col(1).array().sin();
  const Rows rows{X, extra};
  const Nesting found = nesting(rows.stats(true), 4, std::vector<Index>{0, 4, 5});
  BOOST_TEST(found.outside == std::vector<Index>{2}, boost::test_tools::per_element());
  BOOST_TEST(found.A.size() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
