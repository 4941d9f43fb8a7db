// SPDX-License-Identifier: MIT
#include "engine/study/measures.hpp"

#include <cmath>

namespace merit {
namespace {

/// Mean and variance about it, in two passes.
struct Moments {
  double mean = 0.0;
  double variance = std::numeric_limits<double>::quiet_NaN();
};

template <class Value>
Moments moments(std::size_t n, const Value& value) {
  Moments out;
  const auto count = static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i)
    out.mean += value(i) / count;
  if (n < 2) return out;
  double squares = 0.0;
  for (std::size_t i = 0; i < n; ++i)
    squares += (value(i) - out.mean) * (value(i) - out.mean);
  out.variance = squares / (count - 1.0);
  return out;
}

}  // namespace

Measure share(std::int64_t count, std::int64_t n) {
  if (n == 0) return {};
  const double p = static_cast<double>(count) / static_cast<double>(n);
  return {p, std::sqrt(p * (1.0 - p) / static_cast<double>(n))};
}

namespace {

/// What estimates tell without their standard errors.
void add_point(double truth, std::span<const double> estimate, Measures& out) {
  const auto n = static_cast<double>(estimate.size());
  const Moments about = moments(estimate.size(), [&](auto i) { return estimate[i]; });
  const double S = std::sqrt(about.variance);
  out.bias = {about.mean - truth, S / std::sqrt(n)};
  if (truth != 0.0) out.rbias = {out.bias.value / truth, out.bias.mcse / std::abs(truth)};
  out.empse = {S, S / std::sqrt(2.0 * (n - 1.0))};
  const Moments squares = moments(estimate.size(), [&](auto i) {
    return (estimate[i] - truth) * (estimate[i] - truth);
  });
  out.mse = {squares.mean, std::sqrt(squares.variance / n)};
  out.rmse.value = std::sqrt(squares.mean);
  out.rmse.mcse = out.mse.mcse / (2.0 * out.rmse.value);
}

void add_std_errors(std::span<const double> std_error, Measures& out) {
  if (std_error.empty()) return;
  const auto n = static_cast<double>(std_error.size());
  const double S = out.empse.value;
  const Moments variances =
      moments(std_error.size(), [&](auto i) { return std_error[i] * std_error[i]; });
  const double M = std::sqrt(variances.mean);
  const double spread = variances.variance / (4.0 * n * variances.mean);  // of M, squared
  out.modelse = {M, std::sqrt(spread)};
  out.relerror = {100.0 * (M / S - 1.0),
                  100.0 * (M / S) * std::sqrt(spread / variances.mean + 0.5 / (n - 1.0))};
}

/// @param covers, rejects, width  of the i-th interval
template <class Covers, class Rejects, class Width>
void add_intervals(const Covers& covers,
                   const Rejects& rejects,
                   const Width& width,
                   Measures& out) {
  const std::int64_t n = out.num_estimates;
  std::int64_t covering = 0, rejecting = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    covering += covers(i) ? 1 : 0;
    rejecting += rejects(i) ? 1 : 0;
  }
  out.coverage = share(covering, n);
  out.rej_rate = share(rejecting, n);
  const Moments mean = moments(static_cast<std::size_t>(n), width);
  out.width = {mean.mean, std::sqrt(mean.variance / static_cast<double>(n))};
}

}  // namespace

Measures measure(double truth,
                 std::span<const double> estimate,
                 std::span<const double> std_error,
                 std::span<const double> critical) {
  Measures out;
  out.num_estimates = std::ssize(estimate);
  if (estimate.empty()) return out;
  add_point(truth, estimate, out);
  add_std_errors(std_error, out);
  if (std_error.empty() || critical.empty()) return out;
  const auto half = [&](std::size_t i) { return critical[i] * std_error[i]; };
  add_intervals([&](auto i) { return std::abs(estimate[i] - truth) <= half(i); },
                [&](auto i) { return std::abs(estimate[i]) > half(i); },
                [&](auto i) { return 2.0 * critical[i] * std_error[i]; },
                out);
  return out;
}

Measures measure_intervals(double truth,
                           std::span<const double> estimate,
                           std::span<const double> std_error,
                           std::span<const Ends> interval) {
  Measures out;
  out.num_estimates = std::ssize(estimate);
  if (estimate.empty()) return out;
  add_point(truth, estimate, out);
  add_std_errors(std_error, out);
  add_intervals(
      [&](auto i) { return interval[i].low <= truth && truth <= interval[i].high; },
      [&](auto i) { return interval[i].low > 0.0 || interval[i].high < 0.0; },
      [&](auto i) { return interval[i].high - interval[i].low; },
      out);
  return out;
}

}  // namespace merit
