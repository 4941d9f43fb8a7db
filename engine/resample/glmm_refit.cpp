// SPDX-License-Identifier: MIT
#include "engine/resample/glmm_refit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// In standard errors. Newton's error after a step is about its square, and with Louis'
// information to second order some thousandths of the step; the last step, with the full
// information, leaves less than 10⁻⁷.
constexpr double kNearlyThere = 3e-3;
constexpr double kThere = 3e-4;
constexpr double kExact = 1e-8;
constexpr int kEnoughNodes = 5;

/// The more points, the less it matters where exactly they lie.
double mode_tolerance(int num_nodes) {
  return num_nodes >= 7 ? 1e-5 : num_nodes >= kEnoughNodes ? 1e-7 : 1e-11;
}

/// Where the likelihood has just been evaluated, with its information.
Eigen::MatrixXd reported_covariance(const GlmmModel& model,
                                    QuadratureLikelihood& likelihood,
                                    const Eigen::VectorXd& psi,
                                    bool on_boundary) {
  const Eigen::Index size = model.num_parameters() - 1;
  // On the boundary τ and the others are orthogonal: the block of the others is enough.
  const Eigen::Index free = on_boundary ? size : size + 1;
  int evaluations = 0;
  const Eigen::MatrixXd inverse =
      inverse_information(likelihood.num_nodes() >= kEnoughNodes
                              ? likelihood.information().topLeftCorner(free, free)
                              : observed_information(likelihood, psi, free, evaluations));
  if (inverse.size() == 0) return inverse;
  Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(free, free);
  jacobian.topLeftCorner(size, size) = reported_jacobian(model, psi);
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Constant(size + 1, size + 1, kNaN);
  covariance.topLeftCorner(free, free) = jacobian * inverse * jacobian.transpose();
  return covariance;
}

}  // namespace

GlmmRefit::GlmmRefit(const GlmmModel& model,
                     const GlmmFit& original,
                     const PackedRows* rows)
    : response(model.response),
      model_(&model),
      original_(&original),
      rule_(original.num_nodes),
      likelihood_(rows != nullptr ? *rows : model.rows,
                  model.family,
                  response,
                  rule_,
                  mode_tolerance(original.num_nodes)) {}

NewtonResult GlmmRefit::search(bool& on_boundary) {
  on_boundary = false;
  NewtonResult result;
  result.psi = original_->psi;
  // With few points Louis' information is too rough to finish with.
  const bool can_polish = original_->num_nodes >= kEnoughNodes;
  NewtonOptions options{.tolerance = can_polish ? kNearlyThere : kExact};
  const Eigen::Index tau = model_->num_parameters() - 1;
  if (result.psi[tau] == 0.0)
    result.psi[tau] = 0.1;  // 0 is a stationary point of any data
  for (int round = 0; round < 4; ++round) {
    result = maximise(likelihood_, result.psi, model_->spread, options, work_);
    if (result.end == NewtonEnd::diverging) return result;
    on_boundary = settle_on_boundary(likelihood_, model_->spread, options, result, work_);
    if (!on_boundary && result.end != NewtonEnd::converged) return result;
    if (!can_polish) return result;
    if (polish(likelihood_, result, kThere, on_boundary, work_)) return result;
    options.tolerance *= 0.03;
  }
  result.end = NewtonEnd::not_converged;
  return result;
}

void GlmmRefit::fit(const double* multiplicity,
                    double log_constant,
                    const double* modes,
                    std::int64_t at,
                    ReplicateRows& out) {
  likelihood_.set_multiplicity(multiplicity, log_constant);
  likelihood_.set_exceeding(exceed.empty() ? nullptr : &exceed);
  if (modes == nullptr) modes = original_->start_modes.data();
  std::copy_n(modes, likelihood_.modes().size(), likelihood_.modes().begin());
  bool on_boundary = false;
  const NewtonResult result = search(on_boundary);
  switch (result.end) {
    case NewtonEnd::diverging:
      return fail(ReplicateStatus::separated, at, out);
    case NewtonEnd::collinear:
      return fail(ReplicateStatus::collinear, at, out);
    case NewtonEnd::not_converged:
      return fail(ReplicateStatus::not_converged, at, out);
    case NewtonEnd::converged:
      break;
  }
  const Eigen::Index size = model_->num_parameters() - 1;
  const Eigen::VectorXd estimates = reported_estimates(*model_, result.psi);
  double* estimate = out.estimate.data() + at * out.num_estimates;
  std::copy_n(estimates.data(), size, estimate);
  estimate[size] = std::abs(result.psi[size]);
  out.log_likelihood[static_cast<std::size_t>(at)] = result.log_likelihood;
  out.status[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(
      on_boundary ? ReplicateStatus::boundary : ReplicateStatus::ok);
  if (out.num_std_errors == 0) return;
  const Eigen::MatrixXd covariance =
      reported_covariance(*model_, likelihood_, result.psi, on_boundary);
  double* std_error = out.std_error.data() + at * out.num_std_errors;
  for (Eigen::Index a = 0; a < out.num_std_errors; ++a)
    std_error[a] = covariance.size() == 0 ? kNaN : std::sqrt(covariance(a, a));
}

Eigen::MatrixXd covariance_at(const GlmmModel& model,
                              int num_nodes,
                              const Eigen::VectorXd& psi) {
  const GaussHermite rule(num_nodes);
  QuadratureLikelihood likelihood(
      model.rows, model.family, model.response, rule, mode_tolerance(num_nodes));
  if (!likelihood.evaluate(psi, QuadratureDetail::full_information)) return {};
  return reported_covariance(model, likelihood, psi, psi[psi.size() - 1] == 0.0);
}

void GlmmRefit::fail(ReplicateStatus status, std::int64_t at, ReplicateRows& out) {
  std::fill_n(out.estimate.begin() + at * out.num_estimates, out.num_estimates, kNaN);
  std::fill_n(out.std_error.begin() + at * out.num_std_errors, out.num_std_errors, kNaN);
  out.log_likelihood[static_cast<std::size_t>(at)] = kNaN;
  out.status[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(status);
}

}  // namespace merit
