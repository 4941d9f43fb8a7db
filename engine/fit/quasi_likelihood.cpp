// SPDX-License-Identifier: MIT
#include "engine/fit/quasi_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/fit/glmm_start.hpp"
#include "engine/fit/response_icc.hpp"
#include "engine/fit/working_kernel.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Weighted sums of the working model.
struct WorkingSums {
  Eigen::MatrixXd ZtWZ;    ///< (p+1) × (p+1), of [X, z]
  Eigen::MatrixXd ZtW1;    ///< (p+1) × J
  Eigen::VectorXd weight;  ///< J, ω_j
};

/// The working model at one λ.
struct WorkingFit {
  double lambda = 0.0, scale_squared = 1.0;
  Eigen::VectorXd beta;
  Eigen::MatrixXd inverse;  ///< (XᵀV⁻¹X)⁻¹
  double derivative = 0.0;  ///< of −2 log L in λ
};

WorkingFit fit_at(const WorkingSums& sums,
                  double lambda,
                  double num_obs,
                  const QuasiOptions& options) {
  const Eigen::Index p = sums.ZtWZ.rows() - 1;
  const Eigen::ArrayXd grown = 1.0 + lambda * sums.weight.array();  // 1 + λω_j
  const Eigen::MatrixXd ZtVinvZ = sums.ZtWZ - sums.ZtW1 *
                                                  (lambda / grown).matrix().asDiagonal() *
                                                  sums.ZtW1.transpose();
  WorkingFit fit;
  fit.lambda = lambda;
  const Eigen::LLT<Eigen::MatrixXd> factor(ZtVinvZ.topLeftCorner(p, p));
  fit.inverse = factor.solve(Eigen::MatrixXd::Identity(p, p));
  fit.beta = factor.solve(ZtVinvZ.col(p).head(p));
  const double rss = ZtVinvZ(p, p) - fit.beta.dot(ZtVinvZ.col(p).head(p));
  const bool reml = options.inner == Criterion::reml;
  const double df = num_obs - (reml ? static_cast<double>(p) : 0.0);
  if (options.free_scale) fit.scale_squared = rss / df;
  const Eigen::ArrayXd q = sums.ZtW1.row(p).transpose().array() -
                           (sums.ZtW1.topRows(p).transpose() * fit.beta).array();
  fit.derivative = (sums.weight.array() / grown).sum() -
                   (q / grown).square().sum() / fit.scale_squared;
  if (reml) {
    const Eigen::MatrixXd scaled =
        sums.ZtW1.topRows(p) * grown.inverse().matrix().asDiagonal();
    fit.derivative -= (fit.inverse * scaled).cwiseProduct(scaled).sum();
  }
  return fit;
}

/// A λ with the derivative there, and the fit.
struct Bound {
  double lambda;
  WorkingFit fit;
};

/// λ > 0 on both sides of a place where the derivative turns from falling to rising, no more
/// than a factor of 16 apart; `low` falls, `high` does not.
/// @param near  where to look first, or 0
std::pair<Bound, Bound> bracket(const WorkingSums& sums,
                                double num_obs,
                                const QuasiOptions& options,
                                double near) {
  const auto at = [&](double lambda) {
    return Bound{lambda, fit_at(sums, lambda, num_obs, options)};
  };
  const double least = 1e-12 / sums.weight.mean(), most = 1e12 / sums.weight.mean();
  if (near > least && near < most) {
    Bound low = at(0.8 * near), high = low;
    if (low.fit.derivative < 0.0) {
      high = at(1.25 * near);
      while (high.fit.derivative < 0.0 && high.lambda < most) {
        low = std::move(high);
        high = at(8.0 * low.lambda);
      }
    } else {
      while (low.fit.derivative >= 0.0 && low.lambda > least) {
        high = std::move(low);
        low = at(high.lambda / 8.0);
      }
    }
    return {std::move(low), std::move(high)};
  }
  Bound low = at(least), high = at(most);
  while (high.lambda > 16.0 * low.lambda) {
    Bound middle = at(std::sqrt(low.lambda) * std::sqrt(high.lambda));
    (middle.fit.derivative < 0.0 ? low : high) = std::move(middle);
  }
  return {std::move(low), std::move(high)};
}

