// SPDX-License-Identifier: MIT
#include "engine/fit/rotated_form.hpp"

#include "engine/error.hpp"
#include "engine/fit/origin_shift.hpp"
#include "engine/fit/pivot_tolerance.hpp"
#include "engine/fit/within_fit.hpp"
#include "engine/model/elementary.hpp"

namespace merit {

// Pivots below this fraction of their diagonal are rounding errors of zeros.

RotatedForm rotate(const GroupedStats& stats) {
  using Eigen::Index;
  using Eigen::MatrixXd;
  using Eigen::VectorXd;
  const Index p = stats.num_fixed();
  const Index J = stats.num_groups();

  const MatrixXd scaled =
      stats.mean.array().rowwise() * stats.size.array().sqrt().transpose();
  const MatrixXd cross = stats.within + scaled * scaled.transpose();
  const Eigen::LLT<MatrixXd> chol(cross.topLeftCorner(p, p));
  const VectorXd pivot = chol.matrixLLT().diagonal().cwiseAbs2();
  if (chol.info() != Eigen::Success ||
      !(pivot.array() > kPivotTolerance * cross.diagonal().head(p).array()).all()) {
    throw DataError("the fixed-effect columns are collinear");
  }
  const VectorXd beta = chol.solve(cross.col(p).head(p));
  // Zᵀ X (J × p) and Zᵀ M Z from the triangular factor of XᵀX.
  const MatrixXd ZtX = stats.size.asDiagonal() * stats.mean.topRows(p).transpose();
  const MatrixXd half = chol.matrixL().solve(ZtX.transpose());  // p × J
  MatrixXd ZtMZ = -(half.transpose() * half);
  ZtMZ.diagonal() += stats.size;
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(ZtMZ);

  RotatedForm form;
  // GᵀMG has a zero for each direction of X that is constant within groups.
  const WithinFit within = fit_within(stats);
  const Index r = J - (p - within.rank);
  form.mu = eigen.eigenvalues().tail(r).reverse();
  const MatrixXd W = eigen.eigenvectors().rightCols(r).rowwise().reverse();
  const MatrixXd null = eigen.eigenvectors().leftCols(J - r);
  const MatrixXd solved = chol.solve(ZtX.transpose());  // (XᵀX)⁻¹ XᵀZ
  form.direction = solved * W;
  const MatrixXd null_direction = solved * null;
  form.null_covariance = null_direction * null_direction.transpose();
  form.XtX_inverse = chol.solve(MatrixXd::Identity(p, p));
  for (Eigen::Index a = 0; a < p; ++a)
    form.log_det_XtX += elementary::log(pivot[a]);
  form.num_obs = stats.num_obs();
  form.residual_df = stats.num_obs() - static_cast<double>(p + r);

  const VectorXd residual =
      stats.mean.row(p).transpose() - stats.mean.topRows(p).transpose() * beta;
  const VectorXd ZtMy = stats.size.cwiseProduct(residual);
  form.w = (W.transpose() * ZtMy).cwiseQuotient(form.mu.cwiseSqrt());
  form.S0 = within.rss;
  form.beta_ols = beta;
  if (stats.has_intercept) {
    const MatrixXd shift = origin_shift(stats);
    form.direction = (shift * form.direction).eval();
    form.XtX_inverse = (shift * form.XtX_inverse * shift.transpose()).eval();
    form.null_covariance = (shift * form.null_covariance * shift.transpose()).eval();
    form.beta_ols = (shift * beta).eval();
    form.beta_ols[0] += stats.origin[p];
  }
  return form;
}

}  // namespace merit
