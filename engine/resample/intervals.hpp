// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace merit {

/// Bootstrap confidence intervals; names as in R's boot::boot.ci and in `--intervals`.
enum class IntervalType { norm, basic, perc };

/// "norm", "basic", "perc"
std::string_view name(IntervalType type);

/// The type of the name `wanted`, or nothing.
std::optional<IntervalType> interval_type(std::string_view wanted);

struct Interval {
  IntervalType type = IntervalType::perc;
  double low = 0.0;
  double high = 0.0;
  /// An endpoint is (nearly) the smallest or largest replicate: R is too small for the level.
  /// boot's warning "extreme order statistics used as endpoints".
  bool extreme = false;
};

struct BootstrapSummary {
  std::int64_t num_replicates = 0;  ///< R, those summarised
  double mean = 0.0;                ///< t̄
  double bias = 0.0;                ///< t̄ − t₀
  double sd = 0.0;                  ///< divisor R − 1; the bootstrap standard error
  std::vector<Interval> intervals;  ///< one per type asked for, in that order
};

/// Mean, bias, sd and confidence intervals of one estimate from its replicates t₁ … t_R.
///
/// With α = (1 − level)/2, z the normal quantile at 1 − α and t₍q₎ the replicates' quantile:
///
///     norm    2 t₀ − t̄ ± z sd          basic   2 t₀ − t₍1−α₎, 2 t₀ − t₍α₎
///     perc    t₍α₎, t₍1−α₎
///
/// t₍q₎ is the order statistic at (R+1) q, between two of them interpolated on the scale of
/// normal quantiles; beyond the first or last it is that one (Davison & Hinkley 1997,
/// Bootstrap Methods and their Application, ch. 5). Equal to R's boot::boot.ci.
///
/// @param original    t₀, the estimate from the data
/// @param replicates  R finite values, failed replicates left out; they are reordered
/// @param level       in (0, 1)
/// R < 2 gives NaN for what needs more. Cost O(R) whatever the number of intervals.
BootstrapSummary summarize_bootstrap(double original,
                                     std::span<double> replicates,
                                     std::span<const IntervalType> types,
                                     double level);

}  // namespace merit
