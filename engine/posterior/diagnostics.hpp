// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace merit {

/// Convergence and precision of posterior draws, as R's package `posterior` defines them
/// (its convergence.R; Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, Bayesian Analysis
/// 16(2)). Values agree to 10⁻⁸ (tests/unit/posterior/diagnostics_test.cpp).
///
/// *Split.* Each chain's first and last ⌊N/2⌋ draws are chains of their own.
/// *Ranks.* z_scale: average ranks r over all S draws, Φ⁻¹((r − 3/8)/(S + 1/4)).
/// *R-hat.* √((B/W + n − 1)/n) of n draws a chain, B = n var(chain means), W the mean of the
/// chains' variances; the larger of z_scale(split x) and z_scale(split |x − median|).
/// *ESS.* S/τ with τ from autocovariances (divisor n, by FFT) averaged over chains, Geyer's
/// initial positive and monotone sequences; at most S log₁₀ S. Bulk: of z_scale(split x).
/// Tail: the smaller one of I(x ≤ q₀₅) and I(x ≤ q₉₅).
/// *MCSE.* Mean: sd/√ESS. Quantile p: half the distance between the order statistics at the
/// 15.87% and 84.13% points of Beta(p ESS + 1, (1 − p) ESS + 1).
///
/// Constant or non-finite draws have NaN for all of them.

/// Draws of one variable: chain after chain, `per_chain` each.
struct Chains {
  std::span<const double> draws;
  std::int64_t per_chain = 0;

  std::int64_t num_chains() const { return std::ssize(draws) / per_chain; }
};

struct DrawSummary {
  double mean = 0.0;
  double sd = 0.0;  ///< divisor S − 1
  double median = 0.0;
  double low = 0.0, high = 0.0;  ///< the quantiles asked for, R's type 7
  double rhat = 0.0;
  double ess_bulk = 0.0;
  double ess_tail = 0.0;
  double mcse_mean = 0.0;
  double mcse_sd = 0.0;
  double mcse_low = 0.0, mcse_high = 0.0;  ///< of the quantiles
};

/// Everything at once. @param level  of the interval between the quantiles low and high
DrawSummary summarize_draws(const Chains& chains, double level);

/// R's quantiles of type 7.
std::vector<double> quantiles(std::span<const double> draws,
                              std::span<const double> shares);

// Its parts.
double rhat(const Chains& chains);
double ess_bulk(const Chains& chains);
double ess_tail(const Chains& chains);
double ess_mean(const Chains& chains);
double ess_quantile(const Chains& chains, double p);
double mcse_mean(const Chains& chains);
double mcse_sd(const Chains& chains);
double mcse_quantile(const Chains& chains, double p);

/// Neither split nor ranked.
double rhat_basic(const Chains& chains);
double ess_basic(const Chains& chains);

}  // namespace merit
