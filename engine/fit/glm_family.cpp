// SPDX-License-Identifier: MIT
#include "engine/fit/glm_family.hpp"

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

void describe_outcome(const GlmFamily& family,
                      const PackedRows& rows,
                      const std::int32_t* y,
                      Outcome& out) {
  out.y = y;
  const double* times = rows.group_weight.empty() ? nullptr : rows.group_weight.data();
  if (family.family == Family::negbinomial) count_exceeding(rows, y, times, out.exceed);
  out.log_constant = 0.0;
  for (std::int64_t j = 0; j < rows.num_groups(); ++j)
    out.log_constant += rows.weight_of_group(j) * log_constant(family, rows, y, j);
}

void count_exceeding(const PackedRows& rows,
                     const std::int32_t* y,
                     const double* times,
                     std::vector<double>& exceed) {
  // First how many are m + 1 exactly, then sums from above.
  exceed.assign(1, 0.0);
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    const double count = times == nullptr ? 1.0 : times[j];
    if (count == 0.0) continue;
    const std::int64_t first = rows.first_row(j);
    const std::int64_t end = first + rows.size[static_cast<std::size_t>(j)];
    for (std::int64_t i = first; i < end; ++i) {
      if (y[i] < 1) continue;
      const auto at = static_cast<std::size_t>(y[i]) - 1;
      if (at >= exceed.size()) exceed.resize(at + 1, 0.0);
      exceed[at] += count * rows.weight_of(i);
    }
  }
  for (std::size_t m = exceed.size() - 1; m-- > 0;)
    exceed[m] += exceed[m + 1];
}

double log_constant(const GlmFamily& family,
                    const PackedRows& rows,
                    const std::int32_t* y,
                    std::int64_t group) {
  if (family.bernoulli || family.family == Family::ordinal) return 0.0;
  double sum = 0.0;
  const std::int64_t first = rows.first_row(group);
  for (std::int64_t i = first; i < first + rows.size[static_cast<std::size_t>(group)];
       ++i) {
    const double weight = rows.weight_of(i);
    sum -= weight * log_factorial(y[i]);
    if (family.family != Family::binomial) continue;
    const double trials = rows.trials_of(i);
    sum += weight * (log_factorial(trials) - log_factorial(trials - y[i]));
  }
  return sum;
}

}  // namespace merit