/// The λ ≥ 0 where the derivative turns from falling to rising: false position with the
/// Illinois rule (an end that stays counts half), which gains digits faster than linearly.
/// @param near  λ of the working model before this one, or 0
WorkingFit fit_working(const WorkingSums& sums,
                       double num_obs,
                       const QuasiOptions& options,
                       double near) {
  WorkingFit at_zero = fit_at(sums, 0.0, num_obs, options);
  if (at_zero.derivative >= 0.0) return at_zero;
  auto [low, high] = bracket(sums, num_obs, options, near);
  double slope_low = low.fit.derivative, slope_high = high.fit.derivative;
  WorkingFit fit = low.fit;
  int stays = 0;  // −1: the lower end, 1: the upper one
  for (int i = 0; i < 100; ++i) {
    const double share = slope_low / (slope_low - slope_high);
    double lambda = low.lambda + share * (high.lambda - low.lambda);
    if (!(lambda > low.lambda && lambda < high.lambda)) break;
    const double before = fit.lambda;
    fit = fit_at(sums, lambda, num_obs, options);
    if (fit.derivative == 0.0 || std::abs(lambda - before) < 1e-14 * lambda) break;
    if (fit.derivative < 0.0) {
      low.lambda = lambda;
      slope_low = fit.derivative;
      if (stays == 1) slope_high *= 0.5;
      stays = 1;
    } else {
      high.lambda = lambda;
      slope_high = fit.derivative;
      if (stays == -1) slope_low *= 0.5;
      stays = -1;
    }
  }
  return fit;
}

class QuasiLikelihood {
 public:
  QuasiLikelihood(const GlmmModel& model, const QuasiOptions& options, SimdLevel simd)
      : model_(model), rows_(model.rows), options_(options) {
    const WorkingKernels kernels = at_level(simd,
                                            simd_v2::working_kernels,
                                            simd_v3::working_kernels,
                                            simd_v4::working_kernels)();
    means_ = model.family.family == Family::poisson ? kernels.log
             : model.family.link == Link::logit     ? kernels.logit
             : model.family.link == Link::probit    ? kernels.probit
                                                    : kernels.cloglog;
    eta_.assign(static_cast<std::size_t>(rows_.num_packs() * kPackRows), 0.0);
    mean_.resize(eta_.size());
    slope_.resize(eta_.size());
    mode_ = Eigen::VectorXd::Zero(rows_.num_groups());
    sums_.weight.resize(rows_.num_groups());
  }

  GlmmFit run() {
    const Eigen::Index p = rows_.num_fixed;
    GlmmFit fit;
    fit.psi = start_values(model_);
    fit.num_nodes = 0;
    set_eta(fit.psi.head(p));
    WorkingFit working;
    bool settled = false;
    int iteration = 0;
    double change = 0.0;
    while (!settled && iteration < options_.max_iterations) {
      ++iteration;
      gather();
      working = fit_working(
          sums_, static_cast<double>(rows_.num_obs()), options_, working.lambda);
      fit.psi.head(p) = working.beta;
      set_modes(working);
      change = set_eta(working.beta);
      settled = change < options_.tolerance;
      if (change == kInfinity) break;
    }
    fill(working, settled, iteration, change, fit);
    return fit;
  }

 private:
  double linear(std::int64_t row, const Eigen::VectorXd& beta) const {
    double sum = rows_.offset_of(row);
    for (Eigen::Index a = 0; a < rows_.num_fixed; ++a)
      sum += beta[a] * rows_.x_of(row, a);
    return sum;
  }
  template <class Visit>
  void for_each_row(const Visit& visit) const {
    for (std::int64_t j = 0; j < rows_.num_groups(); ++j) {
      const std::int64_t first = rows_.first_row(j);
      const std::int64_t end = first + rows_.size[static_cast<std::size_t>(j)];
      for (std::int64_t i = first; i < end; ++i)
        visit(j, i);
    }
  }

  /// η = Xβ + offset (+ b̂), and how much it has changed; infinity if that is no number.
  double set_eta(const Eigen::VectorXd& beta) {
    double change = 0.0;
    for_each_row([&](std::int64_t j, std::int64_t row) {
      const auto at = static_cast<std::size_t>(row);
      const double eta = linear(row, beta) + (options_.marginal ? 0.0 : mode_[j]);
      const double moved = std::abs(eta - eta_[at]) / (1.0 + std::abs(eta));
      change = moved < kInfinity ? std::max(change, moved) : kInfinity;
      eta_[at] = eta;
    });
    return change;
  }

