// SPDX-License-Identifier: MIT
#include "engine/posterior/gaussian_posterior.hpp"

#include <cmath>

#include "engine/model/elementary.hpp"
#include "engine/posterior/gaussian_likelihood.hpp"

namespace merit {
namespace {

using elementary::log;

constexpr std::int64_t kPilotDraws = 256;
constexpr std::int64_t kPilotTries = 20'000;

/// The same data seen from the common origin: means and intercept relative to it.
GroupedStats about_origin(GroupedStats stats) {
  stats.origin.setZero();
  return stats;
}

}  // namespace

GaussianPosterior::GaussianPosterior(const GroupedStats& stats, const PriorSet& priors)
    : stats_(stats),
      form_(rotate(about_origin(stats))),
      scales_{priors.tau, priors.sigma, priors.tau_is_ratio},
      envelope_(form_, scales_) {
  const Eigen::Index p = stats.num_fixed();
  ols_factor_ = form_.XtX_inverse.llt().matrixL();
  // N has eigenvalues of 0: its symmetric root, not a triangular one.
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(form_.null_covariance);
  null_factor_ =
      eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal();
  for (Eigen::Index k = stats.has_intercept ? 1 : 0; k < p; ++k) {
    const Prior& prior = priors.coefficient[static_cast<std::size_t>(k)];
    if (prior.is_proper()) linear_.push_back({Eigen::VectorXd::Unit(p, k), prior});
  }
  if (stats.has_intercept && priors.intercept.is_proper()) {
    Eigen::VectorXd c = Eigen::VectorXd::Unit(p, 0);
    if (priors.intercept_is_centred) c.tail(p - 1) = stats.origin.segment(1, p - 1);
    linear_.push_back({c, priors.intercept});
  }
  run_pilot();
}

/// Share of proposals of all parameters that are accepted; where there are hardly any, a look is
/// all that is taken.
void GaussianPosterior::run_pilot() {
  acceptance_ = envelope_.acceptance();
  if (linear_.empty() || !is_practical()) return;
  std::int64_t accepted = 0, tries = 0;
  VariancePoint at;
  Eigen::VectorXd centred, beta;
  for (; tries < kPilotTries && accepted < kPilotDraws; ++tries) {
    Variates random(1, Purpose::posterior_pilot, tries);
    std::int64_t ignored = 0;
    if (propose(random, ignored, at, centred, beta)) ++accepted;
  }
  acceptance_ *= static_cast<double>(accepted) / static_cast<double>(tries);
}

void GaussianPosterior::undo_origin(Eigen::VectorXd& beta) const {
  if (!stats_.has_intercept) return;
  const Eigen::Index p = stats_.num_fixed();
  beta[0] += stats_.origin[p] - stats_.origin.segment(1, p - 1).dot(beta.tail(p - 1));
}

bool GaussianPosterior::accept_beta(const Eigen::VectorXd& beta, Variates& random) const {
  double ratio = 0.0;
  for (const LinearPrior& part : linear_)
    ratio += part.prior.log_density(part.c.dot(beta)) - part.prior.log_peak();
  return ratio >= 0.0 || log(random.uniform()) < ratio;
}

/// One proposal of (σ, λ) and β, about the origin and not; whether it is accepted.
bool GaussianPosterior::propose(Variates& random,
                                std::int64_t& tries,
                                VariancePoint& at,
                                Eigen::VectorXd& centred,
                                Eigen::VectorXd& beta) const {
  const Eigen::Index p = stats_.num_fixed();
  Eigen::VectorXd z(p);
  at = envelope_.draw(random, tries);
  const double sqrt_lambda = std::sqrt(at.lambda);
  centred = form_.beta_ols;
  for (Eigen::Index k = 0; k < p; ++k)
    z[k] = at.sigma * random.normal();
  centred.noalias() += ols_factor_.triangularView<Eigen::Lower>() * z;
  for (Eigen::Index k = 0; k < p; ++k)
    z[k] = at.sigma * sqrt_lambda * random.normal();
  centred.noalias() += null_factor_ * z;
  for (Eigen::Index i = 0; i < form_.mu.size(); ++i) {
    const double shrink = 1.0 / (1.0 + at.lambda * form_.mu[i]);
    const double along = at.sigma * sqrt_lambda * std::sqrt(shrink) * random.normal() -
                         at.lambda * shrink * std::sqrt(form_.mu[i]) * form_.w[i];
    centred.noalias() += along * form_.direction.col(i);
  }
  beta = centred;
  undo_origin(beta);
  return linear_.empty() || accept_beta(beta, random);
}

void GaussianPosterior::draw(std::uint64_t seed,
                             std::int64_t number,
                             bool with_groups,
                             GaussianDraw& out) const {
  const Eigen::Index p = stats_.num_fixed();
  Variates random(seed, Purpose::posterior_draws, number);
  std::int64_t tries = 0;
  Eigen::VectorXd centred;
  VariancePoint at;
  while (!propose(random, tries, at, centred, out.beta)) {
  }
  out.sigma = at.sigma;
  out.tau = at.sigma * std::sqrt(at.lambda);
  out.log_prior = log_prior(out.beta, out.sigma, out.tau);
  out.log_likelihood = gaussian_log_likelihood(stats_, centred, out.sigma, out.tau);
  if (!with_groups) return;
  const Eigen::Index J = stats_.num_groups();
  out.u.resize(J);
  for (Eigen::Index j = 0; j < J; ++j) {
    const double shrink = at.lambda / (1.0 + stats_.size[j] * at.lambda);
    const double residual = stats_.mean(p, j) - stats_.mean.col(j).head(p).dot(centred);
    out.u[j] = shrink * stats_.size[j] * residual +
               at.sigma * std::sqrt(shrink) * random.normal();
  }
}

double GaussianPosterior::log_prior(const Eigen::VectorXd& beta,
                                    double sigma,
                                    double tau) const {
  double sum = 0.0;
  for (const LinearPrior& part : linear_)
    sum += part.prior.log_density(part.c.dot(beta));
  sum += scales_.sigma.log_density_at(log(sigma));
  if (scales_.tau_is_ratio) {
    // The density of τ: that of the ratio over σ.
    return sum + scales_.tau.log_density_at(log(tau / sigma)) - log(sigma);
  }
  return sum + scales_.tau.log_density_at(log(tau));
}

}  // namespace merit
