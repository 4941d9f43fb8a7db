// SPDX-License-Identifier: MIT
#include "engine/posterior/diagnostics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>

#include "engine/posterior/autocovariance.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Draws that are owned: chain after chain.
struct Split {
  std::vector<double> draws;
  std::int64_t per_chain = 0;

  Chains chains() const { return {draws, per_chain}; }
};

bool is_usable(std::span<const double> draws) {
  if (draws.empty()) return false;
  bool varies = false;
  for (const double value : draws) {
    if (!std::isfinite(value)) return false;
    varies = varies || value != draws.front();
  }
  return varies;
}

double mean_of(std::span<const double> x) {
  double sum = 0.0;
  for (const double value : x)
    sum += value;
  return sum / static_cast<double>(x.size());
}

double variance_of(std::span<const double> x) {
  const double mean = mean_of(x);
  double sum = 0.0;
  for (const double value : x)
    sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(x.size() - 1);
}

/// R's quantile, type 7, of sorted values.
double sorted_quantile(std::span<const double> sorted, double p) {
  const double h = static_cast<double>(sorted.size() - 1) * p;
  const auto low = static_cast<std::size_t>(h);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (h - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

std::vector<double> sorted(std::span<const double> x) {
  std::vector<double> out(x.begin(), x.end());
  std::sort(out.begin(), out.end());
  return out;
}

/// Halves; of an odd number the draw in the middle is left out.
Split split_chains(const Chains& chains) {
  Split out;
  out.per_chain = chains.per_chain / 2;
  const auto half = static_cast<std::size_t>(out.per_chain);
  const auto whole = static_cast<std::size_t>(chains.per_chain);
  for (std::int64_t c = 0; c < chains.num_chains(); ++c) {
    const auto chain = chains.draws.subspan(static_cast<std::size_t>(c) * whole, whole);
    out.draws.insert(
        out.draws.end(), chain.begin(), chain.begin() + chains.per_chain / 2);
    out.draws.insert(
        out.draws.end(), chain.end() - static_cast<std::ptrdiff_t>(half), chain.end());
  }
  return out;
}

/// Normal scores of the ranks 1 … S; the same for all variables without ties.
const std::vector<double>& normal_scores(std::size_t S) {
  static thread_local std::vector<double> scores;
  if (scores.size() == S) return scores;
  const boost::math::normal normal;
  scores.assign(S, 0.0);
  for (std::size_t i = 0; i < S / 2; ++i) {
    const double p = (static_cast<double>(i) + 0.625) / (static_cast<double>(S) + 0.25);
    scores[i] = boost::math::quantile(normal, p);
    scores[S - 1 - i] = -scores[i];
  }
  return scores;
}

/// Normal scores of average ranks, in place.
void z_scale(std::vector<double>& x) {
  const boost::math::normal normal;
  const std::vector<double>& scores = normal_scores(x.size());
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return x[a] < x[b];
  });
  const auto S = static_cast<double>(x.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    const double value = x[order[first]];
    while (end < order.size() && x[order[end]] == value)
      ++end;
    const double rank = 0.5 * static_cast<double>(first + end + 1);
    const double z = end == first + 1
                         ? scores[first]
                         : boost::math::quantile(normal, (rank - 0.375) / (S + 0.25));
    for (; first < end; ++first)
      x[order[first]] = z;
  }
}

Split z_scaled(Split split) {
  z_scale(split.draws);
  return split;
}

double median_of(std::span<const double> x) {
  return sorted_quantile(sorted(x), 0.5);
}

Split folded(const Chains& chains) {
  const double median = median_of(chains.draws);
  Split out{{chains.draws.begin(), chains.draws.end()}, chains.per_chain};
  for (double& value : out.draws)
    value = std::abs(value - median);
  return split_chains(out.chains());
}

}  // namespace

