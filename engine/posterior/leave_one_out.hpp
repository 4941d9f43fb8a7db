// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace merit {

/// How well a model would predict data that it has not seen, from draws of its posterior.
///
/// What is left out is a unit: a row, or a group with all its rows. Of unit i only the
/// log-likelihood ℓ_s = log p(y_i | draw s) of S draws is needed.
///
/// *PSIS-LOO* (Vehtari, Gelman & Gabry 2017, Statistics and Computing 27). Draws weighted by
/// w_s ∝ 1/p(y_i | s), Pareto-smoothed (pareto.hpp), are draws of the posterior without i:
///
///     elpd_i = log Σ w_s e^ℓ_s / Σ w_s,    p_i = log (Σ e^ℓ_s / S) − elpd_i
///
/// k tells whether that can be relied upon: below min(1 − 1/log₁₀ S, 0.7) it can. The tail that is
/// smoothed depends on the relative efficiency r of e^ℓ_s, its effective sample size over S.
/// The Monte Carlo variance of elpd_i is log(1 + Σ w_s² (e^(ℓ_s − elpd_i) − 1)² / r), w_s normalised.
///
/// *WAIC* (Watanabe 2010, JMLR 11): elpd_i = log (Σ e^ℓ_s / S) − p_i with p_i = var ℓ_s (divisor
/// S − 1); unreliable where p_i exceeds 0.4.
///
/// All as R's package loo has them, and equal to 10⁻⁸ (tests/unit/posterior/psis_loo_test.cpp);
/// the Monte Carlo variance is that of loo 2.6 and later.
struct LeftOut {
  double elpd_loo = 0.0;
  double p_loo = 0.0;
  double mcse_elpd_loo = 0.0;
  double pareto_k = 0.0;  ///< ∞: too few draws to tell; −∞: all weights are equal
  double elpd_waic = 0.0;
  double p_waic = 0.0;
};

/// @param log_likelihood  of every draw, chain after chain, `per_chain` each
/// @param independent     exact draws: their relative efficiency is 1 and not estimated
/// @return NaN for all but k, which is ∞, if a log-likelihood is not finite
LeftOut leave_one_out(std::span<const double> log_likelihood,
                      std::int64_t per_chain,
                      bool independent);

/// A sum over units, with the standard error √(n var) that units as a sample give it.
struct SumOverUnits {
  double estimate = 0.0;
  double std_error = 0.0;
};

struct LeaveOneOut {
  std::string unit;        ///< "rows" or "groups"
  std::string prior;       ///< which of several; empty: there is one
  std::int64_t count = 0;  ///< of units
  SumOverUnits elpd_loo, p_loo, elpd_waic, p_waic;
  double mcse_elpd_loo = 0.0;  ///< NaN if any k is too large
  double k_threshold = 0.7;
  std::int64_t k_good = 0;      ///< up to the threshold
  std::int64_t k_bad = 0;       ///< above, up to 1
  std::int64_t k_very_bad = 0;  ///< above 1
  double largest_k = 0.0;
  std::int64_t p_waic_large = 0;  ///< units with p_waic above 0.4
};

/// @param num_draws  S
LeaveOneOut sum_over_units(const std::string& unit,
                           std::span<const LeftOut> units,
                           std::int64_t num_draws);

}  // namespace merit
