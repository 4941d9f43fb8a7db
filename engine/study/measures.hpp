// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace merit {

/// A performance measure and its Monte-Carlo standard error; NaN where it has no meaning.
struct Measure {
  double value = std::numeric_limits<double>::quiet_NaN();
  double mcse = std::numeric_limits<double>::quiet_NaN();
};

/// What an estimator of θ did in n repetitions, with estimates θ̂_i and standard errors s_i.
/// Names are those of the R package rsimsum (White's simsum), rejection and interval width
/// simhelpers'. Formulas, Monte-Carlo standard errors included, are those of Morris, White &
/// Crowther (2019), Table 6, with S² = Σ(θ̂_i − mean)²/(n − 1):
///
///     bias       mean − θ                            S/√n
///     rbias      bias/θ                              S/(√n |θ|)
///     empse      S                                   S/√(2(n − 1))
///     mse        Σ(θ̂_i − θ)²/n                       √(Σ((θ̂_i − θ)² − mse)²/(n(n − 1)))
///     rmse       √mse                                its mse's/(2 rmse), by the delta method
///     modelse    √(Σ s_i²/n) = M                     √(Var(s²)/(4 n M²))
///     relerror   100 (M/S − 1)                       100 M/S √(Var(s²)/(4 n M⁴) + 1/(2(n − 1)))
///     coverage   share of |θ̂_i − θ| ≤ c_i s_i        √(p(1 − p)/n), as of all shares
///     width      mean of 2 c_i s_i                   sd/√n
///     rej_rate   share of |θ̂_i| > c_i s_i: power, or type-I error where θ = 0
///
/// c_i is the quantile of the interval's distribution. Of intervals [l_i, h_i] as such: coverage is
/// the share with l_i ≤ θ ≤ h_i, width the mean of h_i − l_i (infinite if one is), rej_rate the share
/// without 0.
struct Measures {
  std::int64_t num_estimates = 0;  ///< n
  Measure bias, rbias, empse, mse, rmse;
  Measure modelse, relerror, coverage, width, rej_rate;

  /// The measures of estimates alone, of more repetitions than have an interval.
  void take_point(const Measures& of_all) {
    num_estimates = of_all.num_estimates;
    bias = of_all.bias;
    rbias = of_all.rbias;
    empse = of_all.empse;
    mse = of_all.mse;
    rmse = of_all.rmse;
  }
};

/// A share of n, as a measure.
Measure share(std::int64_t count, std::int64_t n);

/// @param estimate   of the repetitions that have one
/// @param std_error  of the same, or empty
/// @param critical   c_i of the same, or empty
Measures measure(double truth,
                 std::span<const double> estimate,
                 std::span<const double> std_error,
                 std::span<const double> critical);

/// Both ends of an interval; they may be infinite, and are not NaN.
struct Ends {
  double low = 0.0, high = 0.0;
};

/// @param std_error  of the repetitions, or empty
/// @param interval   one each
Measures measure_intervals(double truth,
                           std::span<const double> estimate,
                           std::span<const double> std_error,
                           std::span<const Ends> interval);

}  // namespace merit