  /// The working model about the present η.
  void gather() {
    means_(eta_.data(), rows_.num_packs(), mean_.data(), slope_.data());
    const Eigen::Index p = rows_.num_fixed;
    sums_.ZtWZ.setZero(p + 1, p + 1);
    sums_.ZtW1.setZero(p + 1, rows_.num_groups());
    sums_.weight.setZero();
    Eigen::VectorXd z(p + 1);
    const bool counts = model_.family.family == Family::poisson;
    for_each_row([&](std::int64_t j, std::int64_t row) {
      const auto at = static_cast<std::size_t>(row);
      const double m = rows_.trials_of(row), mu = mean_[at], slope = slope_[at];
      const double variance = counts ? mu : mu * (1.0 - mu);
      const double w = m * slope * slope / variance;
      for (Eigen::Index a = 0; a < p; ++a)
        z[a] = rows_.x_of(row, a);
      z[p] = eta_[at] - rows_.offset_of(row) + (rows_.y[row] - m * mu) / (m * slope);
      double* product = sums_.ZtWZ.data();
      double* sum = sums_.ZtW1.data() + j * (p + 1);
      for (Eigen::Index a = 0; a <= p; ++a, product += p + 1) {
        const double wz = w * z[a];
        sum[a] += wz;
        for (Eigen::Index b = 0; b <= a; ++b)
          product[b] += wz * z[b];
      }
      sums_.weight[j] += w;
    });
    sums_.ZtWZ.triangularView<Eigen::StrictlyLower>() = sums_.ZtWZ.transpose();
  }

  void set_modes(const WorkingFit& working) {
    const Eigen::Index p = rows_.num_fixed;
    const Eigen::ArrayXd q = sums_.ZtW1.row(p).transpose().array() -
                             (sums_.ZtW1.topRows(p).transpose() * working.beta).array();
    mode_ = working.lambda * q / (1.0 + working.lambda * sums_.weight.array());
  }

  void fill(const WorkingFit& working,
            bool settled,
            int iterations,
            double change,
            GlmmFit& fit) const {
    FitResult& result = fit.result;
    const double scale = std::sqrt(working.scale_squared);
    result.criterion = options_.inner;
    result.sigma = options_.free_scale ? scale : kNaN;
    result.tau = scale * std::sqrt(working.lambda);
    result.on_boundary = settled && working.lambda == 0.0;
    result.converged = settled;
    result.log_likelihood = kNaN;
    result.iterations = iterations;
    result.gradient = change;
    result.latent_variance = latent_variance(model_.family.family, model_.family.link);
    fit.psi[fit.psi.size() - 1] = result.tau;
    result.response_icc = response_icc(model_, fit.psi);
    result.beta = reported_estimates(model_, fit.psi);
    const Eigen::MatrixXd jacobian = reported_jacobian(model_, fit.psi);
    result.vcov =
        working.scale_squared * jacobian * working.inverse * jacobian.transpose();
    fit.modes.mode = mode_;
    fit.modes.sd =
        scale * (working.lambda / (1.0 + working.lambda * sums_.weight.array())).sqrt();
    if (!settled) {
      result.message = fmt::format(
          "not converged after {} iterations: linear predictors still change by {:.3g}, "
          "relative to 1 + their size; an estimate may be infinite (separation): "
          "--method "
          "laplace would name the column",
          iterations,
          change);
    } else if (result.on_boundary) {
      result.message = "boundary fit: the sd of the group intercepts is estimated as 0";
    }
  }

  const GlmmModel& model_;
  const PackedRows& rows_;
  QuasiOptions options_;
  WorkingKernels::Means means_;
  AlignedVector<double> eta_, mean_, slope_;
  Eigen::VectorXd mode_;
  WorkingSums sums_;
};

}  // namespace

GlmmFit fit_quasi(const GlmmModel& model, const QuasiOptions& options, SimdLevel simd) {
  require_a_fit_to_exist(model);
  return QuasiLikelihood(model, options, simd).run();
}

}  // namespace merit
