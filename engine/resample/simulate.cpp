// SPDX-License-Identifier: MIT
#include "engine/resample/simulate.hpp"

#include <algorithm>
#include <cmath>

#include "engine/model/elementary.hpp"
#include "engine/model/log_factorial.hpp"
#include "engine/resample/count_draw.hpp"

namespace merit {
namespace {

// Rows of a group that are drawn at a time, and stay in the cache.
constexpr std::int64_t kStripPacks = 512;
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

ResponseSimulator::ResponseSimulator(const GlmmModel& model,
                                     const Eigen::VectorXd& psi,
                                     SimdLevel simd)
    : model_(&model),
      kernels_(simulate_kernels(simd)),
      draws_(draw_kernels(simd)),
      psi_(psi) {}

bool ResponseSimulator::draw(std::uint64_t seed,
                             std::int64_t replicate,
                             Workspace& work,
                             AlignedVector<std::int32_t>& y) const {
  const PackedRows& rows = model_->rows;
  const std::int64_t J = rows.num_groups();
  work.intercept.resize(static_cast<std::size_t>((J + 7) / 8 * 8));
  for (auto* array : {&work.eta, &work.uniform, &work.mean, &work.below, &work.drawn})
    array->resize(kStripPacks * kPackRows);
  y.resize(static_cast<std::size_t>(rows.num_packs() * kPackRows));
  draws_.normals(seed,
                 Purpose::simulated_intercepts,
                 replicate,
                 (J + 7) / 8 * 8,
                 work.intercept.data());
  const double tau = psi_[psi_.size() - 1];
  bool fits = true;
  for (std::int64_t j = 0; j < J; ++j) {
    const auto group = static_cast<std::size_t>(j);
    const std::int64_t end = rows.first_row(j) + rows.size[group];
    for (std::int64_t first = rows.first_row(j); first < end;
         first += kStripPacks * kPackRows) {
      const std::int64_t count = std::min(kStripPacks * kPackRows, end - first);
      kernels_.uniforms(seed,
                        replicate,
                        first / kPackRows,
                        (count + kPackRows - 1) / kPackRows,
                        work.uniform.data());
      draw_strip(first, count, tau * work.intercept[group], work);
      for (std::int64_t i = 0; i < count; ++i) {
        const double drawn = work.drawn[static_cast<std::size_t>(i)];
        fits = fits && drawn <= kLargestCount;
        y[static_cast<std::size_t>(first + i)] =
            static_cast<std::int32_t>(std::min(drawn, kLargestCount));
      }
    }
    std::fill(y.begin() + end, y.begin() + rows.first_row(j + 1), -1);
  }
  return fits;
}

/// `count` rows of one group from row `first` (as an index of y) on, into work.drawn.
void ResponseSimulator::draw_strip(std::int64_t first,
                                   std::int64_t count,
                                   double intercept,
                                   Workspace& work) const {
  const PackedRows& rows = model_->rows;
  const GlmFamily& family = model_->family;
  const std::int64_t packs = (count + kPackRows - 1) / kPackRows;
  const std::int64_t p = rows.num_fixed;
  kernels_.predictors(rows.x + first * p,
                      rows.offset == nullptr ? nullptr : rows.offset + first,
                      psi_.data(),
                      static_cast<int>(p),
                      packs,
                      work.eta.data());
  if (family.has_thresholds()) return draw_categories(intercept, packs, work);
  const double* eta = work.eta.data();
  const double* u = work.uniform.data();
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
      family.family == Family::negbinomial ? elementary::exp(psi_[p]) : 0.0;
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
void ResponseSimulator::draw_categories(double intercept,
                                        std::int64_t packs,
                                        Workspace& work) const {
  const std::int64_t count = packs * kPackRows;
  double* eta = work.eta.data();
  double* y = work.drawn.data();
  double* below = work.below.data();
  const double* u = work.uniform.data();
  for (std::int64_t i = 0; i < count; ++i)
    eta[i] = -eta[i];
  std::fill_n(y, count, 0.0);
  for (int c = 0; c < model_->family.num_extra; ++c) {
    const double shift = psi_[model_->rows.num_fixed + c] - intercept;
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

SimulateKernels simulate_kernels(SimdLevel level) {
  return at_level(level,
                  simd_v2::simulate_kernels,
                  simd_v3::simulate_kernels,
                  simd_v4::simulate_kernels)();
}

}  // namespace merit
