// SPDX-License-Identifier: MIT
#include "engine/posterior/predictive_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kEqual = 1e-10;
constexpr double kTail = 0.025;

/// From n, Σ d and Σ d²: √ of Σ (d − d̄)²/(n − 1).
double sd_of(double n, double sum, double squares) {
  if (n < 2.0) return kNaN;
  const double about_mean = squares - sum * sum / n;
  return std::sqrt(std::max(about_mean, 0.0) / (n - 1.0));
}

}  // namespace

std::string_view name(CheckedStatistic statistic) {
  switch (statistic) {
    case CheckedStatistic::mean:
      return "mean";
    case CheckedStatistic::sd:
      return "sd";
    case CheckedStatistic::min:
      return "min";
    case CheckedStatistic::max:
      return "max";
    case CheckedStatistic::prop_zero:
      return "prop_zero";
    default:
      return "sd_group_means";
  }
}

std::vector<CheckedStatistic> checked_statistics(Family family, bool bernoulli) {
  using enum CheckedStatistic;
  if (family == Family::gaussian) return {mean, sd, min, max, sd_group_means};
  if (family == Family::ordinal) return {mean, sd, sd_group_means};
  if (bernoulli) return {mean, sd, prop_zero, sd_group_means};
  return {mean, sd, min, max, prop_zero, sd_group_means};
}

PredictiveCheck predictive_check(double observed, std::span<const double> replicated) {
  const auto S = static_cast<double>(replicated.size());
  const double margin = kEqual * std::abs(observed);
  double sum = 0.0, above = 0.0, equal = 0.0;
  for (const double value : replicated) {
    sum += value - observed;
    if (value > observed + margin) above += 1.0;
    if (std::abs(value - observed) <= margin) equal += 1.0;
  }
  const double away = sum / S;
  double squares = 0.0;
  for (const double value : replicated)
    squares += (value - observed - away) * (value - observed - away);
  PredictiveCheck out{.observed = observed,
                      .mean = observed + away,
                      .sd = std::sqrt(squares / (S - 1.0)),
                      .p_value = (above + equal) / S,
                      .p_equal = equal / S};
  if (!std::isfinite(away)) out.mean = out.sd = out.p_value = out.p_equal = kNaN;
  return out;
}

bool is_extreme(const PredictiveCheck& check) {
  return check.p_value < kTail || 1.0 - check.p_value + check.p_equal < kTail;
}

ResponseSums sums_of_group(std::span<const double> y, double centre) {
  ResponseSums out;
  if (y.empty()) return out;
  out.min = out.max = y.front();
  for (const double value : y) {
    const double away = value - centre;
    out.sum += away;
    out.squares += away * away;
    out.zeros += value == 0.0 ? 1.0 : 0.0;
    out.min = std::min(out.min, value);
    out.max = std::max(out.max, value);
  }
  out.count = static_cast<double>(y.size());
  out.groups = 1.0;
  out.means = out.sum / out.count;
  out.mean_squares = out.means * out.means;
  return out;
}

ResponseSums merged(const ResponseSums& a, const ResponseSums& b) {
  if (a.count == 0.0) return b;
  if (b.count == 0.0) return a;
  return {.count = a.count + b.count,
          .sum = a.sum + b.sum,
          .squares = a.squares + b.squares,
          .zeros = a.zeros + b.zeros,
          .min = std::min(a.min, b.min),
          .max = std::max(a.max, b.max),
          .groups = a.groups + b.groups,
          .means = a.means + b.means,
          .mean_squares = a.mean_squares + b.mean_squares};
}

double value_of(CheckedStatistic statistic, const ResponseSums& sums, double centre) {
  if (!std::isfinite(sums.squares) || sums.count == 0.0) return kNaN;
  switch (statistic) {
    case CheckedStatistic::mean:
      return centre + sums.sum / sums.count;
    case CheckedStatistic::sd:
      return sd_of(sums.count, sums.sum, sums.squares);
    case CheckedStatistic::min:
      return sums.min;
    case CheckedStatistic::max:
      return sums.max;
    case CheckedStatistic::prop_zero:
      return sums.zeros / sums.count;
    default:
      return sd_of(sums.groups, sums.means, sums.mean_squares);
  }
}

}  // namespace merit
