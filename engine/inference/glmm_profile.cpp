// SPDX-License-Identifier: MIT
#include "engine/inference/glmm_profile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/elementary.hpp"

namespace merit {
namespace {

constexpr double kModeTolerance = 1e-11;
constexpr double kStepTolerance = 1e-7;  // in standard errors
constexpr int kMostSteps = 200;
constexpr int kMostHalvings = 40;

/// Solves R x = g for an R that may be indefinite, bent towards the gradient as far as needed;
/// returns gᵀx.
double newton_step(const Eigen::MatrixXd& R,
                   const Eigen::VectorXd& g,
                   Eigen::VectorXd& x) {
  const Eigen::VectorXd scale = R.diagonal().cwiseAbs().cwiseSqrt().unaryExpr(
      [](double d) { return d > 0.0 ? 1.0 / d : 1.0; });
  const Eigen::MatrixXd unit = scale.asDiagonal() * R * scale.asDiagonal();
  for (double ridge = 0.0; ridge < 1e6; ridge = ridge == 0.0 ? 1e-3 : 4.0 * ridge) {
    Eigen::MatrixXd A = unit;
    A.diagonal().array() += ridge;
    const Eigen::LLT<Eigen::MatrixXd> chol(A);
    if (chol.info() != Eigen::Success) continue;
    x = scale.cwiseProduct(chol.solve(scale.cwiseProduct(g)));
    return g.dot(x);
  }
  x.setZero(g.size());
  return 0.0;
}

}  // namespace

ConstrainedGlmm::ConstrainedGlmm(const GlmmModel& model, const GlmmFit& fit)
    : model_(model),
      rule_(fit.num_nodes),
      likelihood_(model.rows, model.family, model.response, rule_, kModeTolerance),
      best_(fit.psi),
      best_modes_(fit.start_modes) {
  likelihood_.modes() = best_modes_;
  likelihood_.evaluate(best_, QuadratureDetail::value);
  best_log_likelihood_ = likelihood_.log_likelihood();
}

Eigen::Index ConstrainedGlmm::num_parameters() const {
  return model_.num_parameters();
}

ConstrainedGlmm::Constraint ConstrainedGlmm::constraint(Eigen::Index k, double v) const {
  const Eigen::Index P = num_parameters();
  Constraint out{Eigen::VectorXd::Zero(P), v};
  const Eigen::Index p = model_.rows.num_fixed;
  if (k == P - 1) {
    out.row[k] = 1.0;
  } else if (model_.family.family == Family::negbinomial && k == p) {
    out.row[k] = 1.0;
    out.value = elementary::log(v);
  } else {
    out.row.head(P - 1) = reported_jacobian(model_, best_).row(k).transpose();
  }
  return out;
}

double ConstrainedGlmm::maximum(const Constraint& held, Eigen::VectorXd& psi) {
  const Eigen::Index P = num_parameters(), tau = P - 1;
  // The parameter that follows from the others, and how.
  Eigen::Index follower = 0;
  held.row.cwiseAbs().maxCoeff(&follower);
  Eigen::MatrixXd N = Eigen::MatrixXd::Zero(P, P - 1);
  for (Eigen::Index i = 0, c = 0; i < P; ++i) {
    if (i == follower) continue;
    N(i, c) = 1.0;
    N(follower, c++) = -held.row[i] / held.row[follower];
  }
  const QuadratureDetail detail = likelihood_.num_nodes() >= 3
                                      ? QuadratureDetail::full_information
                                      : QuadratureDetail::information;
  if (!likelihood_.evaluate(psi, detail)) return -std::numeric_limits<double>::infinity();
  double value = likelihood_.log_likelihood();
  Eigen::VectorXd step;
  for (int iteration = 0; iteration < kMostSteps; ++iteration) {
    const Eigen::MatrixXd information = likelihood_.information();
    // τ = 0 is stationary; where the likelihood rises from there, leave it.
    const bool saddle = psi[tau] == 0.0 && follower != tau && information(tau, tau) < 0.0;
    if (saddle) {
      psi[tau] = 0.5 / std::sqrt(-information(tau, tau));
      likelihood_.evaluate(psi, detail);
      value = likelihood_.log_likelihood();
      continue;
    }
    const double squared = newton_step(
        N.transpose() * information * N, N.transpose() * likelihood_.gradient(), step);
    if (!(squared > kStepTolerance * kStepTolerance)) return value + 0.5 * squared;
    bool up = false;
    const AlignedVector<double> modes = likelihood_.modes();
    for (int halving = 0; halving < kMostHalvings && !up; ++halving, step *= 0.5) {
      if (halving > 0) likelihood_.modes() = modes;
      const Eigen::VectorXd trial = psi + N * step;
      up = likelihood_.evaluate(trial, detail) &&
           likelihood_.log_likelihood() >= value - 1e-13 * (1.0 + std::abs(value));
      if (up) psi = trial;
    }
    if (!up) return squared < 1e-6 ? value : std::numeric_limits<double>::quiet_NaN();
    value = likelihood_.log_likelihood();
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double ConstrainedGlmm::drop(Eigen::Index k, double v) {
  const double best_value =
      k == num_parameters() - 1 ? best_[k] : reported_estimates(model_, best_)[k];
  // Start on this side of the estimate, from the nearer of the estimate and the last call.
  const bool go_on =
      k == last_parameter_ && std::abs(v - last_value_) < std::abs(v - best_value);
  if (!go_on) {
    last_ = best_;
    likelihood_.modes() = best_modes_;
  }
  const Constraint held = constraint(k, v);
  Eigen::VectorXd psi = last_;
  Eigen::Index follower = 0;
  held.row.cwiseAbs().maxCoeff(&follower);
  psi[follower] += (held.value - held.row.dot(psi)) / held.row[follower];
  const double value = maximum(held, psi);
  if (std::isnan(value)) {
    throw DataError(
        fmt::format("no profile likelihood can be found where a parameter is {:.6g}", v));
  }
  last_ = psi;
  last_parameter_ = k;
  last_value_ = v;
  return 2.0 * (best_log_likelihood_ - value);
}

std::vector<ProfiledParameter> profile_glmm(const GlmmModel& model,
                                            const GlmmFit& fit,
                                            double level) {
  if (!fit.diverging.empty() || !fit.result.converged) {
    throw DataError(
        "profile intervals start from a fit that converged to finite estimates: " +
        fit.result.message);
  }
  ConstrainedGlmm constrained(model, fit);
  const Eigen::Index P = constrained.num_parameters();
  std::vector<ProfiledParameter> out;
  for (Eigen::Index k = 0; k < P; ++k) {
    const bool is_tau = k == P - 1;
    const bool is_theta =
        model.family.family == Family::negbinomial && k == model.rows.num_fixed;
    ProfileRequest request{
        .estimate = is_tau ? fit.result.tau : fit.result.beta[k],
        .step = is_tau ? fit.result.tau_std_error : std::sqrt(fit.result.vcov(k, k)),
        .level = level};
    if (!(request.step > 0.0) || std::isinf(request.step)) request.step = 0.25;
    if (is_tau) request.least = 0.0;
    if (is_theta) request.least = 1e-3 * request.estimate;
    out.push_back(
        profile_parameter(request, [&](double v) { return constrained.drop(k, v); }));
  }
  return out;
}

double drop_without_intercepts(const GlmmModel& model, const GlmmFit& fit) {
  ConstrainedGlmm constrained(model, fit);
  return std::max(0.0, constrained.drop(constrained.num_parameters() - 1, 0.0));
}

}  // namespace merit
