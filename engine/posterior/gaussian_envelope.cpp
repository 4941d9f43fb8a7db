// SPDX-License-Identifier: MIT
#include "engine/posterior/gaussian_envelope.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/elementary.hpp"
#include "engine/posterior/log_gamma.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log;

constexpr double kEnoughAccepted = 0.97;
constexpr std::size_t kMostCells = 400;
constexpr double kGridRatio = 4.0;
constexpr double kLeastShape = 0.25;  // ν/2

/// log ∫ e^(rate·x) dx over [0, width].
double log_integral(double rate, double width) {
  const double z = rate * width;
  if (std::abs(z) < 1e-8) return log(width) + 0.5 * z;
  if (z > 30.0) return z - log(rate);
  if (z < -30.0) return -log(-rate);
  return log((exp(z) - 1.0) / rate);
}

}  // namespace

double GaussianEnvelope::sum_of_logs(double lambda) const {
  // Eight factors to a logarithm; below 10³⁰ each.
  const Eigen::VectorXd& mu = form_->mu;
  double sum = 0.0;
  const Eigen::Index r = mu.size();
  if (lambda * mu[0] > 1e30) {
    for (Eigen::Index i = 0; i < r; ++i)
      sum += log(1.0 + lambda * mu[i]);
    return sum;
  }
  for (Eigen::Index i = 0; i < r; i += 8) {
    double product = 1.0;
    for (Eigen::Index k = i; k < std::min(i + 8, r); ++k)
      product *= 1.0 + lambda * mu[k];
    sum += log(product);
  }
  return sum;
}

double GaussianEnvelope::sum_of_squares(double lambda) const {
  double sum = form_->S0;
  for (Eigen::Index i = 0; i < form_->mu.size(); ++i)
    sum += form_->w[i] * form_->w[i] / (1.0 + lambda * form_->mu[i]);
  return sum;
}

/// Where σ is likeliest at λ, and so where the priors' tangents should touch: the zero of
///
///     d/d log σ = 1 − (n − p) + S/σ² + κ_τ + κ_σ,
///
/// which falls in log σ, by bisection. (That of a prior of the ratio: one less.)
double GaussianEnvelope::likely_log_sigma(double lambda, double S) const {
  double low = 0.5 * log(S / df_) - 40.0, high = low + 80.0;
  const double half = 0.5 * log(lambda);
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    double slope = -df_ + S * exp(-2.0 * middle) + priors_.sigma.tangent(middle).slope;
    if (!priors_.tau_is_ratio) slope += 1.0 + priors_.tau.tangent(half + middle).slope;
    (slope > 0.0 ? low : high) = middle;
  }
  return low;
}

