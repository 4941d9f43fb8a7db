// SPDX-License-Identifier: MIT
#include "engine/posterior/marginal_target.hpp"

#include <algorithm>

#include "engine/model/elementary.hpp"
#include "engine/posterior/intercept_draws.hpp"

namespace merit {
namespace {

constexpr double kModeTolerance = 1e-8;
constexpr double kLargestLog = 60.0;  // of τ and θ, either way

/// −d² log π/dx², where that is positive.
double curvature_of(const Prior& prior, double x) {
  switch (prior.kind) {
    case PriorKind::normal:
      return 1.0 / (prior.b * prior.b);
    case PriorKind::student_t: {
      const double z2 = (x - prior.b) * (x - prior.b) / (prior.c * prior.c);
      const double sum = prior.a + z2;
      return std::max(0.0,
                      (prior.a + 1.0) * (prior.a - z2) / (prior.c * prior.c * sum * sum));
    }
    default:
      return 0.0;
  }
}

/// −d² log π/du², u = log x, by a difference of slopes; π is log-concave in u.
double curvature_in_log(const Prior& prior, double u) {
  constexpr double kStep = 1e-4;
  const double rise = prior.tangent(u + kStep).slope - prior.tangent(u - kStep).slope;
  return std::max(0.0, -rise / (2.0 * kStep));
}

}  // namespace

MarginalTarget::Worker::Worker(const MarginalTarget& target)
    : likelihood(target.model_->rows,
                 target.model_->family,
                 target.model_->response,
                 target.rule_,
                 kModeTolerance),
      psi(target.size()) {}

MarginalTarget::MarginalTarget(const GlmmModel& model,
                               const PriorSet& priors,
                               int num_nodes)
    : model_(&model),
      rule_(num_nodes),
      tau_(priors.tau),
      dispersion_(priors.dispersion),
      has_dispersion_(model.family.family == Family::negbinomial) {
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

/// Whether the likelihood means something there: thresholds in order, sizes within reason.
bool MarginalTarget::is_inside(const Eigen::VectorXd& x) const {
  const double log_tau = x[size() - 1];
  if (!(log_tau > -kLargestLog && log_tau < kLargestLog)) return false;
  if (!model_->family.has_thresholds()) return true;
  const Eigen::Index first = model_->rows.num_fixed;
  for (Eigen::Index k = first + 1; k < first + model_->family.num_extra; ++k) {
    if (!(x[k] > x[k - 1])) return false;
  }
  return true;
}

void MarginalTarget::add_priors(const Eigen::VectorXd& x, TargetValue& value) const {
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

TargetValue MarginalTarget::value(Worker& worker,
                                  const Eigen::VectorXd& x,
                                  const AlignedVector<double>& modes) const {
  TargetValue out;
  const Eigen::Index last = size() - 1;
  if (!is_inside(x)) return out;
  worker.psi = x;
  worker.psi[last] = elementary::exp(x[last]);
  worker.likelihood.modes() = modes;
  out.finite = worker.likelihood.evaluate(worker.psi, QuadratureDetail::value);
  if (!out.finite) return out;
  out.log_likelihood = worker.likelihood.log_likelihood();
  add_priors(x, out);
  return out;
}

TargetValue MarginalTarget::derivatives(Worker& worker,
                                        const Eigen::VectorXd& x,
                                        Eigen::VectorXd& gradient,
                                        Eigen::MatrixXd& curvature) const {
  TargetValue out;
  const Eigen::Index last = size() - 1;
  if (!is_inside(x)) return out;
  const double tau = elementary::exp(x[last]);
  worker.psi = x;
  worker.psi[last] = tau;
  out.finite = worker.likelihood.evaluate(worker.psi, QuadratureDetail::full_information);
  if (!out.finite) return out;
  out.log_likelihood = worker.likelihood.log_likelihood();
  gradient = worker.likelihood.gradient();
  curvature = worker.likelihood.information();
  // In log τ: the chain rule. (Its own curvature is not asked for here.)
  curvature.row(last) *= tau;
  curvature.col(last) *= tau;
  curvature(last, last) -= gradient[last] * tau;
  gradient[last] *= tau;
  for (const LinearPrior& part : linear_) {
    const double at = part.c.dot(x);
    gradient += part.prior.slope(at) * part.c;
    curvature += curvature_of(part.prior, at) * part.c * part.c.transpose();
  }
  gradient[last] += tau_.tangent(x[last]).slope + 1.0;
  curvature(last, last) += curvature_in_log(tau_, x[last]);
  if (has_dispersion_) {
    const Eigen::Index at = model_->rows.num_fixed;
    gradient[at] += dispersion_.tangent(x[at]).slope + 1.0;
    curvature(at, at) += curvature_in_log(dispersion_, x[at]);
  }
  add_priors(x, out);
  return out;
}

bool MarginalTarget::draw_groups(Worker& worker, Variates& random, double* u) const {
  return draw_intercepts(worker.likelihood, worker.psi, random, u);
}

Eigen::VectorXd MarginalTarget::reported(const Eigen::VectorXd& x) const {
  const Eigen::Index last = size() - 1;
  Eigen::VectorXd psi = x;
  psi[last] = elementary::exp(x[last]);
  Eigen::VectorXd out(last + 1);
  out.head(last) = reported_estimates(*model_, psi);
  out[last] = psi[last];
  return out;
}

Eigen::VectorXd MarginalTarget::from_reported(const Eigen::VectorXd& values) const {
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
