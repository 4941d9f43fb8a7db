// SPDX-License-Identifier: MIT
#include "engine/fit/profile.hpp"

#include <algorithm>
#include <numbers>

#include "engine/error.hpp"
#include "engine/fit/pivot_tolerance.hpp"
#include "engine/model/elementary.hpp"

namespace merit {
namespace {

// Pivots below this fraction of their diagonal are rounding errors of zeros.

struct Terms {
  Eigen::ArrayXd scale;   // 1 + n_j λ
  Eigen::ArrayXd weight;  // ω_j
  Eigen::ArrayXd count;   // how often groups count; empty: once

  Eigen::ArrayXd counted(const Eigen::ArrayXd& values) const {
    return count.size() == 0 ? values : (count * values).eval();
  }
};

Terms terms(const GroupedStats& stats, double lambda) {
  Terms t;
  t.scale = 1.0 + stats.size.array() * lambda;
  t.weight = stats.size.array() / t.scale;
  t.count = stats.multiplicity.array();
  return t;
}

/// Σ log x_j for x_j ≥ 1 like 1 + n_j λ: one logarithm for eight of them.
double sum_of_logs(const Eigen::ArrayXd& x) {
  double sum = 0.0;
  for (Eigen::Index j = 0; j < x.size(); j += 8) {
    sum += elementary::log(x.segment(j, std::min<Eigen::Index>(8, x.size() - j)).prod());
  }
  return sum;
}

double deviance(const GroupedStats& stats,
                const Terms& t,
                const Eigen::MatrixXd& L,
                Criterion criterion) {
  const Eigen::Index p = stats.num_fixed();
  const bool reml = criterion == Criterion::reml;
  const double d = stats.num_obs() - (reml ? static_cast<double>(p) : 0.0);
  const double rss = L(p, p) * L(p, p);
  double value = d * (1.0 + elementary::log(2.0 * std::numbers::pi * rss / d));
  if (t.count.size() == 0) {
    value += sum_of_logs(t.scale);
  } else {
    for (Eigen::Index j = 0; j < t.count.size(); ++j)
      value += t.count[j] * elementary::log(t.scale[j]);
  }
  for (Eigen::Index a = 0; reml && a < p; ++a)
    value += 2.0 * elementary::log(L(a, a));
  return value;
}

/// Whether the first `count` columns of A are linearly independent.
bool has_pivots(const Eigen::LLT<Eigen::MatrixXd>& chol,
                const Eigen::MatrixXd& A,
                Eigen::Index count) {
  const auto pivot = chol.matrixLLT().diagonal().head(count).array().square();
  return chol.info() == Eigen::Success &&
         (pivot > kPivotTolerance * A.diagonal().head(count).array()).all();
}

Eigen::MatrixXd factor(const GroupedStats& stats, const Terms& t) {
  const Eigen::Index p = stats.num_fixed();
  const Eigen::MatrixXd scaled =
      stats.mean.array().rowwise() * t.counted(t.weight).sqrt().transpose();
  Eigen::MatrixXd A = stats.within;
  A.selfadjointView<Eigen::Lower>().rankUpdate(scaled);
  const Eigen::LLT<Eigen::MatrixXd> chol(A);
  if (has_pivots(chol, A, p) && chol.matrixLLT()(p, p) > 0.0) return chol.matrixL();
  const Eigen::MatrixXd A_xx = A.topLeftCorner(p, p);
  throw DataError(has_pivots(Eigen::LLT<Eigen::MatrixXd>(A_xx), A_xx, p)
                      ? "the fixed effects and the groups fit the response exactly: no "
                        "residual variation is left to estimate the residual sd"
                      : "the fixed-effect columns are collinear");
}

}  // namespace

Eigen::MatrixXd profile_factor(const GroupedStats& stats, double lambda) {
  return factor(stats, terms(stats, lambda));
}

ProfilePoint profile_value(const GroupedStats& stats,
                           double lambda,
                           Criterion criterion) {
  const Terms t = terms(stats, lambda);
  ProfilePoint point;
  point.lambda = lambda;
  point.deviance = deviance(stats, t, factor(stats, t), criterion);
  return point;
}

ProfilePoint profile_derivatives(const GroupedStats& stats,
                                 double lambda,
                                 Criterion criterion) {
  const Eigen::Index p = stats.num_fixed();
  const bool reml = criterion == Criterion::reml;
  const double d = stats.num_obs() - (reml ? static_cast<double>(p) : 0.0);
  const Terms t = terms(stats, lambda);
  const Eigen::MatrixXd L = factor(stats, t);

  // Columns √… h_j, so that M = H Hᵀ and tr Q = Σ ω_j ‖column j of H‖².
  Eigen::MatrixXd H = stats.mean.array().rowwise() * t.weight.transpose();
  if (t.count.size() > 0) H.array().rowwise() *= t.count.sqrt().transpose();
  L.triangularView<Eigen::Lower>().solveInPlace(H);
  const Eigen::MatrixXd M = H * H.transpose();
  const double Myy = M(p, p);
  const double Qyy = (H.row(p).array().square() * t.weight.transpose()).sum();

  ProfilePoint point;
  point.lambda = lambda;
  point.deviance = deviance(stats, t, L, criterion);
  point.rss_slope = -Myy;
  point.first = -d * Myy + t.counted(t.weight).sum();
  point.second = d * (2.0 * Qyy - Myy * Myy - 2.0 * M.row(p).head(p).squaredNorm()) -
                 t.counted(t.weight.square()).sum();
  if (reml) {
    const auto Hx = H.topRows(p);
    const double trace_Q =
        (Hx.colwise().squaredNorm().array() * t.weight.transpose()).sum();
    point.first -= M.diagonal().head(p).sum();
    point.second += 2.0 * trace_Q - M.topLeftCorner(p, p).squaredNorm();
  }
  return point;
}

}  // namespace merit