GaussianEnvelope::Cell GaussianEnvelope::make_cell(Shape shape,
                                                   double low,
                                                   double high) const {
  const RotatedForm& form = *form_;
  Cell cell;
  cell.shape = shape;
  cell.low = low;
  cell.high = high;
  const double middle = shape == Shape::from_zero     ? high
                        : shape == Shape::to_infinity ? low
                                                      : std::sqrt(low * high);
  const double S = sum_of_squares(middle);
  double at_sigma = likely_log_sigma(middle, S);
  double at_tau = 0.5 * log(middle) + (priors_.tau_is_ratio ? 0.0 : at_sigma);
  // At 0 the bound has to be integrable: κ > −1. Slopes rise towards 0.
  cell.tau = priors_.tau.tangent(at_tau);
  for (int step = 0; shape == Shape::from_zero && cell.tau.slope < -0.5 && step < 400;
       ++step) {
    at_tau -= 0.5;
    cell.tau = priors_.tau.tangent(at_tau);
  }
  cell.sigma = priors_.sigma.tangent(at_sigma);
  const auto degrees = [&] {
    return priors_.tau_is_ratio ? df_ - 1.0 - cell.sigma.slope
                                : df_ - 2.0 - cell.tau.slope - cell.sigma.slope;
  };
  // Few rows: a tangent further up, where the prior falls faster, keeps ν positive.
  for (int step = 0; degrees() < 2.0 * kLeastShape && step < 100; ++step) {
    at_sigma += 0.25;
    cell.sigma = priors_.sigma.tangent(at_sigma);
    if (shape == Shape::from_zero || priors_.tau_is_ratio) continue;
    at_tau += 0.25;
    cell.tau = priors_.tau.tangent(at_tau);
  }
  cell.nu = degrees();
  if (!(cell.nu >= 2.0 * kLeastShape)) {
    throw UsageError(fmt::format(
        "the posterior is improper or nearly so: {} rows less {} coefficients do not "
        "determine sd__Observation under its prior; give it a proper one, e.g. --prior "
        "'sigma~half_t(3, 2.5)'",
        form.num_obs,
        form.num_obs - df_));
  }
  cell.tau.value -= cell.tau.slope * at_tau;
  cell.sigma.value -= cell.sigma.slope * at_sigma;
  cell.q = 0.5 * (cell.tau.slope - 1.0);

  const double constant = cell.tau.value + cell.sigma.value + log_gamma(0.5 * cell.nu) +
                          0.5 * cell.nu * log(2.0);
  if (shape == Shape::from_zero) {
    cell.rate = cell.q;
    cell.level = -0.5 * cell.nu * log(S);
    const double power = cell.q + 1.0;
    cell.log_mass = constant + cell.level + power * log(high) - log(power);
    return cell;
  }
  if (shape == Shape::to_infinity) {
    double slope = 0.0;  // of D in log λ
    for (const double mu : form.mu)
      slope += low * mu / (1.0 + low * mu);
    // The bound is e^level λ^rate.
    cell.rate = cell.q - 0.5 * slope;
    cell.level =
        -0.5 * sum_of_logs(low) + 0.5 * slope * log(low) - 0.5 * cell.nu * log(form.S0);
    const double power = cell.rate + 1.0;
    if (!(power < -1e-3)) {
      throw UsageError(fmt::format(
          "the posterior is improper: the groups give {} degrees of freedom, too few for "
          "the prior of sd__(Intercept); give it a proper one, e.g. --prior "
          "'sd~half_t(3, "
          "2.5)'",
          form.mu.size()));
    }
    cell.log_mass = constant + cell.level + power * log(low) - log(-power);
    return cell;
  }
  const double width = high - low;
  const double D_low = sum_of_logs(low), D_high = sum_of_logs(high);
  const double D_rate = -0.5 * (D_high - D_low) / width;
  double fall = 0.0;  // −S′
  for (Eigen::Index i = 0; i < form.mu.size(); ++i) {
    const double shrunk = form.w[i] / (1.0 + middle * form.mu[i]);
    fall += form.mu[i] * shrunk * shrunk;
  }
  const double S_rate = 0.5 * cell.nu * fall / S;
  double at_low = -0.5 * D_low - 0.5 * cell.nu * log(S) + S_rate * (low - middle);
  double rate = D_rate + S_rate;
  if (cell.q >= 0.0) {
    at_low += cell.q * (log(middle) + (low - middle) / middle);
    rate += cell.q / middle;
  } else {
    at_low += cell.q * log(low);
    rate += cell.q * log(high / low) / width;
  }
  cell.rate = rate;
  cell.level = at_low;  // at `low`; the bound is e^(level + rate (λ − low))
  cell.log_mass = constant + at_low + log_integral(rate, width);
  return cell;
}

/// log of target over bound at a proposal, with σ's and τ's priors; ≤ 0 but for rounding.
double GaussianEnvelope::log_ratio(const Cell& cell, double lambda, double sigma) const {
  const double log_lambda = log(lambda);
  double bound = cell.level;
  switch (cell.shape) {
    case Shape::from_zero:
    case Shape::to_infinity:
      bound += cell.rate * log_lambda;
      break;
    case Shape::between:
      bound += cell.rate * (lambda - cell.low);
      break;
  }
  const double kernel = -0.5 * sum_of_logs(lambda) -
                        0.5 * cell.nu * log(sum_of_squares(lambda)) + cell.q * log_lambda;
  const double at_sigma = log(sigma);
  const double at_tau = 0.5 * log_lambda + (priors_.tau_is_ratio ? 0.0 : at_sigma);
  return kernel - bound + priors_.tau.log_density_at(at_tau) -
         (cell.tau.value + cell.tau.slope * at_tau) +
         priors_.sigma.log_density_at(at_sigma) -
         (cell.sigma.value + cell.sigma.slope * at_sigma);
}

/// Mass of proposals that will not be accepted, in units of e^top, from three points.
double GaussianEnvelope::waste(const Cell& cell, double top) const {
  const double mass = exp(std::max(cell.log_mass - top, -700.0));
  double accepted = 0.0;
  const double from = cell.shape == Shape::from_zero ? cell.high / 64.0 : cell.low;
  const double to = cell.shape == Shape::to_infinity ? cell.low * 64.0 : cell.high;
  for (const double share : {0.1, 0.5, 0.9}) {
    const double lambda = exp((1.0 - share) * log(from) + share * log(to));
    const double sigma = std::sqrt(sum_of_squares(lambda) / (cell.nu + 1.0));
    accepted += exp(std::clamp(log_ratio(cell, lambda, sigma), -700.0, 0.0)) / 3.0;
  }
  return mass * (1.0 - accepted);
}

