// SPDX-License-Identifier: MIT
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/quadrature_newton.hpp"
#include "engine/resample/cases.hpp"
#include "engine/resample/glmm_bootstrap.hpp"
#include "engine/resample/quantity_errors.hpp"
#include "engine/resample/replicate_covariance.hpp"
#include "tests/support/dense_model.hpp"
#include "tests/support/glmm_rows.hpp"
#include "tests/support/same_rows.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(errors_of_quantities)

namespace {

std::vector<double> row_of(const FitResult& fit) {
  std::vector<double> row(fit.beta.begin(), fit.beta.end());
  row.push_back(fit.tau);
  if (fit.has_sigma()) row.push_back(fit.sigma);
  return row;
}

std::vector<double> errors_of(const FitResult& fit) {
  std::vector<double> errors;
  for (Eigen::Index k = 0; k < fit.beta.size(); ++k)
    errors.push_back(std::sqrt(fit.vcov(k, k)));
  errors.push_back(fit.tau_std_error);
  if (fit.has_sigma()) errors.push_back(fit.sigma_std_error);
  return errors;
}

/// −2 log L of τ and σ, β at its best, from matrices of all rows.
long double deviance(const TwoLevelRows& rows,
                     long double tau,
                     long double sigma,
                     Criterion criterion) {
  const auto at = dense_fit<long double>(rows, tau * tau / (sigma * sigma), criterion);
  const auto d = static_cast<long double>(
      rows.z.rows() - (criterion == Criterion::reml ? rows.num_fixed() : 0));
  const long double ratio = at.sigma * at.sigma / (sigma * sigma);
  return at.deviance + d * (ratio - 1 - std::log(ratio));
}

}  // namespace

// The covariance matrix of τ̂ and σ̂ is twice the inverse of the deviance's second derivatives, taken
// here by differences: an error of some 10⁻⁵.
BOOST_AUTO_TEST_CASE(gaussian_sds_have_the_covariance_of_the_observed_information) {
  const TwoLevelRows rows =
      random_rows({.sizes = {3, 9, 5, 4, 7, 6, 2}, .person_columns = 1, .tau = 1.2}, 8);
  const GroupedStats stats = stats_of(rows);
  for (const Criterion criterion : {Criterion::ml, Criterion::reml}) {
    const FitResult fit = fit_gaussian(stats, {.criterion = criterion});
    BOOST_REQUIRE(fit.tau > 0.3);
    const Eigen::MatrixXd covariance =
        gaussian_covariance(stats, criterion, row_of(fit), errors_of(fit));
    const long double h = 1e-3L;
    const auto D = [&](int a, int b) {
      return deviance(rows, fit.tau + a * h, fit.sigma + b * h, criterion);
    };
    Eigen::Matrix2d second;
    second << static_cast<double>(D(1, 0) - 2 * D(0, 0) + D(-1, 0)),
        static_cast<double>((D(1, 1) - D(1, -1) - D(-1, 1) + D(-1, -1)) / 4), 0.0,
        static_cast<double>(D(0, 1) - 2 * D(0, 0) + D(0, -1));
    second(1, 0) = second(0, 1);
    const Eigen::Matrix2d expected = 2e-6 * second.inverse();
    BOOST_TEST(expected(0, 1) != 0.0);
    BOOST_TEST((covariance.bottomRightCorner(2, 2) - expected).cwiseAbs().maxCoeff() <
               1e-4 * std::abs(expected(0, 1)));
    BOOST_TEST((covariance.topLeftCorner(2, 2) - fit.vcov).cwiseAbs().maxCoeff() < 1e-12);
    BOOST_TEST(covariance(0, 3) == 0.0);
  }
}

// Against the inverse of −∂²log L/∂ψ∂ψ′ with three times the points, by differences.
BOOST_AUTO_TEST_CASE(other_families_have_the_covariance_of_the_observed_information) {
  for (const Family family : {Family::binomial, Family::negbinomial, Family::ordinal}) {
    const GlmmModel model =
        model_of(made_up_rows(family, 30, 4, family == Family::binomial),
                 family,
                 links_of(family).front());
    const GlmmFit fit = fit_glmm(model, {.num_nodes = 9});
    BOOST_REQUIRE(fit.result.tau > 0.0);
    const Eigen::MatrixXd covariance = glmm_covariance(model, 9, row_of(fit.result));
    const Eigen::Index size = model.num_parameters();
    const GaussHermite rule(27);
    QuadratureLikelihood likelihood(
        model.rows, model.family, model.response, rule, 1e-11);
    int evaluations = 0;
    Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(size, size);
    jacobian.topLeftCorner(size - 1, size - 1) = reported_jacobian(model, fit.psi);
    const Eigen::MatrixXd expected = jacobian *
                                     inverse_information(observed_information(
                                         likelihood, fit.psi, size, evaluations)) *
                                     jacobian.transpose();
    for (Eigen::Index a = 0; a < size; ++a) {
      for (Eigen::Index b = 0; b < size; ++b) {
        const double scale = std::sqrt(expected(a, a) * expected(b, b));
        BOOST_TEST(std::abs(covariance(a, b) - expected(a, b)) < 1e-3 * scale,
                   a << ", " << b);
      }
    }
  }
}

