// SPDX-License-Identifier: MIT
#include "engine/inference/cluster_robust.hpp"

#include <cassert>
#include <cmath>
#include <vector>

#include "engine/fit/origin_shift.hpp"
#include "engine/fit/profile.hpp"
#include "engine/inference/reduced_group.hpp"

namespace merit {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// I − H_jj on the scale where V_j = I is taken to be singular below this: its eigenvalues
/// lie between 0 and 1.
constexpr double kSingular = 1e-12;

/// What one group adds to the meat, in its reduced rows and in units of σ.
struct Piece {
  MatrixXd X;  // (k+1) × p
  VectorXd d;  // k+1, diagonal of V_j
  MatrixXd E;  // p × (k+1), X_jᵀ V_j⁻¹ A_j
};

/// A_j. @param half  H̃_jj = half halfᵀ, with X̃ = V^(−½)X
MatrixXd adjustment(VcovMethod method,
                    const VectorXd& d,
                    const MatrixXd& half,
                    double num_groups) {
  const Index m = d.size();
  if (method == VcovMethod::cr0) return MatrixXd::Identity(m, m);
  if (method == VcovMethod::cr1)
    return std::sqrt(num_groups / (num_groups - 1.0)) * MatrixXd::Identity(m, m);
  const MatrixXd I_H = MatrixXd::Identity(m, m) - half * half.transpose();
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(I_H);
  const Index rank = (eigen.eigenvalues().array() > kSingular).count();
  const VectorXd root = d.cwiseSqrt();
  if (method == VcovMethod::cr3) {
    const MatrixXd vectors = eigen.eigenvectors().rightCols(rank);
    return root.asDiagonal() * vectors *
           eigen.eigenvalues().tail(rank).cwiseInverse().asDiagonal() *
           vectors.transpose() * root.cwiseInverse().asDiagonal();
  }
  // D = V^½ makes G = V(I − H̃)V; A does not depend on which root is taken.
  const Eigen::SelfAdjointEigenSolver<MatrixXd> G(d.asDiagonal() * I_H * d.asDiagonal());
  const MatrixXd vectors = G.eigenvectors().rightCols(rank);
  return root.asDiagonal() * vectors *
         G.eigenvalues().tail(rank).cwiseSqrt().cwiseInverse().asDiagonal() *
         vectors.transpose() * root.asDiagonal();
}

class ClusterRobust final : public WaldMethod {
 public:
  ClusterRobust(const GroupedStats& stats, const FitResult& fit, VcovMethod method)
      : beta_(fit.beta), shift_(origin_shift(stats)) {
    assert(method != VcovMethod::model);
    const Index p = stats.num_fixed(), J = stats.num_groups();
    const double theta = fit.tau / fit.sigma, lambda = theta * theta;
    const MatrixXd L = profile_factor(stats, lambda);
    const auto Lx = L.topLeftCorner(p, p).triangularView<Eigen::Lower>();
    root_ = Lx.solve(MatrixXd::Identity(p, p));  // M = root_ᵀ root_
    const VectorXd beta = Lx.adjoint().solve(L.row(p).head(p).transpose());

    MatrixXd scores(p, J);
    for (Index j = 0; j < J; ++j) {
      const ReducedGroup group = reduce_group(stats, j);
      VectorXd d = VectorXd::Ones(group.y.size());
      d[0] += stats.size[j] * lambda;
      const MatrixXd half =
          d.cwiseSqrt().cwiseInverse().asDiagonal() * group.X * root_.transpose();
      const MatrixXd A = adjustment(method, d, half, static_cast<double>(J));
      MatrixXd E = group.X.transpose() * d.cwiseInverse().asDiagonal() * A;
      scores.col(j) = E * (group.y - group.X * beta);
      pieces_.push_back({group.X, std::move(d), std::move(E)});
    }
    const MatrixXd components = shift_ * (root_.transpose() * (root_ * scores));
    vcov_ = components * components.transpose();
  }

