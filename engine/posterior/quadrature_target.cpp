// SPDX-License-Identifier: MIT
#include "engine/posterior/quadrature_target.hpp"

#include <utility>

#include "engine/model/elementary.hpp"
#include "engine/posterior/intercept_draws.hpp"

namespace merit {
namespace {

constexpr double kModeTolerance = 1e-8;
constexpr double kLargestLog = 60.0;  // of τ and θ, either way

}  // namespace

/// Memory of one thread, and ψ at the last x.
class QuadratureTarget::Evaluation final : public MarginalTarget::Worker {
 public:
  Evaluation(const GlmmModel& model, const GaussHermite& rule)
      : likelihood(model.rows, model.family, model.response, rule, kModeTolerance),
        psi(model.num_parameters()) {}
  AlignedVector<double>& modes() override { return likelihood.modes(); }

  QuadratureLikelihood likelihood;
  Eigen::VectorXd psi;
};

QuadratureTarget::QuadratureTarget(std::shared_ptr<const GlmmModel> of_model,
                                   const PriorSet& priors,
                                   int num_nodes,
                                   Conditioning on)
    : model_(std::move(of_model)),
      rule_(num_nodes),
      on_(on),
      tau_(priors.tau),
      dispersion_(priors.dispersion),
      has_dispersion_(model_->family.family == Family::negbinomial) {
  const GlmmModel& model = *model_;
  const Eigen::Index P = model.num_parameters();
  const Eigen::Index p = model.rows.num_fixed;
  const auto add = [&](Eigen::VectorXd c, const Prior& prior) {
    if (prior.is_proper()) linear_.push_back({std::move(c), prior});
  };
  const bool intercept = model.has_intercept && !model.family.has_thresholds();
  for (Eigen::Index k = intercept ? 1 : 0; k < p; ++k)
    add(Eigen::VectorXd::Unit(P, k), priors.coefficient[static_cast<std::size_t>(k)]);
  if (intercept) {
    Eigen::VectorXd c = Eigen::VectorXd::Unit(P, 0);
    if (!priors.intercept_is_centred)
      c.segment(1, p - 1) = -model.rows.origin.tail(p - 1);
    add(c, priors.intercept);
  }
  for (std::size_t k = 0; k < priors.threshold.size(); ++k)
    add(Eigen::VectorXd::Unit(P, p + static_cast<Eigen::Index>(k)), priors.threshold[k]);
}

std::unique_ptr<MarginalTarget::Worker> QuadratureTarget::worker() const {
  return std::make_unique<Evaluation>(*model_, rule_);
}

/// Whether the likelihood means something there: thresholds in order, sizes within reason.
bool QuadratureTarget::is_inside(const Eigen::VectorXd& x) const {
  const double log_tau = x[size() - 1];
  if (!(log_tau > -kLargestLog && log_tau < kLargestLog)) return false;
  if (!model_->family.has_thresholds()) return true;
  const Eigen::Index first = model_->rows.num_fixed;
  for (Eigen::Index k = first + 1; k < first + model_->family.num_extra; ++k) {
    if (!(x[k] > x[k - 1])) return false;
  }
  return true;
}

void QuadratureTarget::add_priors(const Eigen::VectorXd& x, TargetValue& value) const {
  for (const LinearPrior& part : linear_)
    value.log_prior += part.prior.log_density(part.c.dot(x));
  const double log_tau = x[size() - 1];
  value.log_prior += tau_.log_density_at(log_tau);
  double jacobian = log_tau;
  if (has_dispersion_) {
    const double log_theta = x[model_->rows.num_fixed];
    value.log_prior += dispersion_.log_density_at(log_theta);
    jacobian += log_theta;
  }
  value.log_density = value.log_likelihood + value.log_prior + jacobian;
  value.finite = value.finite && value.log_density > -1e299;
}

TargetValue QuadratureTarget::value(Worker& memory,
                                    const Eigen::VectorXd& x,
                                    const AlignedVector<double>& modes) const {
  TargetValue out;
  const Eigen::Index last = size() - 1;
  if (!is_inside(x)) return out;
  auto& worker = static_cast<Evaluation&>(memory);
  worker.psi = x;
  worker.psi[last] = elementary::exp(x[last]);
  if (on_ == Conditioning::nothing) {
    out.finite = true;
    add_priors(x, out);
    return out;
  }
  worker.likelihood.modes() = modes;
  out.finite = worker.likelihood.evaluate(worker.psi, QuadratureDetail::value);
  if (!out.finite) return out;
  out.log_likelihood = worker.likelihood.log_likelihood();
  add_priors(x, out);
  return out;
}

TargetValue QuadratureTarget::derivatives(Worker& memory,
                                          const Eigen::VectorXd& x,
                                          Eigen::VectorXd& gradient,
                                          Eigen::MatrixXd& curvature) const {
  TargetValue out;
  const Eigen::Index last = size() - 1;
  if (!is_inside(x)) return out;
  auto& worker = static_cast<Evaluation&>(memory);
  const double tau = elementary::exp(x[last]);
  worker.psi = x;
  worker.psi[last] = tau;
  if (on_ == Conditioning::data) {
    out.finite =
        worker.likelihood.evaluate(worker.psi, QuadratureDetail::full_information);
    if (!out.finite) return out;
    out.log_likelihood = worker.likelihood.log_likelihood();
    gradient = worker.likelihood.gradient();
    curvature = worker.likelihood.information();
  } else {
    out.finite = true;
    gradient.setZero(size());
    curvature.setZero(size(), size());
  }
  // In log τ: the chain rule. (Its own curvature is not asked for here.)
  curvature.row(last) *= tau;
  curvature.col(last) *= tau;
  curvature(last, last) -= gradient[last] * tau;
  gradient[last] *= tau;
  for (const LinearPrior& part : linear_) {
    const double at = part.c.dot(x);
    gradient += part.prior.slope(at) * part.c;
    curvature += part.prior.curvature(at) * part.c * part.c.transpose();
  }
  gradient[last] += tau_.tangent(x[last]).slope + 1.0;
  curvature(last, last) += tau_.curvature_in_log(x[last]);
  if (has_dispersion_) {
    const Eigen::Index at = model_->rows.num_fixed;
    gradient[at] += dispersion_.tangent(x[at]).slope + 1.0;
    curvature(at, at) += dispersion_.curvature_in_log(x[at]);
  }
  add_priors(x, out);
  return out;
}

bool QuadratureTarget::draw_groups(Worker& memory, Variates& random, double* u) const {
  auto& worker = static_cast<Evaluation&>(memory);
  if (on_ == Conditioning::nothing) {
    const double tau = worker.psi[worker.psi.size() - 1];
    for (Eigen::Index j = 0; j < num_groups(); ++j)
      u[j] = tau * random.normal();
    return true;
  }
  return draw_intercepts(worker.likelihood, worker.psi, random, u);
}

Eigen::VectorXd QuadratureTarget::reported(const Eigen::VectorXd& x) const {
  const Eigen::Index last = size() - 1;
  Eigen::VectorXd psi = x;
  psi[last] = elementary::exp(x[last]);
  Eigen::VectorXd out(last + 1);
  out.head(last) = reported_estimates(*model_, psi);
  out[last] = psi[last];
  return out;
}

Eigen::VectorXd QuadratureTarget::from_reported(const Eigen::VectorXd& values) const {
  const Eigen::Index last = size() - 1;
  const Eigen::Index p = model_->rows.num_fixed, E = model_->family.num_extra;
  const Eigen::VectorXd& origin = model_->rows.origin;
  Eigen::VectorXd x = values;
  if (model_->family.has_thresholds()) {
    x.head(p) = values.segment(E, p);
    x.segment(p, E) = values.head(E).array() - origin.dot(x.head(p));
  } else if (model_->has_intercept) {
    const double others = origin.tail(p - 1).dot(values.segment(1, p - 1));
    x[0] = (values[0] + others) / (1.0 - origin[0]);
  }
  if (has_dispersion_) x[p] = elementary::log(values[p]);
  x[last] = elementary::log(values[last]);
  return x;
}

}  // namespace merit
