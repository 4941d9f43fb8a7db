// SPDX-License-Identifier: MIT
#include "engine/fit/weighted_fit.hpp"

#include <cmath>
#include <limits>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/origin_shift.hpp"

namespace merit {
namespace {

/// Score and observed information of one group in (β, log σ², λ), β from the common origin.
struct GroupDerivatives {
  Eigen::VectorXd score;
  Eigen::MatrixXd information;
};

GroupDerivatives derivatives(const GroupedStats& stats,
                             Eigen::Index j,
                             const Eigen::VectorXd& beta,
                             double variance,
                             double lambda) {
  const Eigen::Index p = stats.num_fixed(), s = p, l = p + 1;
  const Eigen::MatrixXd& W = stats.group_within[static_cast<std::size_t>(j)];
  const double N = stats.size[j], scale = 1.0 + N * lambda, omega = N / scale;
  const Eigen::VectorXd x = stats.mean.col(j).head(p);
  const double r = stats.mean(p, j) - x.dot(beta);
  const Eigen::VectorXd W_xr = W.col(p).head(p) - W.topLeftCorner(p, p) * beta;
  const double within = W(p, p) - W.col(p).head(p).dot(beta) - beta.dot(W_xr);
  const double Q = within + omega * r * r;

  GroupDerivatives out{Eigen::VectorXd(p + 2), Eigen::MatrixXd(p + 2, p + 2)};
  out.score.head(p) = (W_xr + omega * r * x) / variance;
  out.score[s] = -0.5 * (N - Q / variance);
  out.score[l] = -0.5 * (omega - omega * omega * r * r / variance);
  Eigen::MatrixXd& info = out.information;
  info.topLeftCorner(p, p) =
      (W.topLeftCorner(p, p) + omega * x * x.transpose()) / variance;
  info.col(s).head(p) = out.score.head(p);
  info.col(l).head(p) = omega * omega * r / variance * x;
  info(s, s) = 0.5 * Q / variance;
  info(s, l) = 0.5 * omega * omega * r * r / variance;
  info(l, l) = -0.5 * omega * omega + omega * omega * omega * r * r / variance;
  info.row(s).head(s) = info.col(s).head(s).transpose();
  info.row(l).head(l) = info.col(l).head(l).transpose();
  return out;
}

/// The sandwich of the first `free` parameters.
Eigen::MatrixXd sandwich(const GroupedStats& stats,
                         const Eigen::VectorXd& beta,
                         double variance,
                         double lambda,
                         Eigen::Index free) {
  Eigen::MatrixXd bread = Eigen::MatrixXd::Zero(free, free), filling = bread;
  const Eigen::Index J = stats.num_groups();
  for (Eigen::Index j = 0; j < J; ++j) {
    const GroupDerivatives d = derivatives(stats, j, beta, variance, lambda);
    const Eigen::VectorXd score = stats.multiplicity[j] * d.score.head(free);
    filling += score * score.transpose();
    bread += stats.multiplicity[j] * d.information.topLeftCorner(free, free);
  }
  filling *= static_cast<double>(J) / static_cast<double>(J - 1);
  const Eigen::LDLT<Eigen::MatrixXd> solver(bread);
  return solver.solve(solver.solve(filling).transpose());
}

}  // namespace

GroupedStats weighted_stats(const GroupRows& rows,
                            const Eigen::VectorXd& group_weight,
                            const Eigen::VectorXd& origin,
                            bool has_intercept) {
  const auto J = static_cast<Eigen::Index>(rows.key.size());
  const Eigen::Index q = rows.z.cols();
  GroupedStats out;
  out.key = rows.key;
  out.has_intercept = has_intercept;
  out.origin = origin;
  out.multiplicity = group_weight;
  out.within = Eigen::MatrixXd::Zero(q, q);
  out.mean.resize(q, J);
  out.size.resize(J);
  for (Eigen::Index j = 0; j < J; ++j) {
    const std::int64_t first = rows.first[static_cast<std::size_t>(j)];
    const std::int64_t n = rows.first[static_cast<std::size_t>(j) + 1] - first;
    const auto w = Eigen::Map<const Eigen::VectorXd>(rows.weight.data() + first, n);
    Eigen::MatrixXd z = rows.z.middleRows(first, n).rowwise() - origin.transpose();
    const double N = w.sum();
    out.size[j] = N;
    out.mean.col(j) = z.transpose() * w / N;
    z.rowwise() -= out.mean.col(j).transpose();
    const Eigen::RowVectorXd left = w.transpose() * z / N;  // of rounding
    z.rowwise() -= left;
    out.mean.col(j) += left.transpose();
    out.group_within.emplace_back(z.transpose() * w.asDiagonal() * z);
    out.within += group_weight[j] * out.group_within.back();
  }
  return out;
}

FitResult fit_weighted(const GroupedStats& stats, const GroupedStats& unweighted) {
  const FitOptions options{.criterion = Criterion::ml};
  fit_gaussian(unweighted, options);  // throws if none exists
  FitResult fit = maximise_profile(stats, options);
  const Eigen::Index p = stats.num_fixed();
  const double lambda = (fit.tau / fit.sigma) * (fit.tau / fit.sigma);
  const Eigen::VectorXd beta = centred_beta(stats, lambda);
  const Eigen::MatrixXd V = sandwich(
      stats, beta, fit.sigma * fit.sigma, lambda, fit.on_boundary ? p + 1 : p + 2);
  fit.vcov = V.topLeftCorner(p, p);
  if (stats.has_intercept) {
    const Eigen::MatrixXd shift = origin_shift(stats);
    fit.vcov = (shift * fit.vcov * shift.transpose()).eval();
  }
  // σ = e^{s/2} and τ = σ√λ.
  fit.sigma_std_error = 0.5 * fit.sigma * std::sqrt(V(p, p));
  fit.tau_std_error = std::numeric_limits<double>::quiet_NaN();
  if (!fit.on_boundary) {
    const double of_s = 0.5 * fit.tau, of_lambda = 0.5 * fit.tau / lambda;
    fit.tau_std_error =
        std::sqrt(of_s * of_s * V(p, p) + 2.0 * of_s * of_lambda * V(p, p + 1) +
                  of_lambda * of_lambda * V(p + 1, p + 1));
  }
  return fit;
}

}  // namespace merit