double rhat_basic(const Chains& chains) {
  if (!is_usable(chains.draws) || chains.per_chain < 2) return kNaN;
  const auto n = static_cast<double>(chains.per_chain);
  std::vector<double> means;
  double within = 0.0;
  for (std::int64_t c = 0; c < chains.num_chains(); ++c) {
    const auto chain =
        chains.draws.subspan(static_cast<std::size_t>(c * chains.per_chain),
                             static_cast<std::size_t>(chains.per_chain));
    means.push_back(mean_of(chain));
    within += variance_of(chain) / static_cast<double>(chains.num_chains());
  }
  if (means.size() < 2) return kNaN;
  const double between = n * variance_of(means);
  return std::sqrt((between / within + n - 1.0) / n);
}

double ess_basic(const Chains& chains) {
  const std::int64_t n = chains.per_chain;
  if (!is_usable(chains.draws) || n < 3) return kNaN;
  const std::int64_t M = chains.num_chains();
  std::vector<double> acov(static_cast<std::size_t>(n)), means;
  for (std::int64_t c = 0; c < M; ++c) {
    const auto chain = chains.draws.subspan(static_cast<std::size_t>(c * n),
                                            static_cast<std::size_t>(n));
    means.push_back(mean_of(chain));
    const std::vector<double> own = autocovariance(chain);
    for (std::size_t t = 0; t < own.size(); ++t)
      acov[t] += own[t] / static_cast<double>(M);
  }
  const auto length = static_cast<double>(n);
  const double mean_variance = acov[0] * length / (length - 1.0);
  double variance = mean_variance * (length - 1.0) / length;
  if (M > 1) variance += variance_of(means);
  // Geyer's initial positive sequence of pairs.
  const auto rho = [&](std::int64_t t) {
    return 1.0 - (mean_variance - acov[static_cast<std::size_t>(t)]) / variance;
  };
  std::vector<double> rho_t(static_cast<std::size_t>(n));
  std::int64_t t = 0;
  double even = 1.0, odd = rho(1);
  rho_t[0] = even;
  rho_t[1] = odd;
  while (t < n - 5 && !std::isnan(even + odd) && even + odd > 0.0) {
    t += 2;
    even = rho(t);
    odd = rho(t + 1);
    if (even + odd >= 0.0) {
      rho_t[static_cast<std::size_t>(t)] = even;
      rho_t[static_cast<std::size_t>(t + 1)] = odd;
    }
  }
  const std::int64_t last = t;
  // The value at `last` enters alone, if it is positive.
  if (even > 0.0) rho_t[static_cast<std::size_t>(last)] = even;
  // Initial monotone sequence.
  for (t = 2; t <= last - 2; t += 2) {
    const auto at = static_cast<std::size_t>(t);
    if (rho_t[at] + rho_t[at + 1] > rho_t[at - 2] + rho_t[at - 1]) {
      rho_t[at] = 0.5 * (rho_t[at - 2] + rho_t[at - 1]);
      rho_t[at + 1] = rho_t[at];
    }
  }
  const auto S = static_cast<double>(M * n);
  double tau = -1.0 + rho_t[static_cast<std::size_t>(last)];
  for (std::int64_t k = 0; k < std::max<std::int64_t>(last, 1); ++k)
    tau += 2.0 * rho_t[static_cast<std::size_t>(k)];
  tau = std::max(tau, 1.0 / std::log10(S));
  return S / tau;
}

double rhat(const Chains& chains) {
  if (!is_usable(chains.draws)) return kNaN;
  const double bulk = rhat_basic(z_scaled(split_chains(chains)).chains());
  const double tail = rhat_basic(z_scaled(folded(chains)).chains());
  return std::max(bulk, tail);
}

double ess_bulk(const Chains& chains) {
  if (!is_usable(chains.draws)) return kNaN;
  return ess_basic(z_scaled(split_chains(chains)).chains());
}

double ess_mean(const Chains& chains) {
  if (!is_usable(chains.draws)) return kNaN;
  return ess_basic(split_chains(chains).chains());
}