GaussianEnvelope::GaussianEnvelope(const RotatedForm& form, const ScalePriors& priors)
    : form_(&form),
      priors_(priors),
      df_(form.num_obs - static_cast<double>(form.beta_ols.size())) {
  if (form.mu.size() < 1) {
    throw DataError(
        "the fixed effects tell all groups apart: nothing is left for "
        "sd__(Intercept)");
  }
  const double first = 1e-4 / form.mu[0];
  const double last = 1e4 / form.mu[form.mu.size() - 1];
  cells_.push_back(make_cell(Shape::from_zero, 0.0, first));
  double low = first;
  while (low < last) {
    cells_.push_back(make_cell(Shape::between, low, kGridRatio * low));
    low *= kGridRatio;
  }
  cells_.push_back(make_cell(Shape::to_infinity, low, INFINITY));
  std::vector<double> loss;
  const auto top = [&] {
    double largest = cells_.front().log_mass;
    for (const Cell& cell : cells_)
      largest = std::max(largest, cell.log_mass);
    return largest;
  };
  while (cells_.size() < kMostCells) {
    const double scale = top();
    double total = 0.0, wasted = 0.0, worst = -1.0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      Cell& cell = cells_[i];
      if (cell.loss == 0.0) cell.loss = waste(cell, cell.log_mass);
      const double mass = exp(std::max(cell.log_mass - scale, -700.0));
      total += mass;
      wasted += mass * cell.loss;
      if (mass * cell.loss > worst) {
        worst = mass * cell.loss;
        at = i;
      }
    }
    if (wasted <= (1.0 - kEnoughAccepted) * total) break;
    const Cell old = cells_[at];
    const bool zero = old.shape == Shape::from_zero;
    const bool infinity = old.shape == Shape::to_infinity;
    const double middle = zero       ? old.high / kGridRatio
                          : infinity ? old.low * kGridRatio
                                     : std::sqrt(old.low * old.high);
    if (!(middle > 1e-290 && middle < 1e290) || !(middle > old.low) ||
        !(middle < old.high)) {
      break;
    }
    cells_[at] = make_cell(zero ? Shape::from_zero : Shape::between, old.low, middle);
    cells_.insert(
        cells_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
        make_cell(infinity ? Shape::to_infinity : Shape::between, middle, old.high));
  }
  const double scale = top();
  double sum = 0.0;
  for (const Cell& cell : cells_) {
    sum += exp(std::max(cell.log_mass - scale, -700.0));
    cumulative_.push_back(sum);
  }
  for (double& value : cumulative_)
    value /= sum;
  run_pilot();
}

/// Where nearly all proposals fail, the cells that matter could lie below the resolution of
/// the uniform number that picks one: such an envelope is of no use.
void GaussianEnvelope::run_pilot() {
  constexpr std::int64_t kPilotDraws = 200;
  std::int64_t accepted = 0, tries = 0;
  VariancePoint ignored;
  for (; accepted < kPilotDraws && tries < 100 * kPilotDraws; ++tries) {
    Variates random(0, Purpose::posterior_pilot, tries);
    if (propose(random, ignored)) ++accepted;
  }
  acceptance_ = static_cast<double>(accepted) / static_cast<double>(tries);
}

VariancePoint GaussianEnvelope::draw(Variates& random, std::int64_t& tries) const {
  VariancePoint out;
  do {
    ++tries;
  } while (!propose(random, out));
  return out;
}

/// One proposal; whether it is accepted.
bool GaussianEnvelope::propose(Variates& random, VariancePoint& out) const {
  const double pick = random.uniform();
  const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), pick);
  const auto index =
      std::min<std::ptrdiff_t>(found - cumulative_.begin(), std::ssize(cumulative_) - 1);
  const Cell& cell = cells_[static_cast<std::size_t>(index)];
  const double u = random.uniform();
  double lambda = 0.0;
  switch (cell.shape) {
    case Shape::from_zero:
      lambda = cell.high * exp(std::max(log(u) / (cell.q + 1.0), -700.0));
      break;
    case Shape::to_infinity:
      lambda = cell.low * exp(std::min(log(u) / (cell.rate + 1.0), 600.0));
      break;
    case Shape::between: {
      // Inversion: log(1 + u (e^z − 1))/rate, from the end where the density is large.
      const double width = cell.high - cell.low;
      const double z = cell.rate * width;
      if (std::abs(z) < 1e-8) {
        lambda = cell.low + u * width;
      } else if (z < 0.0) {
        lambda = cell.low + log(1.0 - u * (1.0 - exp(std::max(z, -700.0)))) / cell.rate;
      } else {
        lambda = cell.high + log(1.0 - u * (1.0 - exp(std::max(-z, -700.0)))) / cell.rate;
      }
      lambda = std::clamp(lambda, cell.low, cell.high);
      break;
    }
  }
  if (!(lambda > 1e-300 && lambda < 1e300)) return false;  // one draw in 10²⁰⁰
  const double S = sum_of_squares(lambda);
  const double sigma = std::sqrt(0.5 * S / random.gamma(0.5 * cell.nu));
  out = {lambda, sigma};
  return log(random.uniform()) <= log_ratio(cell, lambda, sigma);
}

}  // namespace merit
