// SPDX-License-Identifier: MIT
#include "engine/model/nesting.hpp"

#include <algorithm>
#include <cmath>

#include "engine/model/collinear.hpp"

namespace merit {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Sums of products of all columns of X about the common origin.
MatrixXd cross_products(const GroupedStats& stats) {
  const Index columns = stats.num_fixed();
  const MatrixXd mean = stats.mean.topRows(columns);
  return stats.within.topLeftCorner(columns, columns) +
         mean * stats.size.asDiagonal() * mean.transpose();
}

/// Coefficients of column `k` in the model's p columns.
VectorXd combination(const GroupedStats& stats, const MatrixXd& cross, Index p, Index k) {
  if (k < p) return VectorXd::Unit(p, k);
  const VectorXd scale = cross.diagonal().head(p).cwiseSqrt();
  const MatrixXd inverse = scale.cwiseInverse().asDiagonal();
  const Eigen::LDLT<MatrixXd> chol(inverse * cross.topLeftCorner(p, p) * inverse);
  VectorXd a = inverse * chol.solve(inverse * cross.col(k).head(p));
  if (stats.has_intercept) a[0] += stats.origin[k] - a.dot(stats.origin.head(p));
  return a;
}

/// The rows that are orthogonal to A's columns. Coefficients are put on the scale of their
/// columns first, so that the units of X do not decide the rank.
MatrixXd restriction(const MatrixXd& A, const VectorXd& scale) {
  const Index p = A.rows(), q = p - A.cols();
  std::vector<Index> left_out;
  for (Index k = 0; k < p; ++k) {
    if (A.row(k).isZero(0.0)) left_out.push_back(k);
  }
  MatrixXd L = MatrixXd::Zero(q, p);
  if (std::ssize(left_out) == q) {
    for (Index row = 0; row < q; ++row)
      L(row, left_out[static_cast<std::size_t>(row)]) = 1.0;
    return L;
  }
  MatrixXd scaled = scale.asDiagonal() * A;
  scaled.colwise().normalize();
  const MatrixXd Q = Eigen::HouseholderQR<MatrixXd>(scaled).householderQ();
  return Q.rightCols(q).transpose() * scale.asDiagonal();
}

}  // namespace

Nesting nesting(const GroupedStats& stats, Index p, std::span<const Index> nested) {
  Nesting out;
  std::vector<Index> combinations;
  for (const AliasedColumn& column : aliased_columns(stats))
    combinations.push_back(column.column);
  for (std::size_t k = 0; k < nested.size(); ++k) {
    const bool known =
        nested[k] < p || std::find(combinations.begin(), combinations.end(), nested[k]) !=
                             combinations.end();
    if (!known) out.outside.push_back(static_cast<Index>(k));
  }
  if (!out.outside.empty()) return out;

  const MatrixXd cross = cross_products(stats);
  out.A.resize(p, std::ssize(nested));
  for (std::size_t k = 0; k < nested.size(); ++k)
    out.A.col(static_cast<Index>(k)) = combination(stats, cross, p, nested[k]);
  out.L = restriction(out.A, cross.diagonal().head(p).cwiseSqrt());
  return out;
}

}  // namespace merit