// By hand: √(cᵀCc) of a sum, s/τ of log τ, and of icc = τ²/(τ² + σ²) the gradient
// 2τσ²/(τ² + σ²)² and −2τ²σ/(τ² + σ²)².
BOOST_AUTO_TEST_CASE(the_delta_method_is_that_of_the_textbook) {
  const ParameterNames names{.terms = {"a", "b"}};
  const std::vector<double> row = {1.0, -2.0, 0.5, 2.0};
  Eigen::MatrixXd C(4, 4);
  C << 0.04, 0.01, 0, 0, 0.01, 0.09, 0, 0, 0, 0, 0.0025, -0.001, 0, 0, -0.001, 0.01;
  const auto error = [&](const std::string& text) {
    return quantity_std_error(Quantity(text, names), row, C);
  };
  const auto near = [](double a, double b) { return std::abs(a - b) < 1e-7 * b; };
  BOOST_TEST(near(error("b[a] - 2*b[b]"), std::sqrt(0.04 + 4 * 0.09 - 4 * 0.01)));
  BOOST_TEST(near(error("log(tau)"), 0.05 / 0.5));
  BOOST_TEST(near(error("exp(b[a])"), 0.2 * std::exp(1.0)));
  const double total = 0.25 + 4.0;
  const double of_tau = 2 * 0.5 * 4.0 / (total * total);
  const double of_sigma = -2 * 0.25 * 2.0 / (total * total);
  BOOST_TEST(near(error("icc"),
                  std::sqrt(of_tau * of_tau * 0.0025 + of_sigma * of_sigma * 0.01 -
                            2 * of_tau * of_sigma * 0.001)));
  BOOST_TEST(std::isnan(error("1")));
  C.row(2).setConstant(std::nan(""));
  C.col(2).setConstant(std::nan(""));
  BOOST_TEST(std::isnan(error("tau + b[a]")));
  BOOST_TEST(near(error("2*b[a]"), 0.4));
}

// A coefficient that is called a quantity has the standard error that it has as a coefficient, in
// every replicate; its own data give it where groups are drawn.
BOOST_AUTO_TEST_CASE(a_coefficient_as_a_quantity_has_its_own_standard_error) {
  const auto check = [](std::unique_ptr<Scheme> scheme,
                        const ReplicateCovariance& covariance,
                        std::vector<std::string> terms,
                        bool gaussian,
                        double tolerance) {
    const ParameterNames names{
        .terms = std::move(terms), .has_sigma = gaussian, .is_gaussian = gaussian};
    std::vector<Quantity> quantities = {Quantity("b[x]", names),
                                        Quantity("log(tau)", names)};
    const auto with =
        with_quantity_errors(std::move(scheme), covariance, std::move(quantities));
    const ReplicateRows rows = make(*with, 2, 20);
    const auto width = static_cast<std::size_t>(rows.num_std_errors);
    const auto m = static_cast<std::size_t>(rows.num_estimates);
    BOOST_REQUIRE(width == m + 2);
    const std::size_t tau = names.terms.size();
    for (std::size_t r = 0; r < 20; ++r) {
      if (!has_estimate(rows.status[r])) continue;
      const double* const s = rows.std_error.data() + r * width;
      const double* const t = rows.estimate.data() + r * m;
      BOOST_TEST(std::abs(s[m] / s[1] - 1.0) < tolerance);
      if (t[tau] > 0.0)
        BOOST_TEST(std::abs(s[m + 1] / (s[tau] / t[tau]) - 1.0) < tolerance);
      if (t[tau] == 0.0) BOOST_TEST(std::isnan(s[m + 1]));
    }
  };
  const GroupedStats stats =
      stats_of(random_rows({.sizes = {9, 4, 12, 7, 15, 3, 11}}, 21));
  const FitResult fit = fit_gaussian(stats);
  auto groups = group_bootstrap(stats, fit, {.seed = 3, .simd = SimdLevel::v2});
  const Scheme& drawn = *groups;
  check(
      std::move(groups),
      [&](std::int64_t r, auto estimates, auto errors) {
        return gaussian_covariance(
            drawn.data(r)->stats, Criterion::reml, estimates, errors);
      },
      {"(Intercept)", "x"},
      true,
      1e-6);
  const auto model = std::make_shared<const GlmmModel>(model_of(
      made_up_rows(Family::binomial, 20, 12, true), Family::binomial, Link::logit));
  auto logit = glmm_group_bootstrap(model, fit_glmm(*model), {.simd = SimdLevel::v2});
  const Scheme& of_logit = *logit;
  check(
      std::move(logit),
      [&](std::int64_t r, auto estimates, auto) {
        return glmm_covariance(*of_logit.data(r)->glmm, 7, estimates);
      },
      {"(Intercept)", "x", "z"},
      false,
      1e-4);  // modes are where they are to 1e-5, from wherever they were looked for
}

BOOST_AUTO_TEST_SUITE_END()
