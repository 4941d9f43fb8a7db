// SPDX-License-Identifier: MIT
#include "engine/posterior/leave_one_out.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/model/elementary.hpp"
#include "engine/posterior/diagnostics.hpp"
#include "engine/posterior/pareto.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log;
using elementary::log10;
using elementary::log1p;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLargePWaic = 0.4;

double exp_bounded(double x) {
  return exp(std::clamp(x, -700.0, 700.0));
}

double largest(std::span<const double> x) {
  return *std::max_element(x.begin(), x.end());
}

/// Of the likelihoods e^ℓ; 1 where all are equal.
double efficiency(const std::vector<double>& likelihood, std::int64_t per_chain) {
  const double ess = ess_basic({likelihood, per_chain});
  return ess > 0.0 ? ess / static_cast<double>(likelihood.size()) : 1.0;
}

double variance(std::span<const double> x) {
  const auto n = static_cast<double>(x.size());
  double mean = 0.0, squares = 0.0;
  for (const double value : x)
    mean += value / n;
  for (const double value : x)
    squares += (value - mean) * (value - mean);
  return squares / (n - 1.0);
}

template <class Value>
SumOverUnits sum_of(std::span<const LeftOut> units, const Value& value) {
  std::vector<double> values;
  values.reserve(units.size());
  SumOverUnits out;
  for (const LeftOut& unit : units) {
    values.push_back(value(unit));
    out.estimate += values.back();
  }
  out.std_error = std::sqrt(static_cast<double>(units.size()) * variance(values));
  return out;
}

}  // namespace

LeftOut leave_one_out(std::span<const double> ll,
                      std::int64_t per_chain,
                      bool independent) {
  const bool finite = std::all_of(
      ll.begin(), ll.end(), [](double value) { return std::isfinite(value); });
  if (!finite)
    return {kNaN, kNaN, kNaN, std::numeric_limits<double>::infinity(), kNaN, kNaN};
  const auto S = static_cast<double>(ll.size());
  const double top = largest(ll);
  std::vector<double> work(ll.size());  // likelihoods, over the largest
  double sum = 0.0;
  for (std::size_t s = 0; s < ll.size(); ++s)
    sum += work[s] = exp_bounded(ll[s] - top);
  const double log_mean = top + log(sum / S);
  const double r = independent ? 1.0 : efficiency(work, per_chain);

  LeftOut out;
  std::vector<double>& weight = work;
  for (std::size_t s = 0; s < ll.size(); ++s)
    weight[s] = -ll[s];
  out.pareto_k = pareto_smooth(weight, r);
  const double top_weight = largest(weight);
  double weights = 0.0, likelihood = 0.0;
  for (std::size_t s = 0; s < ll.size(); ++s) {
    weight[s] = exp_bounded(weight[s] - top_weight);
    weights += weight[s];
    likelihood += weight[s] * exp_bounded(ll[s] - top);
  }
  out.elpd_loo = top + log(likelihood / weights);
  out.p_loo = log_mean - out.elpd_loo;
  double relative_variance = 0.0;
  for (std::size_t s = 0; s < ll.size(); ++s) {
    const double away = weight[s] / weights * (exp_bounded(ll[s] - out.elpd_loo) - 1.0);
    relative_variance += away * away;
  }
  out.mcse_elpd_loo = std::sqrt(log1p(relative_variance / r));
  out.p_waic = variance(ll);
  out.elpd_waic = log_mean - out.p_waic;
  return out;
}

LeaveOneOut sum_over_units(const std::string& unit,
                           std::span<const LeftOut> units,
                           std::int64_t num_draws) {
  LeaveOneOut out;
  out.unit = unit;
  out.count = std::ssize(units);
  out.elpd_loo = sum_of(units, [](const LeftOut& u) { return u.elpd_loo; });
  out.p_loo = sum_of(units, [](const LeftOut& u) { return u.p_loo; });
  out.elpd_waic = sum_of(units, [](const LeftOut& u) { return u.elpd_waic; });
  out.p_waic = sum_of(units, [](const LeftOut& u) { return u.p_waic; });
  out.k_threshold = std::min(1.0 - 1.0 / log10(static_cast<double>(num_draws)), 0.7);
  out.largest_k = -std::numeric_limits<double>::infinity();
  double squares = 0.0;
  for (const LeftOut& u : units) {
    if (u.pareto_k > 1.0) {
      ++out.k_very_bad;
    } else {
      ++(u.pareto_k > out.k_threshold ? out.k_bad : out.k_good);
    }
    out.largest_k = std::max(out.largest_k, u.pareto_k);
    if (u.p_waic > kLargePWaic) ++out.p_waic_large;
    squares += u.mcse_elpd_loo * u.mcse_elpd_loo;
  }
  out.mcse_elpd_loo = out.k_good == out.count ? std::sqrt(squares) : kNaN;
  return out;
}

}  // namespace merit
