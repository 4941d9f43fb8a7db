// SPDX-License-Identifier: MIT
#include "engine/resample/row_simulator.hpp"

#include <algorithm>
#include <cmath>

#include "engine/model/elementary.hpp"
#include "engine/model/log_factorial.hpp"
#include "engine/resample/count_draw.hpp"

namespace merit {
namespace {

/// @param odds  of an event
double draw_binomial(double u, double trials, double odds) {
  const double share = odds / (1.0 + odds);
  const double mode = std::min(trials, std::floor((trials + 1.0) * share));
  const double log_p = log_factorial(trials) - log_factorial(mode) -
                       log_factorial(trials - mode) +
                       (mode > 0.0 ? mode * elementary::log(odds) : 0.0) -
                       trials * elementary::log1p(odds);
  return invert_from_mode(
      u, mode, elementary::exp(log_p), trials, [trials, odds](double k) {
        return (trials - k) / (k + 1.0) * odds;
      });
}

}  // namespace

RowSimulator::RowSimulator(const GlmmModel& model, SimdLevel simd)
    : model_(&model), kernels_(simulate_kernels(simd)) {}

void RowSimulator::draw(const Eigen::VectorXd& psi,
                        std::int64_t first,
                        std::int64_t count,
                        double intercept,
                        const double* u,
                        Workspace& work) const {
  for (auto* array : {&work.eta, &work.mean, &work.below, &work.drawn})
    array->resize(kStripRows);
  const PackedRows& rows = model_->rows;
  const GlmFamily& family = model_->family;
  const std::int64_t packs = (count + kPackRows - 1) / kPackRows;
  const std::int64_t p = rows.num_fixed;
  kernels_.predictors(rows.x + first * p,
                      rows.offset == nullptr ? nullptr : rows.offset + first,
                      psi.data(),
                      static_cast<int>(p),
                      packs,
                      work.eta.data());
  if (family.has_thresholds()) return draw_categories(psi, intercept, u, packs, work);
  const double* eta = work.eta.data();
  double* y = work.drawn.data();
  if (family.bernoulli && family.link == Link::logit)
    return kernels_.logit_events(eta, intercept, u, packs, y);

  const bool probability =
      family.family == Family::binomial && family.link != Link::logit;
  const auto means = !probability                  ? kernels_.exponentials
                     : family.link == Link::probit ? kernels_.normal_cdf
                                                   : kernels_.cloglog_cdf;
  const double* mean = work.mean.data();
  means(eta, intercept, packs, work.mean.data());
  const double theta =
      family.family == Family::negbinomial ? elementary::exp(psi[p]) : 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    switch (family.family) {
      case Family::poisson:
        y[i] = draw_poisson(u[i], mean[i]);
        break;
      case Family::negbinomial:
        y[i] = draw_negbinomial(u[i], mean[i], theta);
        break;
      default:
        if (family.bernoulli) {
          y[i] = u[i] < mean[i] ? 1.0 : 0.0;
        } else {
          const double odds = probability ? mean[i] / (1.0 - mean[i]) : mean[i];
          y[i] = draw_binomial(u[i], rows.trials_of(first + i), std::min(odds, 1e300));
        }
    }
  }
}

/// y = the number of thresholds θ_c with P(Y ≤ c) ≤ u.
void RowSimulator::draw_categories(const Eigen::VectorXd& psi,
                                   double intercept,
                                   const double* u,
                                   std::int64_t packs,
                                   Workspace& work) const {
  const std::int64_t count = packs * kPackRows;
  double* eta = work.eta.data();
  double* y = work.drawn.data();
  double* below = work.below.data();
  for (std::int64_t i = 0; i < count; ++i)
    eta[i] = -eta[i];
  std::fill_n(y, count, 0.0);
  for (int c = 0; c < model_->family.num_extra; ++c) {
    const double shift = psi[model_->rows.num_fixed + c] - intercept;
    if (model_->family.link == Link::probit) {
      kernels_.normal_cdf(eta, shift, packs, below);
      for (std::int64_t i = 0; i < count; ++i)
        y[i] += below[i] <= u[i] ? 1.0 : 0.0;
    } else {
      kernels_.logit_events(eta, shift, u, packs, below);
      for (std::int64_t i = 0; i < count; ++i)
        y[i] += 1.0 - below[i];
    }
  }
}

}  // namespace merit
