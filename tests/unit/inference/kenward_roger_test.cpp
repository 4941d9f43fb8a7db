// SPDX-License-Identifier: MIT
#include "engine/inference/kenward_roger.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "tests/support/dense_matrices.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(kenward_roger)

namespace {

/// Kenward & Roger (1997), § 2 and 3, with n × n matrices: P, Q, W, Φ_A, then A₁, A₂ and the rest
/// of the F approximation, in the letters of the paper.
struct PaperResult {
  Wide Phi_A;
  long double F = 0.0L, m = 0.0L;
};

PaperResult by_the_paper(const DenseMatrices& model, const Wide& L) {
  const Wide S = model.Sigma.inverse(), &X = model.X, &Phi = model.Phi;
  const Wide G[2] = {model.I, model.ZZt};
  Wide P[2], Q[2][2], I_E(2, 2);
  for (int i = 0; i < 2; ++i) {
    P[i] = -X.transpose() * S * G[i] * S * X;
    for (int j = 0; j < 2; ++j)
      Q[i][j] = X.transpose() * S * G[i] * S * G[j] * S * X;
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      I_E(i, j) = 0.5L * ((S * G[i] * S * G[j]).trace() -
                          (2.0L * Phi * Q[i][j] - Phi * P[i] * Phi * P[j]).trace());
    }
  }
  const Wide W = I_E.inverse();
  Wide sum = Wide::Zero(X.cols(), X.cols());
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j)
      sum += W(i, j) * (Q[i][j] - P[i] * Phi * P[j]);
  }
  PaperResult out;
  out.Phi_A = Phi + 2.0L * Phi * sum * Phi;

  const auto q = static_cast<long double>(L.rows());
  const Wide Theta = L.transpose() * (L * Phi * L.transpose()).inverse() * L;
  long double A1 = 0.0L, A2 = 0.0L;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      const Wide ui = Theta * Phi * P[i] * Phi, uj = Theta * Phi * P[j] * Phi;
      A1 += W(i, j) * ui.trace() * uj.trace();
      A2 += W(i, j) * (ui * uj).trace();
    }
  }
  const long double B = (A1 + 6.0L * A2) / (2.0L * q);
  const long double g = ((q + 1.0L) * A1 - (q + 4.0L) * A2) / ((q + 2.0L) * A2);
  const long double below = 3.0L * q + 2.0L * (1.0L - g);
  const long double c1 = g / below, c2 = (q - g) / below, c3 = (q + 2.0L - g) / below;
  const long double E = 1.0L / (1.0L - A2 / q);
  const long double V =
      2.0L / q * (1.0L + c1 * B) / ((1.0L - c2 * B) * (1.0L - c2 * B) * (1.0L - c3 * B));
  const long double rho = V / (2.0L * E * E);
  out.m = 4.0L + (q + 2.0L) / (q * rho - 1.0L);
  const WideVector Lb = L * model.beta;
  const Wide quadratic = Lb.transpose() * (L * out.Phi_A * L.transpose()).inverse() * Lb;
  out.F = out.m / (E * (out.m - 2.0L)) * quadratic(0, 0) / q;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(sums_over_groups_are_the_papers_matrices) {
  const std::vector<Recipe> recipes = {
      {.sizes = {5, 1, 9, 3, 2, 7}, .dummy_columns = 1, .group_columns = 1},
      {.sizes = {1, 1, 2, 25, 3, 4}, .person_columns = 2, .tau = 1.5},
      {.sizes = {3, 8, 6, 2, 2}, .person_columns = 2, .has_intercept = false},
      {.sizes = {6, 7, 3, 9, 5, 4, 8}, .group_columns = 2, .tau = 0.0},
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (const Recipe& recipe : recipes) {
      const TwoLevelRows data = random_rows(recipe, seed);
      const GroupedStats stats = stats_of(data);
      const FitResult fit = fit_gaussian(stats);
      const DenseMatrices model = dense_matrices(data, fit);
      const auto method = merit::kenward_roger(stats, fit);
      const Eigen::Index p = stats.num_fixed();
      for (Eigen::Index q = 1; q <= p; ++q) {
        // The first q rows of a full-rank matrix that is not diagonal.
        Eigen::MatrixXd L = Eigen::MatrixXd::Identity(q, p);
        for (Eigen::Index i = 0; i < q; ++i)
          L(i, (i + 1) % p) -= 0.5;
        const PaperResult paper = by_the_paper(model, L.cast<long double>());
        if (q == 1) {
          BOOST_TEST(relative_difference(method->vcov(), paper.Phi_A) < 1e-12);
          BOOST_TEST(std::abs(method->df(L.row(0).transpose()) / paper.m - 1.0L) < 1e-9L);
        }
        const WaldTest test = method->test({"L", L, Eigen::VectorXd::Zero(q)});
        BOOST_TEST(test.num_df == static_cast<double>(q));
        BOOST_TEST(std::abs(test.F / paper.F - 1.0L) < 1e-9L);
        BOOST_TEST(std::abs(test.den_df / paper.m - 1.0L) < 1e-9L);
      }
    }
  }
}

// Balanced one-way layout: the test of the grand mean is exactly t on J − 1 degrees of freedom, with
// the unadjusted standard error √(MSB/(J n)) (Searle, Casella & McCulloch 1992, § 3.9).
BOOST_AUTO_TEST_CASE(balanced_one_way_layout_is_exact) {
  const GroupedStats stats = stats_of(read_rows("dyestuff.csv", "Yield", "Batch"));
  const FitResult fit = fit_gaussian(stats);
  const auto method = merit::kenward_roger(stats, fit);
  BOOST_TEST(std::abs(method->df(Eigen::VectorXd::Ones(1)) - 5.0) < 1e-12);
  BOOST_TEST(std::abs(method->vcov()(0, 0) / (11271.5 / 30.0) - 1.0) < 1e-12);
}

// A hypothesis may be moved and its rows combined: F and df stay.
BOOST_AUTO_TEST_CASE(equivalent_hypotheses_have_one_test) {
  const TwoLevelRows data =
      random_rows({.sizes = {4, 6, 9, 5, 3, 12}, .group_columns = 1}, 3);
  const GroupedStats stats = stats_of(data);
  const FitResult fit = fit_gaussian(stats);
  const auto method = merit::kenward_roger(stats, fit);
  const Eigen::MatrixXd L = Eigen::MatrixXd::Identity(2, 3);
  const Eigen::Matrix2d mix{{2.0, 1.0}, {-1.0, 3.0}};
  const Eigen::Vector2d value(0.3, -0.2);
  const WaldTest a = method->test({"a", L, value});
  const WaldTest b = method->test({"b", mix * L, mix * value});
  BOOST_TEST(std::abs(a.F / b.F - 1.0) < 1e-11);
  BOOST_TEST(std::abs(a.den_df / b.den_df - 1.0) < 1e-9);
  BOOST_TEST(std::abs(method->test({"c", L, L * fit.beta}).F) < 1e-20);
}

BOOST_AUTO_TEST_SUITE_END()
