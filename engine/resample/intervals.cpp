// SPDX-License-Identifier: MIT
#include "engine/resample/intervals.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <boost/math/distributions/normal.hpp>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const boost::math::normal kNormal;

constexpr std::array kTypes = {IntervalType::norm,
                               IntervalType::basic,
                               IntervalType::perc,
                               IntervalType::bc,
                               IntervalType::bca,
                               IntervalType::stud,
                               IntervalType::calibrated};

// The probabilities written as boot.ci writes them: (R+1) α is then the same double.
std::array<double, 2> tail_probabilities(double level) {
  return {(1.0 - level) / 2.0, (1.0 + level) / 2.0};
}

/// The probabilities of the quantiles that an interval's ends rest on.
struct Tails {
  std::array<double, 2> probability{};
  /// Variance of each quantile, in units of its squared spacing, over R.
  std::array<double, 2> variance{};
  Undefined undefined = Undefined::no;
  bool extreme = false;  ///< the probabilities are themselves
};

Tails plain_tails(double level) {
  Tails out{.probability = tail_probabilities(level)};
  for (std::size_t tail = 0; tail < 2; ++tail)
    out.variance[tail] = out.probability[tail] * (1.0 - out.probability[tail]);
  return out;
}

/// Of bc (acceleration 0) and bca.
Tails adjusted_tails(const ReplicateMoments& moments, double acceleration, double level) {
  Tails out;
  const double p0 = static_cast<double>(moments.num_below) /
                    static_cast<double>(moments.num_replicates);
  if (p0 == 0.0 || p0 == 1.0) {
    out.undefined = Undefined::z0_infinite;
    return out;
  }
  if (std::isnan(acceleration)) {
    out.undefined = Undefined::no_acceleration;
    return out;
  }
  const double z0 = boost::math::quantile(kNormal, p0);
  const auto probabilities = tail_probabilities(level);
  for (std::size_t tail = 0; tail < 2; ++tail) {
    const double w = z0 + boost::math::quantile(kNormal, probabilities[tail]);
    const double pole = 1.0 - acceleration * w;
    if (pole <= 0.0) {
      out.undefined = Undefined::beyond_pole;
      return out;
    }
    const double z = z0 + w / pole;
    const double q = boost::math::cdf(kNormal, z);
    const double g = boost::math::pdf(kNormal, z) * (1.0 + 1.0 / (pole * pole)) /
                     boost::math::pdf(kNormal, z0);
    out.probability[tail] = q;
    out.variance[tail] =
        q * (1.0 - q) + g * g * p0 * (1.0 - p0) - 2.0 * g * (std::min(p0, q) - p0 * q);
  }
  return out;
}

/// Of the replicates themselves.
bool uses_quantiles(IntervalType type) {
  return type != IntervalType::norm && type != IntervalType::stud;
}

Tails tails_of(IntervalType type,
               const Original& original,
               const ReplicateMoments& moments,
               double level) {
  if (moments.num_replicates < 2) return {.undefined = Undefined::few_replicates};
  if (type == IntervalType::bc) return adjusted_tails(moments, 0.0, level);
  if (type == IntervalType::bca)
    return adjusted_tails(moments, original.acceleration, level);
  if (type == IntervalType::calibrated) {
    if (!original.calibration) return {.undefined = Undefined::no_inner};
    const auto& [probability, variance, extreme] = *original.calibration;
    return {.probability = probability, .variance = variance, .extreme = extreme};
  }
  return plain_tails(level);
}

Interval norm_interval(double t0, const ReplicateMoments& moments, double level) {
  Interval out{.type = IntervalType::norm};
  const double z = boost::math::quantile(kNormal, tail_probabilities(level)[1]);
  const double center = t0 - (moments.mean - t0), sd = moments.sd;
  out.low = center - z * sd;
  out.high = center + z * sd;
  if (std::isnan(sd)) {
    out.undefined = Undefined::few_replicates;
    return out;
  }
  const auto R = static_cast<double>(moments.num_replicates);
  const double m2 = sd * sd * (R - 1.0) / R;
  const double of_mean = sd * sd / R;
  const double of_sd =
      sd > 0.0 ? of_mean * (moments.fourth / (m2 * m2) - 1.0) / 4.0 : 0.0;
  const double both = sd > 0.0 ? moments.third / (2.0 * R * sd) : 0.0;
  // low = 2t₀ − t̄ − z sd, high = 2t₀ − t̄ + z sd
  out.low_mcse = std::sqrt(std::max(0.0, of_mean + z * z * of_sd + 2.0 * z * both));
  out.high_mcse = std::sqrt(std::max(0.0, of_mean + z * z * of_sd - 2.0 * z * both));
  return out;
}

