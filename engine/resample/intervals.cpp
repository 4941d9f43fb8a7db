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

/// Order statistics of a sample, found by selection in what is left between those found.
class OrderStatistics {
 public:
  explicit OrderStatistics(std::span<double> sample)
      : sample_(sample), settled_{0, std::ssize(sample)} {}

  /// The k-th smallest value, 1 ≤ k ≤ R.
  double operator()(std::int64_t k) {
    const std::int64_t at = k - 1;
    const auto after = std::upper_bound(settled_.begin(), settled_.end(), at);
    const std::int64_t begin = *(after - 1);
    std::nth_element(
        sample_.begin() + begin, sample_.begin() + at, sample_.begin() + *after);
    // [at, at + 1) is in its place: both its ends are borders from now on.
    if (at + 1 != *after) settled_.insert(after, at + 1);
    if (at != begin)
      settled_.insert(std::upper_bound(settled_.begin(), settled_.end(), at), at);
    return sample_[static_cast<std::size_t>(at)];
  }

 private:
  std::span<double> sample_;
  std::vector<std::int64_t>
      settled_;  ///< borders: values left of one are ≤ those right of it
};

struct Quantile {
  double value = kNaN;
  bool extreme = false;
};

/// boot:::norm.inter for one probability.
Quantile interpolated_quantile(OrderStatistics& ordered,
                               std::int64_t R,
                               double probability) {
  const double rank = static_cast<double>(R + 1) * probability;
  const auto k = static_cast<std::int64_t>(rank);
  Quantile out;
  out.extreme = !(rank > 1.0 && rank < static_cast<double>(R));
  if (k < 1) {
    out.value = ordered(1);
  } else if (k >= R) {
    out.value = ordered(R);
  } else if (static_cast<double>(k) == rank) {
    out.value = ordered(k);
  } else {
    const auto z = [&](std::int64_t j) {
      return normal_quantile(static_cast<double>(j) / static_cast<double>(R + 1));
    };
    const double weight = (normal_quantile(probability) - z(k)) / (z(k + 1) - z(k));
    const double below = ordered(k);
    out.value = below + weight * (ordered(k + 1) - below);
  }
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

BootstrapSummary summarize_bootstrap(double original,
                                     std::span<double> replicates,
                                     std::span<const IntervalType> types,
                                     double level) {
  const std::int64_t R = std::ssize(replicates);
  BootstrapSummary out{
      .num_replicates = R, .mean = kNaN, .bias = kNaN, .sd = kNaN, .intervals = {}};
  if (R >= 1) {
    // About the first value, so that a mean far from 0 costs no digits.
    const double origin = replicates[0];
    double sum = 0.0;
    for (const double t : replicates)
      sum += t - origin;
    const double offset = sum / static_cast<double>(R);
    out.mean = origin + offset;
    out.bias = out.mean - original;
    if (R >= 2) {
      double squares = 0.0;
      for (const double t : replicates)
        squares += (t - origin - offset) * (t - origin - offset);
      out.sd = std::sqrt(squares / static_cast<double>(R - 1));
    }
  }

  // The probabilities written as boot.ci writes them: (R+1) α is then the same double.
  const double low_probability = (1.0 - level) / 2.0;
  const double high_probability = (1.0 + level) / 2.0;
  std::optional<std::array<Quantile, 2>> quantiles;
  const auto sample_quantiles = [&]() -> const std::array<Quantile, 2>& {
    if (!quantiles) {
      quantiles.emplace();
      if (R >= 2) {
        OrderStatistics ordered(replicates);
        (*quantiles)[0] = interpolated_quantile(ordered, R, low_probability);
        (*quantiles)[1] = interpolated_quantile(ordered, R, high_probability);
      }
    }
    return *quantiles;
  };

  for (const IntervalType type : types) {
    Interval interval{type, kNaN, kNaN, false};
    if (type == IntervalType::norm) {
      const double center = original - out.bias;
      const double half = out.sd * normal_quantile(high_probability);
      interval.low = center - half;
      interval.high = center + half;
    } else {
      const auto& [low, high] = sample_quantiles();
      const bool percentile = type == IntervalType::perc;
      interval.low = percentile ? low.value : 2.0 * original - high.value;
      interval.high = percentile ? high.value : 2.0 * original - low.value;
      interval.extreme = low.extreme || high.extreme;
    }
    out.intervals.push_back(interval);
  }
  return out;
}

}  // namespace merit
