// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/resample/calibration.hpp"
#include "engine/resample/replicate_quantile.hpp"

namespace merit {

/// Bootstrap confidence intervals; names as in R's boot::boot.ci and in `--intervals`.
enum class IntervalType { norm, basic, perc, bc, bca, stud, calibrated };

/// "norm", "basic", "perc", "bc", "bca", "stud", "calibrated"
std::string_view name(IntervalType type);

/// The type of the name `wanted`, or nothing.
std::optional<IntervalType> interval_type(std::string_view wanted);

/// Why an interval has no ends.
enum class Undefined : std::uint8_t {
  no,               ///< it has
  few_replicates,   ///< R < 2
  z0_infinite,      ///< bc, bca: all replicates or none lie below the estimate
  no_acceleration,  ///< bca: no delete-one-group estimates, or all the same
  beyond_pole,  ///< bca: 1 − a (z₀ ± z) ≤ 0: the acceleration is too large for the level
  no_std_error,  ///< stud: the estimate has no standard error
  no_inner,      ///< calibrated: no inner replicates of it
};

struct Interval {
  IntervalType type = IntervalType::perc;
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  /// Monte-Carlo standard errors: by how much the ends would differ in another R replicates.
  double low_mcse = std::numeric_limits<double>::quiet_NaN();
  double high_mcse = std::numeric_limits<double>::quiet_NaN();
  /// Two-sided bootstrap p-value of the hypothesis that the parameter is 0.
  double p_value = std::numeric_limits<double>::quiet_NaN();
  /// An endpoint is (nearly) the smallest or largest replicate (ReplicateQuantile).
  bool extreme = false;
  Undefined undefined = Undefined::no;
};

/// What is counted and summed of the replicates of one estimate.
struct ReplicateMoments {
  std::int64_t num_replicates = 0;  ///< R
  double mean = 0.0;                ///< t̄; NaN without replicates
  double sd = 0.0;                  ///< divisor R − 1; NaN if R < 2
  double third = 0.0;               ///< central, divisor R
  double fourth = 0.0;              ///< central, divisor R
  std::int64_t num_below = 0;       ///< t < t₀
  std::int64_t num_beyond = 0;      ///< |t − t₀| ≥ |t₀|
};

struct BootstrapSummary {
  std::int64_t num_replicates = 0;  ///< R, those summarised
  double mean = 0.0;                ///< t̄
  double bias = 0.0;                ///< t̄ − t₀
  double sd = 0.0;                  ///< divisor R − 1; the bootstrap standard error
  std::vector<Interval> intervals;  ///< one per type asked for, in that order
};

/// What studentised intervals take of an estimate: its standard error s₀, and that of each
/// replicate, s. A standard deviation is studentised on the scale of its logarithm.
struct Studentised {
  double std_error = 0.0;  ///< s₀ > 0, of t₀ or of log t₀
  bool log_scale = false;
};

/// One estimate, and what its intervals take besides its replicates.
struct Original {
  double estimate = 0.0;  ///< t₀
  /// bca: a (engine/resample/delete_one.hpp); NaN: none
  double acceleration = std::numeric_limits<double>::quiet_NaN();
  std::optional<Studentised> studentised = {};
  std::optional<Calibration> calibration = {};
};

/// The replicates of a studentised estimate, (t − t₀)/s or (log t − log t₀)/s.
struct StudentReplicates {
  ReplicateMoments
      moments;  ///< num_beyond: those with an absolute value of at least |t₀|/s₀
  OrderStatistic order_statistic;
};

/// Mean, bias, sd and confidence intervals of one estimate from its replicates t₁ … t_R.
///
/// With α = (1 − level)/2, z_q the normal quantile and t₍q₎ the replicates'
/// (engine/resample/replicate_quantile.hpp):
///
///     norm    2 t₀ − t̄ ± z sd          basic   2 t₀ − t₍1−α₎, 2 t₀ − t₍α₎
///     perc    t₍α₎, t₍1−α₎             bca     t₍α′₎ with α′ = Φ(z₀ + w/(1 − a w)), w = z₀ + z_q
///     bc      bca with a = 0                   for q = α, 1 − α
///     calibrated  perc with û₍α₎, û₍1−α₎ for α, 1 − α (engine/resample/calibration.hpp)
///     stud    t₀ − s₀ z*₍1−α₎, t₀ − s₀ z*₍α₎ with z* = (t − t₀)/s; on the log scale exp of that
///
/// z₀ = Φ⁻¹(share of t < t₀). Equal to R's boot::boot.ci (bc: with L of skewness 0). Sources:
/// Davison & Hinkley (1997), ch. 5; Efron (1987), JASA 82, 171–185.
///
/// *Monte-Carlo errors* by the delta method. Of t₍q₎: √(q (1 − q)/R)/f(t₍q₎). Of bc and bca
/// the error of z₀ as well: with p₀ the share below t₀ and g = dα′/dp₀,
///
///     {α′(1 − α′) + g² p₀(1 − p₀) − 2g (min(p₀, α′) − p₀α′)}/(R f²)
///
/// Of norm from the variances of t̄ and sd, sd²/R and sd²(κ − 1)/(4R) with κ = μ₄/μ₂², and their
/// covariance μ₃/(2R sd).
///
/// *p-value*: (1 + #{|t − t₀| ≥ |t₀|})/(R + 1): t − t₀ stands for what t₀ − 0 would be if the
/// parameter were 0 (Hall & Wilson 1991, Biometrics 47, 757–762). Of stud: the same of z* and
/// t₀/s₀.
///
/// @param order_statistic  for the k of `ranks_needed`
/// @param level            in (0, 1)
/// @param student          for the k of `student_ranks_needed`; null: nothing is studentised
/// What cannot be given is NaN.
BootstrapSummary summarize_bootstrap(const Original& original,
                                     const ReplicateMoments& moments,
                                     const OrderStatistic& order_statistic,
                                     std::span<const IntervalType> types,
                                     double level,
                                     const StudentReplicates* student = nullptr);

/// The k that summarize_bootstrap asks for; none if no interval rests on quantiles.
std::vector<std::int64_t> ranks_needed(const Original& original,
                                       const ReplicateMoments& moments,
                                       std::span<const IntervalType> types,
                                       double level);

/// The same of studentised replicates, of which there are so many.
std::vector<std::int64_t> student_ranks_needed(std::int64_t num_replicates,
                                               std::span<const IntervalType> types,
                                               double level);

/// The same from replicates in memory, in O(R).
/// @param replicates   R finite values, failed replicates left out; they are reordered
/// @param studentised  the same of z*, if the original has a standard error
BootstrapSummary summarize_bootstrap(const Original& original,
                                     std::span<double> replicates,
                                     std::span<const IntervalType> types,
                                     double level,
                                     std::span<double> studentised = {});

}  // namespace merit
