// SPDX-License-Identifier: MIT
#include "engine/fit/rotated_form.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/profile.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(rotated_form)

namespace {

constexpr Criterion kCriteria[] = {Criterion::ml, Criterion::reml};

struct Example {
  TwoLevelRows rows;
  Eigen::Index rank;  // r = J − directions of X that are constant within groups
};

std::vector<Example> examples() {
  return {
      {random_rows({.sizes = {9, 4, 6, 2, 11, 7, 3}, .dummy_columns = 1}, 1), 6},
      {random_rows({.sizes = {9, 4, 6, 2, 11, 7, 3}, .group_columns = 2}, 2), 4},
      {random_rows({.sizes = {5, 5, 5, 5, 5, 5}, .person_columns = 0}, 3), 5},
      {random_rows({.sizes = {1, 1, 300, 2, 40}, .group_columns = 1}, 4), 3},
      {random_rows({.sizes = {8, 3, 5, 6}, .person_columns = 2, .has_intercept = false},
                   5),
       4},
      {random_rows({.sizes = {8, 3, 5, 6},
                    .person_columns = 1,
                    .group_columns = 1,
                    .has_intercept = false},
                   6),
       3},
      {random_rows({.sizes = {4, 7}}, 7), 1},
  };
}

/// −2 log L(λ) at σ̂(λ), from the rotated form.
double deviance(const RotatedForm& form,
                const GroupedStats& stats,
                double lambda,
                Criterion criterion,
                double* sigma) {
  const auto p = static_cast<double>(form.direction.rows());
  const bool reml = criterion == Criterion::reml;
  const double d = form.num_obs - (reml ? p : 0.0);
  const Eigen::ArrayXd scale = 1.0 + lambda * form.mu.array();
  const double S = form.S0 + (form.w.array().square() / scale).sum();
  *sigma = std::sqrt(S / d);
  const double log_det = reml ? form.log_det_XtX + scale.log().sum()
                              : (1.0 + lambda * stats.size.array()).log().sum();
  return d * (1.0 + std::log(2.0 * std::numbers::pi * S / d)) + log_det;
}

}  // namespace

BOOST_AUTO_TEST_CASE(has_as_many_directions_as_groups_that_x_leaves_free) {
  for (const Example& example : examples()) {
    const GroupedStats stats = stats_of(example.rows);
    const RotatedForm form = rotate(stats);
    BOOST_TEST(form.mu.size() == example.rank);
    BOOST_TEST(form.mu.minCoeff() > 0.0);
    for (Eigen::Index i = 1; i < form.mu.size(); ++i)
      BOOST_TEST(form.mu[i] <= form.mu[i - 1]);
    BOOST_TEST(form.num_obs == stats.num_obs());
    BOOST_TEST(form.residual_df ==
               stats.num_obs() - static_cast<double>(stats.num_fixed() + example.rank));
  }
}

BOOST_AUTO_TEST_CASE(gives_the_profile_of_the_grouped_form) {
  for (const Example& example : examples()) {
    const GroupedStats stats = stats_of(example.rows);
    const RotatedForm form = rotate(stats);
    for (const Criterion criterion : kCriteria) {
      for (const double lambda : {0.0, 1e-4, 0.03, 0.4, 2.0, 50.0, 1e4}) {
        double sigma = 0.0;
        const double got = deviance(form, stats, lambda, criterion, &sigma);
        const FitResult fit = fit_gaussian_at(stats, lambda, criterion);
        BOOST_TEST(std::abs(got + 2.0 * fit.log_likelihood) < 1e-10);
        BOOST_TEST(std::abs(sigma / fit.sigma - 1.0) < 1e-11);

        const Eigen::ArrayXd scale = 1.0 + lambda * form.mu.array();
        const Eigen::VectorXd beta =
            form.beta_ols -
            lambda * (form.direction *
                      (form.mu.array().sqrt() * form.w.array() / scale).matrix());
        const Eigen::MatrixXd unscaled =
            form.XtX_inverse +
            lambda * (form.null_covariance + form.direction *
                                                 scale.inverse().matrix().asDiagonal() *
                                                 form.direction.transpose());
        const Eigen::VectorXd se = fit.vcov.diagonal().cwiseSqrt();
        for (Eigen::Index a = 0; a < se.size(); ++a) {
          BOOST_TEST(std::abs(beta[a] - fit.beta[a]) < 1e-11 * se[a]);
          for (Eigen::Index b = 0; b < se.size(); ++b) {
            const double vcov = sigma * sigma * unscaled(a, b);
            BOOST_TEST(std::abs(vcov - fit.vcov(a, b)) < 1e-10 * se[a] * se[b]);
          }
        }
      }
    }
  }
}

// μ sums to tr GᵀMG = n − tr (XᵀX)⁻¹ XᵀGGᵀX, and for balanced data without covariates all
// μ are n_j (Crainiceanu & Ruppert 2004, § 3).
BOOST_AUTO_TEST_CASE(balanced_data_have_equal_eigenvalues) {
  const RotatedForm form =
      rotate(stats_of(random_rows({.sizes = {5, 5, 5, 5}, .person_columns = 0}, 1)));
  for (const double mu : form.mu)
    BOOST_TEST(std::abs(mu - 5.0) < 1e-13);
}

BOOST_AUTO_TEST_CASE(columns_far_from_zero_cost_no_digits) {
  TwoLevelRows rows = examples()[0].rows;
  const RotatedForm near = rotate(stats_of(rows));
  const Eigen::Index y = rows.num_fixed();
  for (Eigen::Index i = 0; i < rows.z.rows(); ++i) {
    rows.z(i, 1) = std::round(rows.z(i, 1) * 1024.0) / 1024.0;  // the shift stays exact
    rows.z(i, y) = std::round(rows.z(i, y) * 1024.0) / 1024.0;
  }
  const RotatedForm rounded = rotate(stats_of(rows));
  rows.z.col(1).array() += 1e6;
  rows.z.col(y).array() += 1e8;
  const RotatedForm far = rotate(stats_of(rows));
  BOOST_TEST((far.mu - rounded.mu).cwiseAbs().maxCoeff() < 1e-9);
  BOOST_TEST((far.w.cwiseAbs() - rounded.w.cwiseAbs()).cwiseAbs().maxCoeff() < 1e-9);
  BOOST_TEST(std::abs(far.S0 / rounded.S0 - 1.0) < 1e-10);
  BOOST_TEST(std::abs(far.beta_ols[1] - rounded.beta_ols[1]) < 1e-10);
  BOOST_TEST(near.mu.size() == far.mu.size());
}

BOOST_AUTO_TEST_CASE(collinear_columns_are_an_error) {
  TwoLevelRows rows = examples()[0].rows;
  rows.z.col(2) = rows.z.col(1);
  BOOST_CHECK_THROW(rotate(stats_of(rows)), DataError);
}

BOOST_AUTO_TEST_SUITE_END()