namespace {

double ess_below(const Chains& chains, double bound) {
  Split split = split_chains(chains);
  for (double& value : split.draws)
    value = value <= bound ? 1.0 : 0.0;
  return ess_basic(split.chains());
}

/// MCSE of the quantile p from sorted draws and the ESS there.
double quantile_error(std::span<const double> sorted_draws, double ess, double p) {
  if (!(ess > 0.0)) return kNaN;
  const boost::math::beta_distribution<double> beta(ess * p + 1.0, ess * (1.0 - p) + 1.0);
  const auto S = static_cast<double>(sorted_draws.size());
  const double low = boost::math::quantile(beta, 0.1586553);
  const double high = boost::math::quantile(beta, 0.8413447);
  const auto at = [&](double rank) {
    return sorted_draws[static_cast<std::size_t>(std::clamp(rank, 1.0, S)) - 1];
  };
  return 0.5 * (at(std::ceil(high * S)) - at(std::floor(low * S)));
}

double sd_error(const Chains& chains) {
  const double mean = mean_of(chains.draws);
  std::vector<double> square(chains.draws.size());
  double second = 0.0, fourth = 0.0;
  for (std::size_t i = 0; i < square.size(); ++i) {
    const double d = chains.draws[i] - mean;
    square[i] = d * d;
    second += square[i];
    fourth += square[i] * square[i];
  }
  const auto S = static_cast<double>(square.size());
  second /= S;
  fourth /= S;
  const double ess = ess_mean({square, chains.per_chain});
  return std::sqrt((fourth - second * second) / ess / second / 4.0);
}

}  // namespace

double ess_quantile(const Chains& chains, double p) {
  if (!is_usable(chains.draws)) return kNaN;
  return ess_below(chains, sorted_quantile(sorted(chains.draws), p));
}

double ess_tail(const Chains& chains) {
  if (!is_usable(chains.draws)) return kNaN;
  const std::vector<double> order = sorted(chains.draws);
  return std::min(ess_below(chains, sorted_quantile(order, 0.05)),
                  ess_below(chains, sorted_quantile(order, 0.95)));
}

double mcse_mean(const Chains& chains) {
  if (!is_usable(chains.draws)) return kNaN;
  return std::sqrt(variance_of(chains.draws)) / std::sqrt(ess_mean(chains));
}

double mcse_sd(const Chains& chains) {
  return is_usable(chains.draws) ? sd_error(chains) : kNaN;
}

double mcse_quantile(const Chains& chains, double p) {
  if (!is_usable(chains.draws)) return kNaN;
  const std::vector<double> order = sorted(chains.draws);
  return quantile_error(order, ess_quantile(chains, p), p);
}

std::vector<double> quantiles(std::span<const double> draws,
                              std::span<const double> shares) {
  const std::vector<double> order = sorted(draws);
  std::vector<double> out;
  for (const double share : shares)
    out.push_back(sorted_quantile(order, share));
  return out;
}

DrawSummary summarize_draws(const Chains& chains, double level) {
  DrawSummary out;
  out.mean = mean_of(chains.draws);
  const std::vector<double> order = sorted(chains.draws);
  const double p_low = 0.5 * (1.0 - level), p_high = 0.5 * (1.0 + level);
  out.median = sorted_quantile(order, 0.5);
  out.low = sorted_quantile(order, p_low);
  out.high = sorted_quantile(order, p_high);
  if (!is_usable(chains.draws)) {
    out.rhat = out.ess_bulk = out.ess_tail = out.mcse_mean = out.mcse_sd = kNaN;
    out.mcse_low = out.mcse_high = kNaN;
    return out;
  }
  out.sd = std::sqrt(variance_of(chains.draws));
  out.rhat = rhat(chains);
  out.ess_bulk = ess_bulk(chains);
  out.ess_tail = std::min(ess_below(chains, sorted_quantile(order, 0.05)),
                          ess_below(chains, sorted_quantile(order, 0.95)));
  out.mcse_mean = mcse_mean(chains);
  out.mcse_sd = sd_error(chains);
  out.mcse_low = quantile_error(order, ess_below(chains, out.low), p_low);
  out.mcse_high = quantile_error(order, ess_below(chains, out.high), p_high);
  return out;
}

}  // namespace merit
