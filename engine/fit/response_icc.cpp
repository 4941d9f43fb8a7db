// SPDX-License-Identifier: MIT
#include "engine/fit/response_icc.hpp"

#include <limits>

#include "engine/fit/quadrature_rule.hpp"
#include "engine/fit/working_kernel.hpp"

namespace merit {

double response_icc(const GlmmModel& model, const Eigen::VectorXd& psi) {
  if (model.family.family != Family::binomial)
    return std::numeric_limits<double>::quiet_NaN();
  const PackedRows& rows = model.rows;
  double sum = 0.0;
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    const std::int64_t first = rows.first_row(j);
    for (std::int64_t i = first; i < first + rows.size[static_cast<std::size_t>(j)];
         ++i) {
      sum += rows.offset_of(i);
      for (Eigen::Index a = 0; a < rows.num_fixed; ++a)
        sum += psi[a] * rows.x_of(i, a);
    }
  }
  const double centre = sum / static_cast<double>(rows.num_obs());
  constexpr int kNodes = 40;
  const GaussHermite rule(kNodes);
  AlignedVector<double> eta(kNodes), mean(kNodes), slope(kNodes);
  for (int k = 0; k < kNodes; ++k)
    eta[static_cast<std::size_t>(k)] = centre + psi[psi.size() - 1] * rule.node(k);
  const WorkingKernels kernels = simd_v2::working_kernels();  // all levels: the same bits
  const auto means = model.family.link == Link::logit    ? kernels.logit
                     : model.family.link == Link::probit ? kernels.probit
                                                         : kernels.cloglog;
  means(eta.data(), kNodes / kPackRows, mean.data(), slope.data());
  double first = 0.0, second = 0.0;
  for (int k = 0; k < kNodes; ++k) {
    const double p = mean[static_cast<std::size_t>(k)];
    first += rule.weight(k) * p;
    second += rule.weight(k) * p * p;
  }
  if (psi[psi.size() - 1] == 0.0) return 0.0;
  // E p(1 − p) + Var p = E p (1 − E p)
  return (second - first * first) / (first * (1.0 - first));
}

}  // namespace merit
