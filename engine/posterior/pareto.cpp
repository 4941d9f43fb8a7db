// SPDX-License-Identifier: MIT
#include "engine/posterior/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log;
using elementary::log1p;

double mean_log1p(double factor, const std::vector<double>& x) {
  double sum = 0.0;
  for (const double value : x)
    sum += log1p(factor * value);
  return sum / static_cast<double>(x.size());
}

/// The largest weights, and what lies just below them.
struct Tail {
  std::vector<std::size_t> order;  ///< of the weights, ascending
  std::vector<double> exceed;      ///< over the cutoff, in units of the largest weight
  double top = 0.0;                ///< the largest log weight
  double cutoff = 0.0;             ///< in units of the largest weight
};

double exp_below(double x) {
  return exp(std::max(x, -700.0));
}

/// No order where there are too few, no exceedances where all are equal.
Tail tail_of(const std::vector<double>& log_weights, double relative_efficiency = 1.0) {
  Tail tail;
  const auto S = static_cast<double>(log_weights.size());
  const auto size = static_cast<std::size_t>(
      std::ceil(std::min(0.2 * S, 3.0 * std::sqrt(S / relative_efficiency))));
  if (size < 5 || size >= log_weights.size()) return tail;
  // Equal weights in the order of their draws, so that the result is a function of the draws.
  const auto less = [&](std::size_t a, std::size_t b) {
    return std::pair(log_weights[a], a) < std::pair(log_weights[b], b);
  };
  std::vector<std::size_t> order(log_weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto below = order.end() - static_cast<std::ptrdiff_t>(size) - 1;
  std::nth_element(order.begin(), below, order.end(), less);
  std::sort(below, order.end(), less);
  tail.order.assign(below + 1, order.end());
  tail.top = log_weights[tail.order.back()];
  if (tail.top - log_weights[tail.order.front()] < 1e-14) return tail;
  tail.cutoff = exp_below(log_weights[*below] - tail.top);
  for (const std::size_t i : tail.order)
    tail.exceed.push_back(exp_below(log_weights[i] - tail.top) - tail.cutoff);
  return tail;
}

}  // namespace

ParetoFit fit_pareto(const std::vector<double>& x) {
  const std::size_t n = x.size();
  const auto count = static_cast<double>(n);
  const std::size_t points = 30 + static_cast<std::size_t>(std::sqrt(count));
  const double quartile = x[static_cast<std::size_t>(count / 4.0 + 0.5) - 1];
  std::vector<double> theta(points), profile(points);
  for (std::size_t j = 0; j < points; ++j) {
    const double share = static_cast<double>(points) / (static_cast<double>(j + 1) - 0.5);
    theta[j] = 1.0 / x.back() + (1.0 - std::sqrt(share)) / (3.0 * quartile);
    const double k = mean_log1p(-theta[j], x);
    profile[j] = count * (log(-theta[j] / k) - k - 1.0);
  }
  double mean = 0.0;
  for (std::size_t j = 0; j < points; ++j) {
    double sum = 0.0;
    for (std::size_t i = 0; i < points; ++i)
      sum += exp(std::min(profile[i] - profile[j], 700.0));
    mean += theta[j] / sum;
  }
  const double k = mean_log1p(-mean, x);
  return {(k * count + 5.0) / (count + 10.0), -k / mean};
}

double pareto_k(std::vector<double> log_weights) {
  const Tail tail = tail_of(log_weights);
  if (tail.order.empty()) return std::numeric_limits<double>::infinity();
  if (tail.exceed.empty()) return -std::numeric_limits<double>::infinity();
  return fit_pareto(tail.exceed).shape;
}

double pareto_smooth(std::vector<double>& log_weights, double relative_efficiency) {
  const Tail tail = tail_of(log_weights, relative_efficiency);
  if (tail.order.empty()) return std::numeric_limits<double>::infinity();
  if (tail.exceed.empty()) return -std::numeric_limits<double>::infinity();
  const ParetoFit fit = fit_pareto(tail.exceed);
  if (!std::isfinite(fit.shape) || !(fit.scale > 0.0)) return fit.shape;
  const auto n = static_cast<double>(tail.order.size());
  for (std::size_t i = 0; i < tail.order.size(); ++i) {
    // σ ((1 − p)^(−k) − 1)/k at p = (i + ½)/n; its limit −σ log(1 − p) at k = 0.
    const double minus_log = -log1p(-(static_cast<double>(i) + 0.5) / n);
    const double kt = fit.shape * minus_log;
    const double above = std::abs(kt) < 1e-8 ? fit.scale * minus_log * (1.0 + 0.5 * kt)
                                             : fit.scale * (exp(kt) - 1.0) / fit.shape;
    log_weights[tail.order[i]] = tail.top + std::min(0.0, log(tail.cutoff + above));
  }
  return fit.shape;
}

}  // namespace merit
