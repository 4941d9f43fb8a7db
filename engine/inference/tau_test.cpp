// SPDX-License-Identifier: MIT
#include "engine/inference/tau_test.hpp"

#include <algorithm>

#include <boost/math/distributions/chi_squared.hpp>

#include "engine/fit/profile.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

double tau_statistic(const GroupedStats& stats, const FitResult& fit) {
  const double at_zero = profile_value(stats, 0.0, fit.criterion).deviance;
  return fit.on_boundary ? 0.0 : std::max(0.0, at_zero + 2.0 * fit.log_likelihood);
}

double mixture_p_value(double statistic) {
  if (!(statistic > 0.0)) return 1.0;
  return 0.5 * boost::math::cdf(
                   boost::math::complement(boost::math::chi_squared(1.0), statistic));
}

TauTestKernel tau_test_kernel(SimdLevel level) {
  return at_level(level,
                  simd_v2::tau_test_kernel,
                  simd_v3::tau_test_kernel,
                  simd_v4::tau_test_kernel)();
}

TauDistribution::TauDistribution(const GroupedStats& stats,
                                 Criterion criterion,
                                 std::uint64_t seed,
                                 SimdLevel simd)
    : arrays_(stats, rotate(stats), 0.0, criterion),
      seed_(seed),
      kernel_(tau_test_kernel(simd)) {}

std::int64_t TauDistribution::count_exceeding(double statistic,
                                              std::int64_t first,
                                              std::int64_t count) const {
  const RotatedConstants constants = arrays_.constants();
  AlignedVector<double> scratch(static_cast<std::size_t>(tau_test_scratch(constants)));
  AlignedVector<double> drawn(8);
  std::int64_t exceeding = 0;
  for (std::int64_t at = first; at < first + count; at += 8) {
    kernel_(constants, seed_, at, drawn.data(), scratch.data());
    const auto used =
        static_cast<std::ptrdiff_t>(std::min<std::int64_t>(8, first + count - at));
    exceeding += std::count_if(drawn.begin(), drawn.begin() + used, [&](double value) {
      return value >= statistic;
    });
  }
  return exceeding;
}

}  // namespace merit
