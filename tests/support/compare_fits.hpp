// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/fit/fit_result.hpp"
#include "engine/resample/replicate_rows.hpp"

namespace merit::testing {

/// Largest difference between replicate `row` and a fit: coefficients in units of their
/// standard errors, standard errors and σ relative, τ in units of σ, log-likelihood absolute.
/// Infinite if the statuses differ.
inline double difference(const ReplicateRows& rows,
                         std::int64_t row,
                         const FitResult& fit) {
  const auto at = static_cast<std::size_t>(row);
  const auto p = static_cast<std::size_t>(fit.beta.size());
  const auto status = static_cast<ReplicateStatus>(rows.status[at]);
  if (status != (fit.on_boundary ? ReplicateStatus::boundary : ReplicateStatus::ok)) {
    return HUGE_VAL;
  }
  const double* estimate = rows.estimate.data() + at * (p + 2);
  double worst = std::abs(rows.log_likelihood[at] - fit.log_likelihood);
  worst = std::max(worst, std::abs(estimate[p] - fit.tau) / fit.sigma);
  worst = std::max(worst, std::abs(estimate[p + 1] / fit.sigma - 1.0));
  for (std::size_t k = 0; k < p; ++k) {
    const auto a = static_cast<Eigen::Index>(k);
    const double se = std::sqrt(fit.vcov(a, a));
    worst = std::max(worst, std::abs(estimate[k] - fit.beta[a]) / se);
    worst = std::max(worst, std::abs(rows.std_error[at * (p + 2) + k] / se - 1.0));
  }
  const double* sd_error = rows.std_error.data() + at * (p + 2) + p;
  if (std::isnan(sd_error[0]) != fit.on_boundary) return HUGE_VAL;
  if (!fit.on_boundary)
    worst = std::max(worst, std::abs(sd_error[0] / fit.tau_std_error - 1.0));
  worst = std::max(worst, std::abs(sd_error[1] / fit.sigma_std_error - 1.0));
  return std::isnan(worst) ? HUGE_VAL : worst;
}

}  // namespace merit::testing
