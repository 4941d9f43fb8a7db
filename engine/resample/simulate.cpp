// SPDX-License-Identifier: MIT
#include "engine/resample/simulate.hpp"

#include <algorithm>
#include <cmath>

#include "engine/model/elementary.hpp"
#include "engine/model/log_factorial.hpp"

namespace merit {
namespace {

constexpr double kLargestCount = 1e15;

double draw_poisson(double u, double mean) {
  const double mode = std::floor(mean);
  const double log_p =
      (mode > 0.0 ? mode * elementary::log(mean) : 0.0) - mean - log_factorial(mode);
  return invert_from_mode(
      u, mode, elementary::exp(log_p), kLargestCount, [mean](double k) {
        return mean / (k + 1.0);
      });
}

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

/// From 0 upwards while P(0) is a number; else from the mode, whose probability takes a sum.
double draw_negbinomial(double u, double mean, double theta) {
  const double share = mean / (mean + theta);
  const double log_p0 = -theta * elementary::log1p(mean / theta);
  const auto ratio = [theta, share](double k) { return (k + theta) / (k + 1.0) * share; };
  if (log_p0 > -600.0)
    return invert_from_mode(u, 0.0, elementary::exp(log_p0), kLargestCount, ratio);
  const double mode = theta > 1.0 ? std::floor(mean * (theta - 1.0) / theta) : 0.0;
  double log_p = log_p0 + mode * elementary::log(share);
  for (double k = 0.0; k < mode; k += 1.0)
    log_p += elementary::log((k + theta) / (k + 1.0));
  return invert_from_mode(u, mode, elementary::exp(log_p), kLargestCount, ratio);
}

}  // namespace

ResponseSimulator::ResponseSimulator(const GlmmModel& model,
                                     const Eigen::VectorXd& psi,
                                     SimdLevel simd)
    : model_(&model), kernels_(simulate_kernels(simd)), tau_(psi[psi.size() - 1]) {
  const PackedRows& rows = model.rows;
  const std::int64_t p = rows.num_fixed;
  extra_.assign(psi.data() + p, psi.data() + psi.size() - 1);
  eta_ = rows.offset;
  for (std::int64_t pack = 0; pack < rows.num_packs(); ++pack) {
    for (std::int64_t a = 0; a < p; ++a) {
      for (std::int64_t lane = 0; lane < kPackRows; ++lane) {
        eta_[static_cast<std::size_t>(pack * kPackRows + lane)] +=
            rows.x[static_cast<std::size_t>((pack * p + a) * kPackRows + lane)] * psi[a];
      }
    }
  }
}

void ResponseSimulator::draw(std::uint64_t seed,
                             std::int64_t replicate,
                             Workspace& work,
                             AlignedVector<double>& y) const {
  const PackedRows& rows = model_->rows;
  const std::int64_t J = rows.num_groups();
  work.intercept.resize(static_cast<std::size_t>((J + 7) / 8 * 8));
  work.uniform.resize(eta_.size());
  y.assign(eta_.size(), 0.0);
  work.mean.resize(eta_.size());
  kernels_.normals(seed, replicate, (J + 7) / 8 * 8, work.intercept.data());
  kernels_.uniforms(seed, replicate, rows.num_packs(), work.uniform.data());
  for (std::int64_t j = 0; j < J; ++j) {
    const double intercept = tau_ * work.intercept[static_cast<std::size_t>(j)];
    draw_group(j, intercept, work, y.data());
    const std::int64_t end = rows.first_pack[static_cast<std::size_t>(j) + 1] * kPackRows;
    std::int64_t i = rows.first_pack[static_cast<std::size_t>(j)] * kPackRows +
                     rows.size[static_cast<std::size_t>(j)];
    for (; i < end; ++i)
      y[static_cast<std::size_t>(i)] = 0.0;  // rows that pad
  }
}

void ResponseSimulator::draw_group(std::int64_t group,
                                   double intercept,
                                   Workspace& work,
                                   double* y) const {
  const PackedRows& rows = model_->rows;
  const GlmFamily& family = model_->family;
  const std::int64_t first = rows.first_pack[static_cast<std::size_t>(group)];
  const std::int64_t packs = rows.first_pack[static_cast<std::size_t>(group) + 1] - first;
  const std::int64_t at = first * kPackRows, count = packs * kPackRows;
  const double* eta = eta_.data() + at;
  const double* u = work.uniform.data() + at;
  const double* trials = rows.trials.data() + at;
  double* mean = work.mean.data() + at;
  y += at;
  if (family.has_thresholds()) return draw_categories(eta, intercept, packs, work, u, y);
  if (family.bernoulli && family.link == Link::logit)
    return kernels_.logit_events(eta, intercept, u, packs, y);

  const bool probability =
      family.family == Family::binomial && family.link != Link::logit;
  const auto means = !probability                  ? kernels_.exponentials
                     : family.link == Link::probit ? kernels_.normal_cdf
                                                   : kernels_.cloglog_cdf;
  means(eta, intercept, packs, mean);
  for (std::int64_t i = 0; i < count; ++i) {
    switch (family.family) {
      case Family::poisson:
        y[i] = draw_poisson(u[i], mean[i]);
        break;
      case Family::negbinomial:
        y[i] = draw_negbinomial(u[i], mean[i], elementary::exp(extra_[0]));
        break;
      default:
        if (family.bernoulli) {
          y[i] = u[i] < mean[i] ? 1.0 : 0.0;
        } else {
          const double odds = probability ? mean[i] / (1.0 - mean[i]) : mean[i];
          y[i] = draw_binomial(u[i], trials[i], std::min(odds, 1e300));
        }
    }
  }
}

/// y = the number of thresholds θ_c with P(Y ≤ c) ≤ u.
void ResponseSimulator::draw_categories(const double* eta,
                                        double intercept,
                                        std::int64_t packs,
                                        Workspace& work,
                                        const double* u,
                                        double* y) const {
  const std::int64_t count = packs * kPackRows;
  work.negative.resize(static_cast<std::size_t>(count));
  work.below.resize(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    work.negative[static_cast<std::size_t>(i)] = -eta[i];
  std::fill_n(y, count, 0.0);
  for (const double threshold : extra_) {
    const double shift = threshold - intercept;
    if (model_->family.link == Link::probit) {
      kernels_.normal_cdf(work.negative.data(), shift, packs, work.below.data());
      for (std::int64_t i = 0; i < count; ++i)
        y[i] += work.below[static_cast<std::size_t>(i)] <= u[i] ? 1.0 : 0.0;
    } else {
      kernels_.logit_events(work.negative.data(), shift, u, packs, work.below.data());
      for (std::int64_t i = 0; i < count; ++i)
        y[i] += 1.0 - work.below[static_cast<std::size_t>(i)];
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
