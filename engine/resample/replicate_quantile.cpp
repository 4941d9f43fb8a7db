// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_quantile.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/normal.hpp>

namespace merit {
namespace {

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

/// Ranks about a standard deviation to either side, first < last.
struct Neighbours {
  std::int64_t first = 1;
  std::int64_t last = 2;
};

Neighbours neighbours(std::int64_t R, double q) {
  const auto size = static_cast<double>(R);
  const double sd = std::sqrt(size * q * (1.0 - q));
  const double rank = (size + 1.0) * q;
  const auto within = [R](double k) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(k), 1, R);
  };
  Neighbours out{within(std::floor(rank - sd)), within(std::ceil(rank + sd))};
  if (out.first == out.last) (out.first > 1 ? --out.first : ++out.last);
  return out;
}

}  // namespace

ReplicateQuantile replicate_quantile(std::int64_t R,
                                     double q,
                                     const OrderStatistic& order_statistic) {
  const QuantilePlace place = quantile_place(R, q);
  ReplicateQuantile out{.value = order_statistic(place.low), .extreme = place.extreme};
  if (place.weight != 0.0) {
    out.value += place.weight * (order_statistic(place.low + 1) - out.value);
  }
  const auto [first, last] = neighbours(R, q);
  out.spacing = (order_statistic(last) - order_statistic(first)) /
                static_cast<double>(last - first);
  return out;
}

void add_ranks(std::int64_t R, double q, std::vector<std::int64_t>& ranks) {
  const QuantilePlace place = quantile_place(R, q);
  ranks.push_back(place.low);
  if (place.weight != 0.0) ranks.push_back(place.low + 1);
  const auto [first, last] = neighbours(R, q);
  ranks.push_back(first);
  ranks.push_back(last);
}

}  // namespace merit
