// SPDX-License-Identifier: MIT
#include "engine/resample/within_root.hpp"

namespace merit {
namespace {

/// Directions of W_xx with less than this share of their column's variation are rounding.
constexpr double kWithinTolerance = 1e-12;

}  // namespace

Eigen::MatrixXd within_root(const Eigen::MatrixXd& W) {
  const Eigen::VectorXd scale = W.diagonal().cwiseMax(0.0).cwiseSqrt();
  const Eigen::VectorXd inverse =
      (scale.array() > 0.0).select(scale.array().inverse(), 0.0).matrix();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(inverse.asDiagonal() * W *
                                                             inverse.asDiagonal());
  const Eigen::Index rank = (eigen.eigenvalues().array() > kWithinTolerance).count();
  return scale.asDiagonal() * eigen.eigenvectors().rightCols(rank) *
         eigen.eigenvalues().tail(rank).cwiseSqrt().asDiagonal();
}

}  // namespace merit