Interval quantile_interval(IntervalType type,
                           const Original& original,
                           const ReplicateMoments& moments,
                           const OrderStatistic& order_statistic,
                           double level) {
  Interval out{.type = type};
  const Tails tails = tails_of(type, original, moments, level);
  out.undefined = tails.undefined;
  if (out.undefined != Undefined::no) return out;
  const std::int64_t R = moments.num_replicates;
  std::array<ReplicateQuantile, 2> t;
  std::array<double, 2> mcse{};
  for (std::size_t tail = 0; tail < 2; ++tail) {
    t[tail] = replicate_quantile(R, tails.probability[tail], order_statistic);
    const double variance = tails.variance[tail];  // by rounding below 0; may be NaN
    mcse[tail] = t[tail].spacing *
                 std::sqrt(static_cast<double>(R) * (variance < 0.0 ? 0.0 : variance));
  }
  out.extreme = tails.extreme || t[0].extreme || t[1].extreme;
  const bool reflected = type == IntervalType::basic;
  out.low = reflected ? 2.0 * original.estimate - t[1].value : t[0].value;
  out.high = reflected ? 2.0 * original.estimate - t[0].value : t[1].value;
  out.low_mcse = mcse[reflected ? 1 : 0];
  out.high_mcse = mcse[reflected ? 0 : 1];
  return out;
}

Interval student_interval(const Original& original,
                          const StudentReplicates* student,
                          double level) {
  Interval out{.type = IntervalType::stud};
  if (student == nullptr || !original.studentised) {
    out.undefined = Undefined::no_std_error;
    return out;
  }
  const std::int64_t R = student->moments.num_replicates;
  if (R < 2) {
    out.undefined = Undefined::few_replicates;
    return out;
  }
  const auto& [s0, log_scale] = *original.studentised;
  const double t0 = log_scale ? elementary::log(original.estimate) : original.estimate;
  std::array<double, 2> end{}, mcse{};
  const Tails tails = plain_tails(level);
  for (std::size_t tail = 0; tail < 2; ++tail) {
    const ReplicateQuantile z =
        replicate_quantile(R, tails.probability[tail], student->order_statistic);
    end[tail] = t0 - s0 * z.value;
    mcse[tail] =
        s0 * z.spacing * std::sqrt(static_cast<double>(R) * tails.variance[tail]);
    if (log_scale) {
      end[tail] = elementary::exp(end[tail]);
      mcse[tail] *= end[tail];
    }
    out.extreme = out.extreme || z.extreme;
  }
  out.low = end[1];
  out.high = end[0];
  out.low_mcse = mcse[1];
  out.high_mcse = mcse[0];
  return out;
}

double p_value(const ReplicateMoments& moments) {
  if (moments.num_replicates == 0) return kNaN;
  return (1.0 + static_cast<double>(moments.num_beyond)) /
         (1.0 + static_cast<double>(moments.num_replicates));
}

std::vector<std::int64_t> sorted_once(std::vector<std::int64_t> ranks) {
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  return ranks;
}

ReplicateMoments moments_of(double t0, std::span<const double> replicates) {
  const std::int64_t R = std::ssize(replicates);
  ReplicateMoments out{.num_replicates = R, .mean = kNaN, .sd = kNaN};
  if (R < 1) return out;
  // About the first value, so that a mean far from 0 costs no digits.
  const double origin = replicates[0];
  double sum = 0.0;
  for (const double t : replicates) {
    sum += t - origin;
    out.num_below += t < t0;
    out.num_beyond += std::abs(t - t0) >= std::abs(t0);
  }
  const double offset = sum / static_cast<double>(R);
  out.mean = origin + offset;
  if (R < 2) return out;
  double squares = 0.0;
  for (const double t : replicates) {
    const double d = t - origin - offset;
    squares += d * d;
    out.third += d * d * d / static_cast<double>(R);
    out.fourth += d * d * d * d / static_cast<double>(R);
  }
  out.sd = std::sqrt(squares / static_cast<double>(R - 1));
  return out;
}

}  // namespace

