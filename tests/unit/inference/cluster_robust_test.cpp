// SPDX-License-Identifier: MIT
#include "engine/inference/cluster_robust.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "tests/support/dense_matrices.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(cluster_robust)

namespace {

constexpr VcovMethod kMethods[] = {
    VcovMethod::cr0, VcovMethod::cr1, VcovMethod::cr2, VcovMethod::cr3};

/// A symmetric matrix to a power, its zero eigenvalues left out.
Wide power(const Wide& A, long double exponent) {
  const Eigen::SelfAdjointEigenSolver<Wide> eigen(A);
  Wide out = Wide::Zero(A.rows(), A.cols());
  for (Eigen::Index i = 0; i < A.rows(); ++i) {
    if (eigen.eigenvalues()[i] < 1e-13L * eigen.eigenvalues().maxCoeff()) continue;
    out += std::pow(eigen.eigenvalues()[i], exponent) * eigen.eigenvectors().col(i) *
           eigen.eigenvectors().col(i).transpose();
  }
  return out;
}

/// Pustejovsky & Tipton (2018) with all rows: vcov, and the matrices S_j of Mc whose products
/// Ω_ij = g_iᵀ(I − H)_i Φ (I − H)_jᵀ g_j give the degrees of freedom.
struct AllRows {
  Wide vcov;
  std::vector<Wide> E;  // per group, p × n_j
  Wide residual_cov;    // (I − H) Σ (I − H)ᵀ
};

AllRows with_all_rows(const DenseMatrices& model, VcovMethod method) {
  const Wide H = model.X * model.Phi * model.X.transpose() * model.Sigma.inverse();
  const Wide I_H = model.I - H;
  const WideVector e = model.y - model.X * model.beta;
  const auto J = static_cast<long double>(model.rows.size());
  AllRows out;
  out.residual_cov = I_H * model.Sigma * I_H.transpose();
  Wide meat = Wide::Zero(model.X.cols(), model.X.cols());
  for (const auto& rows : model.rows) {
    const Wide Xj = model.X(rows, Eigen::all), Sj = model.Sigma(rows, rows);
    const Wide I_Hj = I_H(rows, rows);
    Wide A = Wide::Identity(Sj.rows(), Sj.cols());
    if (method == VcovMethod::cr1) A *= std::sqrt(J / (J - 1.0L));
    if (method == VcovMethod::cr2) {
      const Wide D = Sj.llt().matrixU();  // S = DᵀD: clubSandwich's chol
      A = D.transpose() * power(D * I_Hj * Sj * D.transpose(), -0.5L) * D;
    }
    if (method == VcovMethod::cr3) A = I_Hj.inverse();
    out.E.push_back(Xj.transpose() * Sj.inverse() * A);
    const WideVector score = out.E.back() * e(rows);
    meat += score * score.transpose();
  }
  out.vcov = model.Phi * meat * model.Phi;
  return out;
}

/// Ω^st_ij for the rows of L.
std::vector<std::vector<Wide>> omega(const DenseMatrices& model,
                                     const AllRows& all,
                                     const Wide& L) {
  const auto J = static_cast<Eigen::Index>(model.rows.size());
  const Eigen::Index q = L.rows();
  std::vector<std::vector<Wide>> out(
      static_cast<std::size_t>(q),
      std::vector<Wide>(static_cast<std::size_t>(q), Wide(J, J)));
  for (Eigen::Index i = 0; i < J; ++i) {
    for (Eigen::Index j = 0; j < J; ++j) {
      const auto at = static_cast<std::size_t>(i), to = static_cast<std::size_t>(j);
      const Wide gi = all.E[at].transpose() * model.Phi * L.transpose();
      const Wide gj = all.E[to].transpose() * model.Phi * L.transpose();
      const Wide C =
          gi.transpose() * all.residual_cov(model.rows[at], model.rows[to]) * gj;
      for (Eigen::Index s = 0; s < q; ++s) {
        for (Eigen::Index t = 0; t < q; ++t)
          out[static_cast<std::size_t>(s)][static_cast<std::size_t>(t)](i, j) = C(s, t);
      }
    }
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(reduced_rows_give_what_all_rows_give) {
  const std::vector<Recipe> recipes = {
      {.sizes = {5, 2, 9, 3, 2, 7, 6}, .dummy_columns = 1, .group_columns = 1},
      {.sizes = {3, 8, 6, 2, 4, 1}, .person_columns = 2, .has_intercept = false},
      {.sizes = {4, 4, 4, 4, 4, 4}, .group_columns = 1, .tau = 0.0},
      {.sizes = {1, 1, 2, 14, 3, 1, 1, 2}, .person_columns = 2, .tau = 1.5},
  };
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const Recipe& recipe : recipes) {
      const TwoLevelRows data = random_rows(recipe, seed);
      const GroupedStats stats = stats_of(data);
      const FitResult fit = fit_gaussian(stats);
      const DenseMatrices model = dense_matrices(data, fit);
      const Eigen::Index p = stats.num_fixed();
      for (const VcovMethod kind : kMethods) {
        const auto method = merit::cluster_robust(stats, fit, kind);
        const AllRows all = with_all_rows(model, kind);
        BOOST_TEST(relative_difference(method->vcov(), all.vcov) < 1e-9);

        Eigen::MatrixXd L = Eigen::MatrixXd::Identity(2, p);
        L(0, p - 1) -= 0.5;
        const auto W = omega(model, all, L.cast<long double>());
        const long double tr = W[0][0].trace();
        const double df = static_cast<double>(tr * tr / W[0][0].squaredNorm());
        BOOST_TEST(std::abs(method->df(L.row(0).transpose()) / df - 1.0) < 1e-8);

        // Hotelling's T² on contrasts that are scaled by the mean of their covariance.
        Wide mean(2, 2);
        for (std::size_t s = 0; s < 2; ++s) {
          for (std::size_t t = 0; t < 2; ++t)
            mean(static_cast<int>(s), static_cast<int>(t)) = W[s][t].trace();
        }
        const Wide scaled = power(mean, -0.5L) * L.cast<long double>();
        const auto B = omega(model, all, scaled);
        long double total = 0.0L;
        for (std::size_t s = 0; s < 2; ++s) {
          for (std::size_t t = 0; t < 2; ++t)
            total +=
                (B[s][s].cwiseProduct(B[t][t]) + B[s][t].cwiseProduct(B[t][s])).sum();
        }
        const long double nu = 6.0L / total;
        const Wide Lw = L.cast<long double>();
        const WideVector Lb = Lw * model.beta;
        const long double Q = Lb.dot((Lw * all.vcov * Lw.transpose()).inverse() * Lb);
        const WaldTest test = method->test({"L", L, Eigen::VectorXd::Zero(2)});
        BOOST_TEST(std::abs(test.den_df / (nu - 1.0L) - 1.0L) < 1e-7L);
        BOOST_TEST(std::abs(test.F / ((nu - 1.0L) / (2.0L * nu) * Q) - 1.0L) < 1e-7L);
      }
    }
  }
}

// By hand, balanced one-way layout of J groups: β̂ is the mean of the group means m_j, and with
// T = Σ(m_j − m̄)² the four are T/J², T/J(J−1), T/J(J−1) and T/(J−1)², all on J − 1 df.
BOOST_AUTO_TEST_CASE(balanced_one_way_layout_by_hand) {
  const std::vector<double> mean = {2.0, 5.0, 3.0, 8.0};  // m̄ = 4.5, T = 21
  GroupedStats stats = one_way({6, 6, 6, 6}, mean, 40.0);
  stats.group_within.assign(4, stats.within / 4.0);
  const FitResult fit = fit_gaussian(stats);
  const double expected[] = {21.0 / 16.0, 21.0 / 12.0, 21.0 / 12.0, 21.0 / 9.0};
  for (std::size_t k = 0; k < 4; ++k) {
    const auto method = merit::cluster_robust(stats, fit, kMethods[k]);
    BOOST_TEST(std::abs(method->vcov()(0, 0) / expected[k] - 1.0) < 1e-13);
    BOOST_TEST(std::abs(method->df(Eigen::VectorXd::Ones(1)) - 3.0) < 1e-12);
  }
}

// A column that marks one group leaves that group without residual: I − H is singular there, and the
// generalised inverse gives finite numbers; what concerns the other groups is what they give alone.
BOOST_AUTO_TEST_CASE(group_with_a_column_to_itself) {
  TwoLevelRows data = random_rows({.sizes = {5, 6, 7, 8, 9, 4}, .group_columns = 1}, 2);
  for (Eigen::Index i = 0; i < data.z.rows(); ++i)
    data.z(i, 2) = data.group[static_cast<std::size_t>(i)] == 3.0 ? 1.0 : 0.0;
  const GroupedStats stats = stats_of(data);
  const FitResult fit = fit_gaussian(stats);
  for (const VcovMethod kind : {VcovMethod::cr2, VcovMethod::cr3}) {
    const auto method = merit::cluster_robust(stats, fit, kind);
    BOOST_TEST(method->vcov().allFinite());
    BOOST_TEST(method->vcov()(1, 1) > 0.0);
    BOOST_TEST(method->df(Eigen::Vector3d::Unit(1)) > 1.0);
  }
}

// Units and origins of the columns change nothing but the units of the result.
BOOST_AUTO_TEST_CASE(shifted_and_scaled_columns) {
  const TwoLevelRows data = random_rows({.sizes = {5, 6, 7, 8, 9, 4}}, 5);
  TwoLevelRows moved = data;
  moved.z.col(1) =
      moved.z.col(1) * 1000.0 + Eigen::VectorXd::Constant(data.z.rows(), 1e6);
  for (const VcovMethod kind : kMethods) {
    const GroupedStats a = stats_of(data), b = stats_of(moved);
    const auto before = merit::cluster_robust(a, fit_gaussian(a), kind);
    const auto after = merit::cluster_robust(b, fit_gaussian(b), kind);
    BOOST_TEST(std::abs(after->vcov()(1, 1) * 1e6 / before->vcov()(1, 1) - 1.0) < 1e-8);
    BOOST_TEST(std::abs(after->df(Eigen::Vector2d::Unit(1)) /
                            before->df(Eigen::Vector2d::Unit(1)) -
                        1.0) < 1e-8);
  }
}

BOOST_AUTO_TEST_SUITE_END()
