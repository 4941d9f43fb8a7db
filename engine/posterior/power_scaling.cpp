// SPDX-License-Identifier: MIT
#include "engine/posterior/power_scaling.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <numeric>

#include "engine/model/elementary.hpp"
#include "engine/posterior/pareto.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log1p;
using elementary::log2;

constexpr double kLowerAlpha = 0.99;
constexpr double kUpperAlpha = 1.01;

/// Smoothed, with sum 1; their Pareto k.
double scaled_weights(std::span<const double> component,
                      double alpha,
                      std::vector<double>& weights) {
  weights.assign(component.begin(), component.end());
  for (double& weight : weights)
    weight *= alpha - 1.0;
  const double k = pareto_smooth(weights);
  const double top = *std::max_element(weights.begin(), weights.end());
  double sum = 0.0;
  for (double& weight : weights) {
    weight = exp(std::max(weight - top, -700.0));
    sum += weight;
  }
  for (double& weight : weights)
    weight /= sum;
  return k;
}

/// P log(P/M) + Q log(Q/M), without the cancellation at P = Q: with d = (Q − P)/(Q + P) it is
/// M ((1 − d) log(1 − d) + (1 + d) log(1 + d)) = M Σ_k d^(2k)/(k(2k − 1)).
double divergence(double P, double Q) {
  const double M = 0.5 * (P + Q);
  const double d = 0.5 * (Q - P) / M;
  const double d2 = d * d;
  if (d2 < 1e-3)
    return M * d2 * (1.0 + d2 * (1.0 / 6.0 + d2 * (1.0 / 15.0 + d2 * (1.0 / 28.0))));
  const double lower = d < 1.0 ? (1.0 - d) * log1p(-d) : 0.0;
  const double upper = d > -1.0 ? (1.0 + d) * log1p(d) : 0.0;
  return M * (lower + upper);
}

/// D² × log 2 of one direction. `at(i)` is the i-th draw from where P and Q are 0.
template <class At>
double squared_distance(std::size_t S,
                        std::span<const double> draws,
                        std::span<const double> weights,
                        const At& at) {
  double P = 0.0, Q = 0.0, diverged = 0.0, bound = 0.0;
  for (std::size_t i = 0; i + 1 < S; ++i) {
    P = static_cast<double>(i + 1) / static_cast<double>(S);
    Q += weights[at(i)];
    const double width = std::abs(draws[at(i + 1)] - draws[at(i)]);
    diverged += width * divergence(P, Q);
    bound += width * (P + Q);
  }
  return diverged / bound;
}

}  // namespace

std::vector<std::size_t> sorting_order(std::span<const double> draws) {
  std::vector<std::size_t> order(draws.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return draws[a] < draws[b];
  });
  return order;
}

double cumulative_distance(std::span<const double> draws,
                           std::span<const std::size_t> order,
                           std::span<const double> weights) {
  const std::size_t S = draws.size();
  const double up =
      squared_distance(S, draws, weights, [&](std::size_t i) { return order[i]; });
  const double down = squared_distance(
      S, draws, weights, [&](std::size_t i) { return order[S - 1 - i]; });
  return std::sqrt(std::max(up, down) / std::numbers::ln2);
}

PowerScaling::PowerScaling(std::span<const double> component) {
  const auto [least, most] = std::minmax_element(component.begin(), component.end());
  if (component.empty() || *least == *most) return;
  pareto_k_ = std::max(scaled_weights(component, kLowerAlpha, lower_),
                       scaled_weights(component, kUpperAlpha, upper_));
}

double PowerScaling::sensitivity(std::span<const double> draws,
                                 std::span<const std::size_t> order) const {
  const bool finite = std::all_of(
      draws.begin(), draws.end(), [](double value) { return std::isfinite(value); });
  if (draws.empty() || !finite || draws[order.front()] == draws[order.back()])
    return std::numeric_limits<double>::quiet_NaN();
  if (lower_.empty()) return 0.0;
  const double lower = cumulative_distance(draws, order, lower_) / -log2(kLowerAlpha);
  const double upper = cumulative_distance(draws, order, upper_) / log2(kUpperAlpha);
  return 0.5 * (lower + upper);
}

}  // namespace merit
