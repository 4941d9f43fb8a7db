// SPDX-License-Identifier: MIT
#include "engine/posterior/prior.hpp"

#include <algorithm>
#include <numbers>

#include "engine/model/elementary.hpp"
#include "engine/posterior/log_gamma.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log;
using elementary::log1p;

constexpr double kNever = -1e300;  // log of a density of 0 that can still be added up
constexpr double kLogPi = 1.1447298858494002;

double log_t_constant(double df) {
  return log_gamma(0.5 * (df + 1.0)) - log_gamma(0.5 * df) - 0.5 * (log(df) + kLogPi);
}

double log_constant(PriorKind kind, double a, double b, double c) {
  switch (kind) {
    case PriorKind::flat:
      return 0.0;
    case PriorKind::flat_variance:
      return log(2.0);
    case PriorKind::normal:
      return -log(b) - 0.5 * log(2.0 * std::numbers::pi);
    case PriorKind::student_t:
      return log_t_constant(a) - log(c);
    case PriorKind::uniform:
      return -log(b - a);
    case PriorKind::half_student_t:
      return log(2.0) + log_t_constant(a) - log(b);
    case PriorKind::half_normal:
      return 0.5 * log(2.0 / std::numbers::pi) - log(a);
    case PriorKind::exponential:
      return log(a);
    case PriorKind::gamma:
    case PriorKind::inverse_gamma:
      return a * log(b) - log_gamma(a);
    case PriorKind::inverse_gamma_variance:
      return log(2.0) + a * log(b) - log_gamma(a);
  }
  return 0.0;
}

}  // namespace

Prior make_prior(PriorKind kind, double a, double b, double c) {
  return {kind, a, b, c, log_constant(kind, a, b, c)};
}

double Prior::log_density(double x) const {
  switch (kind) {
    case PriorKind::flat:
      return 0.0;
    case PriorKind::normal: {
      const double z = (x - a) / b;
      return log_constant - 0.5 * z * z;
    }
    case PriorKind::student_t: {
      const double z = (x - b) / c;
      return log_constant - 0.5 * (a + 1.0) * log1p(z * z / a);
    }
    case PriorKind::uniform:
      return x >= a && x <= b ? log_constant : kNever;
    default:
      return x > 0.0 ? tangent(log(x)).value : kNever;
  }
}

double Prior::slope(double x) const {
  switch (kind) {
    case PriorKind::flat:
    case PriorKind::uniform:
      return 0.0;
    case PriorKind::normal:
      return -(x - a) / (b * b);
    case PriorKind::student_t: {
      const double z = (x - b) / c;
      return -(a + 1.0) * z / (c * (a + z * z));
    }
    default:
      return tangent(log(x)).slope / x;
  }
}

double Prior::log_density_at(double u) const {
  if (kind == PriorKind::uniform) return log_density(exp(u));
  return tangent(u).value;
}

double Prior::curvature(double x) const {
  switch (kind) {
    case PriorKind::normal:
      return 1.0 / (b * b);
    case PriorKind::student_t: {
      const double z2 = (x - b) * (x - b) / (c * c);
      const double sum = a + z2;
      return std::max(0.0, (a + 1.0) * (a - z2) / (c * c * sum * sum));
    }
    default:
      return 0.0;
  }
}

double Prior::curvature_in_log(double u) const {
  constexpr double kStep = 1e-4;
  const double rise = tangent(u + kStep).slope - tangent(u - kStep).slope;
  return std::max(0.0, -rise / (2.0 * kStep));
}

LogTangent Prior::tangent(double u) const {
  switch (kind) {
    case PriorKind::flat:
      return {0.0, 0.0};
    case PriorKind::flat_variance:
      return {log_constant + u, 1.0};
    case PriorKind::uniform:
      return {log_constant, 0.0};
    case PriorKind::half_student_t: {
      const double z = exp(u) / b;
      const double ratio = z * z / a;
      return {log_constant - 0.5 * (a + 1.0) * log1p(ratio),
              -(a + 1.0) * ratio / (1.0 + ratio)};
    }
    case PriorKind::half_normal: {
      const double z = exp(u) / a;
      return {log_constant - 0.5 * z * z, -z * z};
    }
    case PriorKind::exponential: {
      const double x = exp(u);
      return {log_constant - a * x, -a * x};
    }
    case PriorKind::gamma: {
      const double x = exp(u);
      return {log_constant + (a - 1.0) * u - b * x, a - 1.0 - b * x};
    }
    case PriorKind::inverse_gamma: {
      const double inverse = exp(-u);
      return {log_constant - (a + 1.0) * u - b * inverse, -(a + 1.0) + b * inverse};
    }
    case PriorKind::inverse_gamma_variance: {
      const double inverse = exp(-2.0 * u);
      return {log_constant - (2.0 * a + 1.0) * u - b * inverse,
              -(2.0 * a + 1.0) + 2.0 * b * inverse};
    }
    case PriorKind::normal:
    case PriorKind::student_t:
      break;
  }
  // Of a real parameter: by the chain rule, a line that may cross.
  const double x = exp(u);
  return {log_density(x), slope(x) * x};
}

}  // namespace merit
