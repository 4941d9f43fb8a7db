// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/gamma.hpp>

#include "engine/resample/null_bootstrap.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Distribution>
double upper_tail(const Distribution& distribution, double x) {
  return boost::math::cdf(boost::math::complement(distribution, x));
}

}  // namespace

void NullDistribution::add(std::span<const double> draws) {
  for (const double draw : draws) {
    if (std::isnan(draw)) continue;
    ++num_draws_;
    if (draw >= statistic_) ++num_no_lower_;
    const double step = draw - mean_;
    mean_ += step / static_cast<double>(num_draws_);
    squares_ += step * (draw - mean_);
  }
}

double NullDistribution::variance() const {
  return num_draws_ > 1 ? squares_ / static_cast<double>(num_draws_ - 1) : kNaN;
}

double NullDistribution::p_value() const {
  if (num_draws_ == 0) return kNaN;
  return static_cast<double>(1 + num_no_lower_) / static_cast<double>(1 + num_draws_);
}

double NullDistribution::bartlett_p_value(double df) const {
  if (!(mean_ > 0.0)) return kNaN;
  return upper_tail(boost::math::chi_squared(df), bartlett_statistic(df));
}

double NullDistribution::gamma_p_value() const {
  const double variance = this->variance();
  if (!(mean_ > 0.0 && variance > 0.0)) return kNaN;
  return upper_tail(
      boost::math::gamma_distribution<>(mean_ * mean_ / variance, variance / mean_),
      statistic_);
}

}  // namespace merit
