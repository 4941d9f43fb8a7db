// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <span>

namespace merit {

/// Which quantiles of the replicates make a calibrated interval.
struct Calibration {
  std::array<double, 2> probability{};  ///< û₍α₎, û₍1−α₎
  /// Variance of each end, in units of 1/(R f²) with f the replicates' density there; NaN at a
  /// probability of 0 or 1.
  std::array<double, 2> variance{};
  bool extreme = false;  ///< one of them is (nearly) the smallest or largest u
};

/// Calibrates percentile intervals by a double bootstrap (engine/resample/double_bootstrap.hpp).
///
/// In the world of replicate r the parameter is t₀, and the upper end t**₍q₎ of its percentile
/// interval covers it if t₀ ≤ t**₍q₎, that is if u_r ≤ q, with u_r the share of the inner
/// replicates up to t₀. So q = û₍1−α₎, the quantile of the u over all replicates, covers with
/// probability 1 − α, and the interval of the data is [t*₍û₍α₎₎, t*₍û₍1−α₎₎]. If percentile
/// intervals hold their level u is uniform and nothing changes. Source: Davison & Hinkley
/// (1997), § 5.6, with percentile limits as in Martin (1990).
///
/// *Monte-Carlo error.* An end depends on the replicates t_r through their quantile and on the u_r
/// through q. With f the density of t* at the end, g that of u at q:
///
///     {q(1 − q) + a(1 − a)/g² + 2(max(0, q + a − 1) − q a)/g}/(R f²),    a = α or 1 − α
///
/// where the last term takes u as a falling function of t*, which it nearly is: a high
/// replicate has few inner ones below t₀.
///
/// @param shares  u of the replicates that have one, ≥ 2; they are reordered
/// @param level   in (0, 1)
Calibration calibrate(std::span<double> shares, double level);

}  // namespace merit