  const MatrixXd& vcov() const override { return vcov_; }

  double df(const VectorXd& c) const override {
    const Forms forms = forms_of(c.transpose());
    const double expected = forms.mean(0, 0);
    return 2.0 * expected * expected / variance(forms, 0, 0);
  }

  WaldTest test(const LinearHypothesis& hypothesis) const override {
    WaldTest out;
    const Index q = hypothesis.L.rows();
    const auto rows = static_cast<double>(q);
    const double Q = wald_quadratic(hypothesis, beta_, vcov_);
    // Contrasts whose vcov has the identity for a mean.
    const MatrixXd mean = forms_of(hypothesis.L).mean;
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(mean);
    const Forms forms = forms_of(eigen.operatorInverseSqrt() * hypothesis.L);
    double total = 0.0;
    for (Index s = 0; s < q; ++s) {
      for (Index t = 0; t < q; ++t)
        total += variance(forms, s, t);
    }
    const double nu = rows * (rows + 1.0) / total;
    out.num_df = rows;
    out.den_df = nu - rows + 1.0;
    out.F = out.den_df / (nu * rows) * Q;
    out.p_value = f_upper_tail(out.F, out.num_df, out.den_df);
    return out;
  }

 private:
  /// Of q contrasts, per pair (s, t): the diagonal Ω^st_jj = a_j − h_j with h_j = ũ_sjᵀũ_tj, and
  /// B_st = Σ_j ũ_sj ũ_tjᵀ, ũ = M^½u.
  struct Forms {
    std::vector<MatrixXd> omega, h;  // per group, q × q
    std::vector<MatrixXd> B;         // q·q of p × p
    MatrixXd mean;                   // q × q, Σ_j Ω_jj
  };

  Forms forms_of(const MatrixXd& L) const {
    const Index q = L.rows(), p = beta_.size();
    const MatrixXd Mc = root_.transpose() * (root_ * (L * shift_).transpose());  // p × q
    Forms out;
    out.mean = MatrixXd::Zero(q, q);
    out.B.assign(static_cast<std::size_t>(q * q), MatrixXd::Zero(p, p));
    for (const Piece& piece : pieces_) {
      const MatrixXd g = piece.E.transpose() * Mc;           // (k+1) × q
      const MatrixXd u = root_ * (piece.X.transpose() * g);  // p × q
      out.h.push_back(u.transpose() * u);
      out.omega.push_back(g.transpose() * piece.d.asDiagonal() * g - out.h.back());
      out.mean += out.omega.back();
      for (Index s = 0; s < q; ++s) {
        for (Index t = 0; t < q; ++t)
          out.B[static_cast<std::size_t>(s * q + t)] += u.col(s) * u.col(t).transpose();
      }
    }
    return out;
  }

  /// Var(d_st) = Σ_ij Ω^ss_ij Ω^tt_ij + Ω^st_ij Ω^ts_ij
  double variance(const Forms& forms, Index s, Index t) const {
    const Index q = forms.mean.rows();
    double sum = 0.0;
    for (std::size_t j = 0; j < forms.omega.size(); ++j) {
      const MatrixXd &w = forms.omega[j], &h = forms.h[j];
      sum +=
          w(s, s) * w(t, t) - h(s, s) * h(t, t) + w(s, t) * w(t, s) - h(s, t) * h(t, s);
    }
    const MatrixXd& B = forms.B[static_cast<std::size_t>(s * q + t)];
    return sum + B.squaredNorm() + B.cwiseProduct(B.transpose()).sum();
  }

  VectorXd beta_;
  MatrixXd shift_, root_, vcov_;
  std::vector<Piece> pieces_;
};

}  // namespace

std::unique_ptr<WaldMethod> cluster_robust(const GroupedStats& stats,
                                           const FitResult& fit,
                                           VcovMethod method) {
  return std::make_unique<ClusterRobust>(stats, fit, method);
}

}  // namespace merit
