// SPDX-License-Identifier: MIT
#include "engine/inference/kenward_roger.hpp"

#include <array>
#include <cmath>

#include "engine/fit/origin_shift.hpp"
#include "engine/fit/profile.hpp"

namespace merit {
namespace {

using Eigen::Matrix2d;
using Eigen::MatrixXd;

/// m and the factor on F, from A₁ and A₂.
struct Moments {
  double den_df = 0.0;
  double scale = 1.0;
};

Moments match(double A1, double A2, double q) {
  if (q == 1.0) return {2.0 / A2, 1.0};
  const double B = (A1 + 6.0 * A2) / (2.0 * q);
  const double g = ((q + 1.0) * A1 - (q + 4.0) * A2) / ((q + 2.0) * A2);
  const double k = 3.0 * q + 2.0 * (1.0 - g);
  const double c1 = g / k, c2 = (q - g) / k, c3 = (q + 2.0 - g) / k;
  // pbkrtest's tolerances.
  const auto is_zero = [](double x, double tolerance) { return std::abs(x) < tolerance; };
  const double v0 = is_zero(1.0 + c1 * B, 1e-10) ? 0.0 : 1.0 + c1 * B;
  const double v1 = 1.0 - c2 * B, v2 = 1.0 - c3 * B, e = 1.0 - A2 / q;
  const double ratio = is_zero(e, 1e-14) && is_zero(v1, 1e-14) ? 1.0 : e / v1;
  const double rho = ratio * ratio * v0 / (q * v2);
  Moments out;
  out.den_df = 4.0 + (q + 2.0) / (q * rho - 1.0);
  constexpr double kNear = 1e-2;
  if (std::abs(out.den_df - 2.0) >= kNear)
    out.scale = out.den_df * e / (out.den_df - 2.0);
  return out;
}

class KenwardRoger final : public WaldMethod {
 public:
  /// Works in units of σ and on columns from the common origin, where no digits are lost.
  KenwardRoger(const GroupedStats& stats, const FitResult& fit)
      : beta_(fit.beta), shift_(origin_shift(stats)) {
    const Eigen::Index p = stats.num_fixed();
    const double theta = fit.tau / fit.sigma;
    const auto n = stats.size.array();
    const Eigen::ArrayXd d = 1.0 + n * (theta * theta);
    const MatrixXd W = stats.within.topLeftCorner(p, p);
    const MatrixXd X = stats.mean.topRows(p);
    const auto sum = [&](const Eigen::ArrayXd& factor) {
      return MatrixXd(X * factor.matrix().asDiagonal() * X.transpose());
    };
    const MatrixXd L = profile_factor(stats, theta * theta).topLeftCorner(p, p);
    const MatrixXd half =
        L.triangularView<Eigen::Lower>().solve(MatrixXd::Identity(p, p));
    const MatrixXd Phi = half.transpose() * half;
    const std::array<MatrixXd, 2> P = {-(W + sum(n / d.square())),
                                       -sum((n / d).square())};
    const MatrixXd Q11 = W + sum(n / d.cube()), Q12 = sum(n.square() / d.cube()),
                   Q22 = sum((n / d).cube());
    const std::array<const MatrixXd*, 4> Q = {&Q11, &Q12, &Q12, &Q22};
    const double num_groups = static_cast<double>(stats.num_groups());
    const double t12 = (n / d.square()).sum();
    const std::array<double, 4> trace = {
        stats.num_obs() - num_groups + d.square().inverse().sum(),
        t12,
        t12,
        (n / d).square().sum()};

    Matrix2d information;
    for (int i = 0; i < 2; ++i) {
      PhiPPhi_[static_cast<std::size_t>(i)] = Phi * P[static_cast<std::size_t>(i)] * Phi;
      for (int j = 0; j < 2; ++j) {
        const auto at = static_cast<std::size_t>(2 * i + j);
        const MatrixXd PhiP_j = Phi * P[static_cast<std::size_t>(j)];
        const MatrixXd PhiP_i = Phi * P[static_cast<std::size_t>(i)];
        information(i, j) = 0.5 * (trace[at] - 2.0 * Phi.cwiseProduct(*Q[at]).sum() +
                                   PhiP_i.cwiseProduct(PhiP_j.transpose()).sum());
      }
    }
    W_ = information.inverse();
    MatrixXd inner = MatrixXd::Zero(p, p);
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j)
        inner += W_(static_cast<int>(i), static_cast<int>(j)) *
                 (*Q[2 * i + j] - P[i] * Phi * P[j]);
    }
    const double variance = fit.sigma * fit.sigma;
    const MatrixXd adjusted = variance * (Phi + 2.0 * Phi * inner * Phi);
    Phi_ = Phi;
    vcov_ = shift_ * (0.5 * (adjusted + adjusted.transpose())) * shift_.transpose();
  }

  const MatrixXd& vcov() const override { return vcov_; }

  double df(const Eigen::VectorXd& c) const override {
    return moments(c.transpose()).den_df;
  }

  WaldTest test(const LinearHypothesis& hypothesis) const override {
    WaldTest out;
    out.num_df = static_cast<double>(hypothesis.L.rows());
    const Moments matched = moments(hypothesis.L);
    out.F = matched.scale * wald_quadratic(hypothesis, beta_, vcov_) / out.num_df;
    out.den_df = matched.den_df;
    out.p_value = f_upper_tail(out.F, out.num_df, out.den_df);
    return out;
  }

 private:
  Moments moments(const MatrixXd& L) const {
    const MatrixXd C = L * shift_;
    const Eigen::LLT<MatrixXd> chol(C * Phi_ * C.transpose());
    // tr(ΘΦPΦ) = tr(U), U = R⁻¹ C ΦPΦ Cᵀ R⁻ᵀ with CΦCᵀ = RRᵀ
    std::array<MatrixXd, 2> U;
    for (std::size_t i = 0; i < 2; ++i) {
      const MatrixXd left = chol.matrixL().solve(C * PhiPPhi_[i] * C.transpose());
      U[i] = chol.matrixL().solve(left.transpose());
    }
    double A1 = 0.0, A2 = 0.0;
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) {
        const double w = W_(static_cast<int>(i), static_cast<int>(j));
        A1 += w * U[i].trace() * U[j].trace();
        A2 += w * U[i].cwiseProduct(U[j].transpose()).sum();
      }
    }
    return match(A1, A2, static_cast<double>(L.rows()));
  }

  Eigen::VectorXd beta_;
  MatrixXd shift_, vcov_, Phi_;
  std::array<MatrixXd, 2> PhiPPhi_;
  Matrix2d W_;
};

}  // namespace

std::unique_ptr<WaldMethod> kenward_roger(const GroupedStats& stats,
                                          const FitResult& fit) {
  return std::make_unique<KenwardRoger>(stats, fit);
}

}  // namespace merit
