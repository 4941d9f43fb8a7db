// SPDX-License-Identifier: MIT
#include "engine/fit/glm_family.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "engine/model/log_factorial.hpp"

namespace merit {
namespace {

#define MERIT_KERNEL(name) at_level(simd, simd_v2::name, simd_v3::name, simd_v4::name)()

QuadratureKernel kernel_of(const GlmFamily& family, SimdLevel simd) {
  switch (family.family) {
    case Family::poisson:
      return MERIT_KERNEL(poisson_quadrature);
    case Family::negbinomial:
      return MERIT_KERNEL(negbinomial_quadrature);
    case Family::ordinal:
      return family.link == Link::logit ? MERIT_KERNEL(ordinal_logit_quadrature)
                                        : MERIT_KERNEL(ordinal_probit_quadrature);
    default:
      break;
  }
  if (family.link == Link::probit) return MERIT_KERNEL(binomial_probit_quadrature);
  if (family.link == Link::cloglog) return MERIT_KERNEL(binomial_cloglog_quadrature);
  return family.bernoulli ? MERIT_KERNEL(bernoulli_logit_quadrature)
                          : MERIT_KERNEL(binomial_logit_quadrature);
}

}  // namespace

GlmFamily glm_family(
    Family family, Link link, bool bernoulli, int num_categories, SimdLevel simd) {
  GlmFamily out{.family = family,
                .link = link,
                .num_categories = num_categories,
                .bernoulli = bernoulli};
  out.num_extra = family == Family::negbinomial ? 1
                  : family == Family::ordinal   ? num_categories - 1
                                                : 0;
  out.kernel = kernel_of(out, simd);
  return out;
}

void encode_response(const GlmFamily& family,
                     std::span<const double> y,
                     std::span<const double> trials,
                     EncodedResponse& out) {
  const std::size_t n = y.size();
  out.part[0].resize(n);
  if (family.bernoulli && family.link == Link::logit) {
    for (std::size_t i = 0; i < n; ++i)
      out.part[0][i] = 1.0 - 2.0 * y[i];
  } else if (family.has_thresholds()) {
    for (std::size_t i = 0; i < n; ++i)  // no category for rows that pad
      out.part[0][i] = trials[i] > 0.0 ? y[i] : -9.0;
  } else {
    std::copy(y.begin(), y.end(), out.part[0].begin());
  }
  if (family.family == Family::negbinomial) {
    out.exceed.assign(1, 0.0);
    add_exceeding(y, trials, 1.0, out.exceed);
  }
  if (family.family == Family::binomial) {
    out.part[1].assign(trials.begin(), trials.end());
  }
  out.log_constant = log_constant(family, y, trials);
}

void add_exceeding(std::span<const double> y,
                   std::span<const double> trials,
                   double times,
                   std::vector<double>& exceed) {
  // First how many are m + 1 exactly, then sums from above.
  std::vector<double> equal;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!(trials[i] > 0.0) || y[i] < 1.0) continue;
    const auto at = static_cast<std::size_t>(y[i]) - 1;
    if (at >= equal.size()) equal.resize(at + 1, 0.0);
    equal[at] += times;
  }
  if (exceed.size() < equal.size()) exceed.resize(equal.size(), 0.0);
  double sum = 0.0;
  for (std::size_t m = equal.size(); m-- > 0;) {
    sum += equal[m];
    exceed[m] += sum;
  }
}

double log_constant(const GlmFamily& family,
                    std::span<const double> y,
                    std::span<const double> trials) {
  if (family.bernoulli || family.family == Family::ordinal) return 0.0;
  double sum = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    sum -= log_factorial(y[i]);
    if (family.family != Family::binomial) continue;
    sum += log_factorial(trials[i]) - log_factorial(trials[i] - y[i]);
  }
  return sum;
}

}  // namespace merit
