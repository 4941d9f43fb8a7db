// SPDX-License-Identifier: MIT
#include "engine/inference/satterthwaite.hpp"

#include <cmath>

#include "engine/fit/origin_shift.hpp"
#include "engine/fit/profile.hpp"

namespace merit {
namespace {

class Satterthwaite final : public WaldMethod {
 public:
  Satterthwaite(const GroupedStats& stats, const FitResult& fit)
      : beta_(fit.beta), vcov_(fit.vcov) {
    const Eigen::Index p = stats.num_fixed();
    const bool reml = fit.criterion == Criterion::reml;
    d_ = stats.num_obs() - (reml ? static_cast<double>(p) : 0.0);
    const double theta = fit.tau / fit.sigma;
    const double lambda = theta * theta;
    shift_ = origin_shift(stats);
    boundary_ = fit.on_boundary;
    if (boundary_) return;

    const Eigen::MatrixXd L = profile_factor(stats, lambda);
    const Eigen::ArrayXd weight =
        stats.size.array() / (1.0 + stats.size.array() * lambda);
    Eigen::MatrixXd H = stats.mean.array().rowwise() * weight.transpose();
    L.triangularView<Eigen::Lower>().solveInPlace(H);
    Myy_ = H.row(p).squaredNorm();
    // cᵀA⁻¹ω_jx̄_j = (Lx⁻¹c)ᵀ h_j, h_j the first p rows of H.
    Lx_ = L.topLeftCorner(p, p);
    H_ = H.topRows(p);
    curvature_ = profile_derivatives(stats, lambda, fit.criterion).second;
  }

  const Eigen::MatrixXd& vcov() const override { return vcov_; }

  double df(const Eigen::VectorXd& c) const override {
    if (boundary_) return d_;
    const Eigen::VectorXd half =
        Lx_.triangularView<Eigen::Lower>().solve(shift_.transpose() * c);
    const double slope =
        (half.transpose() * H_).squaredNorm() / half.squaredNorm() - Myy_;
    return 1.0 / (1.0 / d_ + slope * slope / curvature_);
  }

  WaldTest test(const LinearHypothesis& hypothesis) const override {
    WaldTest out;
    const Eigen::Index q = hypothesis.L.rows();
    out.num_df = static_cast<double>(q);
    out.F = wald_quadratic(hypothesis, beta_, vcov_) / out.num_df;
    const Eigen::MatrixXd V = hypothesis.L * vcov_ * hypothesis.L.transpose();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(V);
    const Eigen::MatrixXd rows = eigen.eigenvectors().transpose() * hypothesis.L;
    Eigen::VectorXd each(q);
    for (Eigen::Index i = 0; i < q; ++i)
      each[i] = df(rows.row(i).transpose());
    out.den_df = pooled_denominator(each);
    out.p_value = f_upper_tail(out.F, out.num_df, out.den_df);
    return out;
  }

 private:
  Eigen::VectorXd beta_;
  Eigen::MatrixXd vcov_, shift_, Lx_, H_;
  double d_ = 0.0, Myy_ = 0.0, curvature_ = 0.0;
  bool boundary_ = false;
};

}  // namespace

double pooled_denominator(const Eigen::VectorXd& df) {
  constexpr double kEqual = 1e-8;
  if (df.maxCoeff() - df.minCoeff() < kEqual) return df.mean();
  if (!(df.minCoeff() > 2.0)) return 2.0;
  const double E = (df.array() / (df.array() - 2.0)).sum();
  return 2.0 * E / (E - static_cast<double>(df.size()));
}

std::unique_ptr<WaldMethod> satterthwaite(const GroupedStats& stats,
                                          const FitResult& fit) {
  return std::make_unique<Satterthwaite>(stats, fit);
}

}  // namespace merit
