// SPDX-License-Identifier: MIT
#include "engine/posterior/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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

}  // namespace

double fit_pareto_shape(const std::vector<double>& x) {
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
  return (k * count + 5.0) / (count + 10.0);
}

double pareto_k(std::vector<double> log_weights) {
  std::sort(log_weights.begin(), log_weights.end());
  const auto S = static_cast<double>(log_weights.size());
  const auto tail =
      static_cast<std::size_t>(std::ceil(std::min(0.2 * S, 3.0 * std::sqrt(S))));
  if (tail < 5 || tail >= log_weights.size()) {
    return std::numeric_limits<double>::infinity();
  }
  const double top = log_weights.back();
  const std::size_t first = log_weights.size() - tail;
  if (top - log_weights[first] < 1e-14) return -std::numeric_limits<double>::infinity();
  const double cutoff = exp(std::max(log_weights[first - 1] - top, -700.0));
  std::vector<double> exceed;
  for (std::size_t i = first; i < log_weights.size(); ++i)
    exceed.push_back(exp(std::max(log_weights[i] - top, -700.0)) - cutoff);
  return fit_pareto_shape(exceed);
}

}  // namespace merit
