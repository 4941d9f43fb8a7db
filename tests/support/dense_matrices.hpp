// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "tests/support/two_level_rows.hpp"

namespace merit::testing {

using Wide = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using WideVector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

/// The matrices of a model with all their rows, as textbooks write them.
struct DenseMatrices {
  Wide X;           ///< n × p
  WideVector y;     ///< n
  Wide ZZt;         ///< n × n, 1 where two rows share a group
  Wide I;           ///< n × n
  Wide Sigma;       ///< σ̂²I + τ̂²ZZᵀ
  WideVector beta;  ///< generalised least squares
  Wide Phi;         ///< (XᵀΣ⁻¹X)⁻¹
  std::vector<std::vector<Eigen::Index>> rows;  ///< of each group, ascending keys
};

inline DenseMatrices dense_matrices(const TwoLevelRows& data, const FitResult& fit) {
  const Eigen::Index n = data.z.rows(), p = data.num_fixed();
  DenseMatrices out;
  out.X = data.z.leftCols(p).cast<long double>();
  out.y = data.z.col(p).cast<long double>();
  out.I = Wide::Identity(n, n);
  out.ZZt = Wide::Zero(n, n);
  std::map<double, std::vector<Eigen::Index>> groups;
  for (Eigen::Index i = 0; i < n; ++i) {
    groups[data.group[static_cast<std::size_t>(i)]].push_back(i);
    for (Eigen::Index k = 0; k < n; ++k) {
      if (data.group[static_cast<std::size_t>(i)] ==
          data.group[static_cast<std::size_t>(k)])
        out.ZZt(i, k) = 1.0L;
    }
  }
  for (auto& [key, rows] : groups)
    out.rows.push_back(rows);
  const long double sigma = fit.sigma, tau = fit.tau;
  out.Sigma = sigma * sigma * out.I + tau * tau * out.ZZt;
  const Wide inverse = out.Sigma.inverse();
  out.Phi = (out.X.transpose() * inverse * out.X).inverse();
  out.beta = out.Phi * (out.X.transpose() * inverse * out.y);
  return out;
}

/// Largest element of a − b relative to b's largest on the diagonal.
inline double relative_difference(const Eigen::MatrixXd& a, const Wide& b) {
  const Wide scale = b.diagonal().cwiseAbs().cwiseSqrt();
  const Wide bound = scale * scale.transpose();
  return static_cast<double>(
      ((a.cast<long double>() - b).cwiseAbs().array() / bound.array()).maxCoeff());
}

}  // namespace merit::testing
