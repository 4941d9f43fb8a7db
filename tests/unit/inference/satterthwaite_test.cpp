// SPDX-License-Identifier: MIT
#include "engine/inference/satterthwaite.hpp"

#include <array>
#include <cmath>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "tests/support/dense_matrices.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(satterthwaite)

namespace {

/// What Satterthwaite's formula needs at (log σ², log τ²), with n × n matrices.
struct Surface {
  long double deviance, f;
};

Surface surface(const DenseMatrices& model,
                Criterion criterion,
                const WideVector& c,
                const std::array<long double, 2>& at) {
  const Wide Sigma = std::exp(at[0]) * model.I + std::exp(at[1]) * model.ZZt;
  const Eigen::LLT<Wide> chol(Sigma);
  const Wide A = model.X.transpose() * chol.solve(model.X);
  const WideVector beta = A.ldlt().solve(model.X.transpose() * chol.solve(model.y));
  const WideVector e = model.y - model.X * beta;
  long double deviance = e.dot(chol.solve(e));
  deviance += 2.0L * chol.matrixLLT().diagonal().array().log().sum();
  if (criterion == Criterion::reml) deviance += std::log(A.determinant());
  return {deviance, c.dot(A.inverse() * c)};
}

/// 2f²/(∇fᵀ 2H⁻¹ ∇f) by central differences: the variances may be written in any way, so here
/// they are logarithms.
long double by_differences(const DenseMatrices& model,
                           const FitResult& fit,
                           const WideVector& c) {
  const std::array<long double, 2> at = {2.0L * std::log((long double)fit.sigma),
                                         2.0L * std::log((long double)fit.tau)};
  constexpr long double h = 1e-4L;
  const auto value = [&](int a, int b) {
    return surface(model, fit.criterion, c, {at[0] + a * h, at[1] + b * h});
  };
  const Surface s00 = value(0, 0), s10 = value(1, 0), s_10 = value(-1, 0),
                s01 = value(0, 1), s0_1 = value(0, -1);
  Eigen::Matrix<long double, 2, 2> H;
  H(0, 0) = (s10.deviance - 2.0L * s00.deviance + s_10.deviance) / (h * h);
  H(1, 1) = (s01.deviance - 2.0L * s00.deviance + s0_1.deviance) / (h * h);
  H(0, 1) = H(1, 0) = (value(1, 1).deviance - value(1, -1).deviance -
                       value(-1, 1).deviance + value(-1, -1).deviance) /
                      (4.0L * h * h);
  const Eigen::Matrix<long double, 2, 1> slope((s10.f - s_10.f) / (2.0L * h),
                                               (s01.f - s0_1.f) / (2.0L * h));
  return s00.f * s00.f / slope.dot(H.inverse() * slope);
}

}  // namespace

BOOST_AUTO_TEST_CASE(closed_form_is_that_of_numerical_derivatives) {
  const std::vector<Recipe> recipes = {
      {.sizes = {5, 1, 9, 3, 2, 7}, .dummy_columns = 1, .group_columns = 1, .tau = 1.0},
      {.sizes = {1, 1, 2, 15, 3, 4}, .person_columns = 2, .tau = 1.5},
      {.sizes = {3, 8, 6, 2, 2}, .person_columns = 2, .has_intercept = false, .tau = 1.0},
  };
  int interior = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const Recipe& recipe : recipes) {
      for (const Criterion criterion : {Criterion::ml, Criterion::reml}) {
        const TwoLevelRows data = random_rows(recipe, seed);
        const GroupedStats stats = stats_of(data);
        const FitResult fit = fit_gaussian(stats, {.criterion = criterion});
        if (fit.tau < 0.1) continue;
        ++interior;
        const DenseMatrices model = dense_matrices(data, fit);
        const auto method = merit::satterthwaite(stats, fit);
        const Eigen::Index p = stats.num_fixed();
        for (Eigen::Index k = 0; k < p; ++k) {
          Eigen::VectorXd c = Eigen::VectorXd::Unit(p, k);
          c[0] += 0.25;
          const long double reference = by_differences(model, fit, c.cast<long double>());
          // Central differences leave an error of about h² = 1e-8.
          BOOST_TEST(std::abs(method->df(c) / reference - 1.0L) < 1e-6L);
        }
      }
    }
  }
  BOOST_TEST(interior >= 15);
}

// lmerTest 3.1-3, contestMD(m, diag(2)) of sleepstudy and singletons (REML, R 4.2.2).
BOOST_AUTO_TEST_CASE(joint_tests_are_those_of_lmertest) {
  struct Case {
    TwoLevelRows data;
    double F, den_df, p;
  };
  for (const Case& c : {
           Case{read_rows("sleepstudy.csv", "Reaction", "Subject", {"Days"}),
                628.690304428963,
                39.2655370002112,
                1.518994514696e-30},
           Case{read_rows("singletons.csv", "y", "g", {"x"}),
                13.126902481405,
                42.7768766617272,
                3.58735839707884e-05},
       }) {
    const GroupedStats stats = stats_of(c.data);
    const auto method = merit::satterthwaite(stats, fit_gaussian(stats));
    const WaldTest test =
        method->test({"all", Eigen::MatrixXd::Identity(2, 2), Eigen::VectorXd::Zero(2)});
    BOOST_TEST(std::abs(test.F / c.F - 1.0) < 1e-6);
    BOOST_TEST(std::abs(test.den_df / c.den_df - 1.0) < 1e-6);
    BOOST_TEST(std::abs(test.p_value / c.p - 1.0) < 1e-4);
  }
}

// Without variance between groups the model is a regression: n − p (REML), n (ML).
BOOST_AUTO_TEST_CASE(boundary_fit_has_residual_degrees_of_freedom) {
  const GroupedStats stats = stats_of(read_rows("dyestuff2.csv", "Yield", "Batch"));
  for (const Criterion criterion : {Criterion::ml, Criterion::reml}) {
    const auto method =
        merit::satterthwaite(stats, fit_gaussian(stats, {.criterion = criterion}));
    BOOST_TEST(method->df(Eigen::VectorXd::Ones(1)) ==
               (criterion == Criterion::ml ? 30.0 : 29.0));
  }
}

BOOST_AUTO_TEST_CASE(denominators_are_pooled_as_lmertest_does) {
  BOOST_TEST(pooled_denominator(Eigen::Vector2d(7.0, 7.0)) == 7.0);
  BOOST_TEST(pooled_denominator(Eigen::Vector2d(7.0, 1.9)) == 2.0);
  // E = 10/8 + 5/3, 2E/(E − 2)
  BOOST_TEST(std::abs(pooled_denominator(Eigen::Vector2d(10.0, 5.0)) - 70.0 / 11.0) <
             1e-13);
}

BOOST_AUTO_TEST_SUITE_END()
