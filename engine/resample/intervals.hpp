// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
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

/// Number, mean and standard deviation of the replicates of one estimate.
struct ReplicateMoments {
  std::int64_t num_replicates = 0;  ///< R
  double mean = 0.0;                ///< t̄; NaN without replicates
  double sd = 0.0;                  ///< divisor R − 1; NaN if R < 2
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
/// @param original         t₀, the estimate from the data
/// @param order_statistic  k → the k-th smallest replicate, for the k of `ranks_needed`
/// @param level            in (0, 1)
/// R < 2 gives NaN for what needs more.
BootstrapSummary summarize_bootstrap(
    double original,
    const ReplicateMoments& moments,
    const std::function<double(std::int64_t k)>& order_statistic,
    std::span<const IntervalType> types,
    double level);

/// The k that summarize_bootstrap asks for; none if no interval rests on quantiles.
std::vector<std::int64_t> ranks_needed(std::int64_t num_replicates,
                                       std::span<const IntervalType> types,
                                       double level);

/// The same from replicates in memory, in O(R).
/// @param replicates  R finite values, failed replicates left out; they are reordered
BootstrapSummary summarize_bootstrap(double original,
                                     std::span<double> replicates,
                                     std::span<const IntervalType> types,
                                     double level);

}  // namespace merit
