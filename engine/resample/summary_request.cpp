// SPDX-License-Identifier: MIT
#include "engine/resample/summary_request.hpp"

#include <cmath>

#include "engine/resample/acceleration.hpp"

namespace merit {
namespace {

/// Those of a column that are defined. @param values  row by row
std::vector<double> defined(std::span<const double> values,
                            std::span<const std::uint8_t> status,
                            std::size_t column) {
  const std::size_t width = values.size() / status.size();
  std::vector<double> out;
  for (std::size_t row = 0; row < status.size(); ++row) {
    const double value = values[row * width + column];
    if (has_estimate(status[row]) && !std::isnan(value)) out.push_back(value);
  }
  return out;
}

}  // namespace

std::vector<double> estimates_of(const FitResult& fit) {
  std::vector<double> estimates(fit.beta.begin(), fit.beta.end());
  estimates.push_back(fit.tau);
  if (fit.has_sigma()) estimates.push_back(fit.sigma);
  return estimates;
}

SummaryRequest summary_request(const FitResult& fit,
                               std::span<const IntervalType> types,
                               double level) {
  SummaryRequest request{
      .originals = {}, .types = {types.begin(), types.end()}, .level = level};
  for (const double estimate : estimates_of(fit))
    request.originals.push_back({.estimate = estimate});
  request.columns.num_estimates = std::ssize(request.originals);
  return request;
}

void add_studentised(const FitResult& fit, bool sds, SummaryRequest& request) {
  const auto add = [&](std::int64_t column, double std_error, bool log_scale) {
    if (!(std_error > 0.0 && std::isfinite(std_error))) return;
    Original& original = request.originals[static_cast<std::size_t>(column)];
    original.studentised = Studentised{.std_error = std_error, .log_scale = log_scale};
    request.columns.studentised.push_back({.estimate = column,
                                           .std_error = column,
                                           .original = original.estimate,
                                           .log_scale = log_scale});
  };
  const Eigen::Index p = fit.beta.size();
  for (Eigen::Index k = 0; k < p; ++k)
    add(k, std::sqrt(fit.vcov(k, k)), false);
  if (!sds) return;
  if (fit.tau > 0.0) add(p, fit.tau_std_error / fit.tau, true);
  if (fit.has_sigma()) add(p + 1, fit.sigma_std_error / fit.sigma, true);
}

void add_accelerations(const DeleteOneFits& fits,
                       std::span<const std::int32_t> stratum,
                       SummaryRequest& request) {
  std::vector<double> memory;
  const std::span<const double> values =
      request.columns.values(fits.estimate, {}, fits.status, memory);
  const std::size_t width = request.originals.size();
  for (std::size_t column = 0; column < width; ++column) {
    std::vector<double> of_column;
    for (std::size_t at = column; at < values.size(); at += width)
      of_column.push_back(values[at]);
    request.originals[column].acceleration = acceleration(of_column, stratum);
  }
}

std::vector<BootstrapSummary> summarize_in_memory(const SummaryRequest& request,
                                                  const ReplicateRows& rows) {
  std::vector<double> memory;
  const std::span<const double> values =
      request.columns.values(rows.estimate, rows.std_error, rows.status, memory);
  std::vector<BootstrapSummary> out;
  std::size_t student = request.columns.first_studentised();
  for (std::size_t k = 0; k < request.originals.size(); ++k) {
    const Original& original = request.originals[k];
    std::vector<double> replicates = defined(values, rows.status, k), studentised;
    if (original.studentised) studentised = defined(values, rows.status, student++);
    out.push_back(summarize_bootstrap(
        original, replicates, request.types, request.level, studentised));
  }
  return out;
}

}  // namespace merit
