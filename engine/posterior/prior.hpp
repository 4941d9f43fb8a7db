// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace merit {

/// Families of prior distributions. Those from `half_student_t` on are for parameters that
/// are positive (standard deviations, dispersions) and stated for the parameter itself, but
/// for `inverse_gamma_variance`.
enum class PriorKind {
  flat,       ///< density 1: improper
  normal,     ///< (location, scale)
  student_t,  ///< (df, location, scale)
  uniform,    ///< (low, high)

  half_student_t,          ///< (df, scale): t about 0, its positive half
  half_normal,             ///< (scale)
  exponential,             ///< (rate)
  gamma,                   ///< (shape, rate)
  inverse_gamma,           ///< (shape, scale)
  inverse_gamma_variance,  ///< (shape, scale), of the square: a gamma on the precision
  flat_variance,           ///< density 2τ: the square has a flat one, improper
};

/// log π and its slope, as a function of u = log x (π itself stays the density of x).
struct LogTangent {
  double value = 0.0;
  double slope = 0.0;
};

/// One parameter's prior.
///
/// Densities are normalised (`flat` ones are 1, and 2x), so that log priors can be added up
/// and compared. For a positive parameter every kind has a density that is log-concave in
/// u = log x, so that its tangent in u lies above it everywhere: exact sampling rests on it
/// (engine/posterior/gaussian_envelope.hpp).
struct Prior {
  PriorKind kind = PriorKind::flat;
  double a = 0.0;  ///< first number of the kind's list
  double b = 0.0;
  double c = 0.0;
  double log_constant = 0.0;  ///< log of the density's constant factor

  bool is_proper() const {
    return kind != PriorKind::flat && kind != PriorKind::flat_variance;
  }
  bool operator==(const Prior&) const = default;

  /// log π(x); −10³⁰⁰ where the density is 0.
  double log_density(double x) const;
  /// d log π/dx.
  double slope(double x) const;
  /// The largest value of log π; of kinds for real parameters, whose constant factor it is.
  double log_peak() const { return log_constant; }
  /// Of a positive parameter at x = e^u > 0: log π.
  double log_density_at(double u) const;
  /// A line in u that is nowhere below log π and touches it at u (uniform: where it can).
  LogTangent tangent(double u) const;
  /// −d² log π/dx², where that is positive; else 0.
  double curvature(double x) const;
  /// −d² log π/du² of a positive parameter at e^u, by a difference of slopes.
  double curvature_in_log(double u) const;
};

/// With its constant worked out. The numbers are those that the kind lists, valid ones.
Prior make_prior(PriorKind kind, double a = 0.0, double b = 0.0, double c = 0.0);

/// What a prior is for: which kinds fit, and what "normal(0, 1)" means.
enum class PriorRole {
  location,  ///< coefficients, intercept, thresholds: any real number
  scale,     ///< standard deviations, dispersion: positive; normal(0, s) is its half
};

/// Reads "student_t(3, 0, 2.5)", "half_cauchy(1)", "pc(1, 0.05)", "flat", …
/// @throws UsageError with the text, what is wrong with it and what would be accepted
Prior parse_prior(std::string_view text, PriorRole role);

/// As parse_prior reads it: "student_t(3, 0, 2.5)".
std::string text_of(const Prior& prior, PriorRole role);

}  // namespace merit