std::string_view name(IntervalType type) {
  switch (type) {
    case IntervalType::norm:
      return "norm";
    case IntervalType::basic:
      return "basic";
    case IntervalType::perc:
      return "perc";
    case IntervalType::bc:
      return "bc";
    case IntervalType::bca:
      return "bca";
    case IntervalType::stud:
      return "stud";
    case IntervalType::calibrated:
      return "calibrated";
  }
  return "";
}

std::optional<IntervalType> interval_type(std::string_view wanted) {
  for (const IntervalType type : kTypes) {
    if (wanted == name(type)) return type;
  }
  return std::nullopt;
}

std::vector<std::int64_t> ranks_needed(const Original& original,
                                       const ReplicateMoments& moments,
                                       std::span<const IntervalType> types,
                                       double level) {
  std::vector<std::int64_t> ranks;
  for (const IntervalType type : types) {
    if (!uses_quantiles(type)) continue;
    const Tails tails = tails_of(type, original, moments, level);
    if (tails.undefined != Undefined::no) continue;
    for (const double q : tails.probability)
      add_ranks(moments.num_replicates, q, ranks);
  }
  return sorted_once(std::move(ranks));
}

std::vector<std::int64_t> student_ranks_needed(std::int64_t num_replicates,
                                               std::span<const IntervalType> types,
                                               double level) {
  std::vector<std::int64_t> ranks;
  const bool wanted =
      std::find(types.begin(), types.end(), IntervalType::stud) != types.end();
  if (!wanted || num_replicates < 2) return ranks;
  for (const double q : tail_probabilities(level))
    add_ranks(num_replicates, q, ranks);
  return sorted_once(std::move(ranks));
}

BootstrapSummary summarize_bootstrap(const Original& original,
                                     const ReplicateMoments& moments,
                                     const OrderStatistic& order_statistic,
                                     std::span<const IntervalType> types,
                                     double level,
                                     const StudentReplicates* student) {
  BootstrapSummary out{.num_replicates = moments.num_replicates,
                       .mean = moments.mean,
                       .bias = moments.mean - original.estimate,
                       .sd = moments.sd,
                       .intervals = {}};
  for (const IntervalType type : types) {
    const bool studentised = type == IntervalType::stud;
    Interval interval =
        studentised ? student_interval(original, student, level)
        : uses_quantiles(type)
            ? quantile_interval(type, original, moments, order_statistic, level)
            : norm_interval(original.estimate, moments, level);
    if (!studentised) {
      interval.p_value = p_value(moments);
    } else if (interval.undefined == Undefined::no) {
      interval.p_value = p_value(student->moments);
    }
    out.intervals.push_back(interval);
  }
  return out;
}

BootstrapSummary summarize_bootstrap(const Original& original,
                                     std::span<double> replicates,
                                     std::span<const IntervalType> types,
                                     double level,
                                     std::span<double> studentised) {
  const auto selecting = [](std::span<double> values) {
    return [values](std::int64_t k) {
      const auto at = values.begin() + (k - 1);
      std::nth_element(values.begin(), at, values.end());
      return *at;
    };
  };
  std::optional<StudentReplicates> student;
  if (original.studentised) {
    const double far = std::abs(original.estimate) / original.studentised->std_error;
    student = {moments_of(0.0, studentised), selecting(studentised)};
    student->moments.num_beyond =
        std::count_if(studentised.begin(), studentised.end(), [far](double z) {
          return std::abs(z) >= far;
        });
  }
  return summarize_bootstrap(original,
                             moments_of(original.estimate, replicates),
                             selecting(replicates),
                             types,
                             level,
                             student ? &*student : nullptr);
}

}  // namespace merit
