// SPDX-License-Identifier: MIT
#include "engine/posterior/gaussian_likelihood.hpp"

#include <numbers>

#include "engine/model/elementary.hpp"

namespace merit {

using elementary::log;

double gaussian_log_likelihood(const GroupedStats& stats,
                               const Eigen::VectorXd& beta,
                               double sigma,
                               double tau) {
  const Eigen::Index p = stats.num_fixed();
  const Eigen::Index J = stats.num_groups();
  const double lambda = (tau / sigma) * (tau / sigma);
  double squares = stats.within(p, p);
  for (Eigen::Index a = 0; a < p; ++a) {
    double row = -2.0 * stats.within(a, p);
    for (Eigen::Index b = 0; b < p; ++b)
      row += stats.within(a, b) * beta[b];
    squares += beta[a] * row;
  }
  double logs = 0.0, product = 1.0;
  for (Eigen::Index j = 0; j < J; ++j) {
    const double scale = 1.0 + stats.size[j] * lambda;
    const double residual = stats.mean(p, j) - stats.mean.col(j).head(p).dot(beta);
    squares += stats.size[j] / scale * residual * residual;
    product *= scale;
    if (j % 8 == 7 || scale > 1e30) {
      logs += log(product);
      product = 1.0;
    }
  }
  logs += log(product);
  const double n = stats.num_obs();
  return -0.5 * (n * log(2.0 * std::numbers::pi * sigma * sigma) + logs +
                 squares / (sigma * sigma));
}

void gaussian_derivatives(const GroupedStats& stats,
                          const Eigen::VectorXd& beta,
                          double sigma,
                          double tau,
                          Eigen::VectorXd& gradient,
                          Eigen::MatrixXd& curvature) {
  const Eigen::Index p = stats.num_fixed(), s = p, t = p + 1;
  const Eigen::Index J = stats.num_groups();
  const double precision = 1.0 / (sigma * sigma);
  const auto Wxx = stats.within.topLeftCorner(p, p);
  const Eigen::VectorXd Wxe = stats.within.col(p).head(p) - Wxx * beta;
  const double Q = stats.within(p, p) - beta.dot(stats.within.col(p).head(p) + Wxe);
  gradient.setZero(p + 2);
  curvature.setZero(p + 2, p + 2);
  gradient.head(p) = precision * Wxe;
  gradient[s] = precision * Q - (stats.num_obs() - static_cast<double>(J));
  curvature.topLeftCorner(p, p) = precision * Wxx;
  curvature.col(s).head(p) = 2.0 * precision * Wxe;
  curvature(s, s) = 2.0 * precision * Q;
  for (Eigen::Index j = 0; j < J; ++j) {
    const auto x = stats.mean.col(j).head(p);
    const double residual = stats.mean(p, j) - x.dot(beta);
    const double by_sigma = 2.0 * sigma * sigma / stats.size[j];  // of v, like the next
    const double by_tau = 2.0 * tau * tau;
    const double inverse = 2.0 / (by_sigma + by_tau);  // 1/v
    const double scaled = residual * inverse;
    const double first = -0.5 * (inverse - scaled * scaled);            // d/dv
    const double second = inverse * (scaled * scaled - 0.5 * inverse);  // −d²/dv²
    gradient.head(p) += scaled * x;
    gradient[s] += first * by_sigma;
    gradient[t] += first * by_tau;
    curvature.topLeftCorner(p, p) += inverse * x * x.transpose();
    curvature.col(s).head(p) += scaled * inverse * by_sigma * x;
    curvature.col(t).head(p) += scaled * inverse * by_tau * x;
    curvature(s, s) += by_sigma * (second * by_sigma - 2.0 * first);
    curvature(t, t) += by_tau * (second * by_tau - 2.0 * first);
    curvature(s, t) += second * by_sigma * by_tau;
  }
  curvature.row(s).head(p) = curvature.col(s).head(p).transpose();
  curvature.row(t).head(p) = curvature.col(t).head(p).transpose();
  curvature(t, s) = curvature(s, t);
}

}  // namespace merit
