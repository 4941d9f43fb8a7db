// SPDX-License-Identifier: MIT
#include "engine/resample/intervals.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <boost/math/distributions/normal.hpp>

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double normal_quantile(double probability) {
  return boost::math::quantile(boost::math::normal(), probability);
}

/// Where boot:::norm.inter looks for the quantile of one probability among R ≥ 2 values: at
/// rank `low`, or `weight` of the way from there to the next.
struct QuantilePlace {
  std::int64_t low = 1;
  double weight = 0.0;
  bool extreme = false;
};

QuantilePlace quantile_place(std::int64_t R, double probability) {
  const double rank = static_cast<double>(R + 1) * probability;
  const auto k = static_cast<std::int64_t>(rank);
  QuantilePlace out;
  out.extreme = !(rank > 1.0 && rank < static_cast<double>(R));
  out.low = std::clamp<std::int64_t>(k, 1, R);
  if (k < 1 || k >= R || static_cast<double>(k) == rank) return out;
  const auto z = [&](std::int64_t j) {
    return normal_quantile(static_cast<double>(j) / static_cast<double>(R + 1));
  };
  out.weight = (normal_quantile(probability) - z(k)) / (z(k + 1) - z(k));
  return out;
}

// The probabilities written as boot.ci writes them: (R+1) α is then the same double.
std::array<double, 2> tail_probabilities(double level) {
  return {(1.0 - level) / 2.0, (1.0 + level) / 2.0};
}

bool uses_quantiles(IntervalType type) {
  return type != IntervalType::norm;
}

ReplicateMoments moments_of(std::span<const double> replicates) {
  const std::int64_t R = std::ssize(replicates);
  ReplicateMoments out{.num_replicates = R, .mean = kNaN, .sd = kNaN};
  if (R < 1) return out;
  // About the first value, so that a mean far from 0 costs no digits.
  const double origin = replicates[0];
  double sum = 0.0;
  for (const double t : replicates)
    sum += t - origin;
  const double offset = sum / static_cast<double>(R);
  out.mean = origin + offset;
  if (R < 2) return out;
  double squares = 0.0;
  for (const double t : replicates)
    squares += (t - origin - offset) * (t - origin - offset);
  out.sd = std::sqrt(squares / static_cast<double>(R - 1));
  return out;
}

}  // namespace

std::string_view name(IntervalType type) {
  switch (type) {
    case IntervalType::norm:
      return "norm";
    case IntervalType::basic:
      return "basic";
    case IntervalType::perc:
      return "perc";
  }
  return "";
}

std::optional<IntervalType> interval_type(std::string_view wanted) {
  for (const IntervalType type :
       {IntervalType::norm, IntervalType::basic, IntervalType::perc}) {
    if (wanted == name(type)) return type;
  }
  return std::nullopt;
}

std::vector<std::int64_t> ranks_needed(std::int64_t num_replicates,
                                       std::span<const IntervalType> types,
                                       double level) {
  std::vector<std::int64_t> ranks;
  if (num_replicates < 2 || std::none_of(types.begin(), types.end(), uses_quantiles)) {
    return ranks;
  }
  for (const double probability : tail_probabilities(level)) {
    const QuantilePlace place = quantile_place(num_replicates, probability);
    ranks.push_back(place.low);
    if (place.weight != 0.0) ranks.push_back(place.low + 1);
  }
  return ranks;
}

BootstrapSummary summarize_bootstrap(
    double original,
    const ReplicateMoments& moments,
    const std::function<double(std::int64_t k)>& order_statistic,
    std::span<const IntervalType> types,
    double level) {
  const std::int64_t R = moments.num_replicates;
  BootstrapSummary out{.num_replicates = R,
                       .mean = moments.mean,
                       .bias = moments.mean - original,
                       .sd = moments.sd,
                       .intervals = {}};
  const auto probabilities = tail_probabilities(level);
  std::array<double, 2> quantile = {kNaN, kNaN};
  bool extreme = false;
  if (R >= 2 && std::any_of(types.begin(), types.end(), uses_quantiles)) {
    for (std::size_t tail = 0; tail < 2; ++tail) {
      const QuantilePlace place = quantile_place(R, probabilities[tail]);
      quantile[tail] = order_statistic(place.low);
      if (place.weight != 0.0) {
        const double next = order_statistic(place.low + 1);
        quantile[tail] += place.weight * (next - quantile[tail]);
      }
      extreme = extreme || place.extreme;
    }
  }
  for (const IntervalType type : types) {
    Interval interval{type, kNaN, kNaN, false};
    if (uses_quantiles(type)) {
      const auto [low, high] = quantile;
      const bool percentile = type == IntervalType::perc;
      interval.low = percentile ? low : 2.0 * original - high;
      interval.high = percentile ? high : 2.0 * original - low;
      interval.extreme = extreme;
    } else {
      const double center = original - out.bias;
      const double half = out.sd * normal_quantile(probabilities[1]);
      interval.low = center - half;
      interval.high = center + half;
    }
    out.intervals.push_back(interval);
  }
  return out;
}

BootstrapSummary summarize_bootstrap(double original,
                                     std::span<double> replicates,
                                     std::span<const IntervalType> types,
                                     double level) {
  const auto order_statistic = [&](std::int64_t k) {
    const auto at = replicates.begin() + (k - 1);
    std::nth_element(replicates.begin(), at, replicates.end());
    return *at;
  };
  return summarize_bootstrap(
      original, moments_of(replicates), order_statistic, types, level);
}

}  // namespace merit
