// SPDX-License-Identifier: MIT
#pragma once

// Tests of distributions with a stated false-alarm rate. Both bounds hold for every
// distribution, ties included, so a test that fails at rate α fails by chance with at most
// that probability.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace merit::testing {

/// √n sup |F_n − F|. Reorders the sample.
template <class Cdf>
double kolmogorov(std::vector<double>& sample, Cdf cdf) {
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<double>(sample.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double f = cdf(sample[i]);
    const auto below = static_cast<double>(i);
    distance = std::max({distance, f - below / n, (below + 1.0) / n - f});
  }
  return std::sqrt(n) * distance;
}

/// √(n/2) sup |F_n − G_n| of two samples of n. Reorders them.
inline double kolmogorov_two_samples(std::vector<double>& a, std::vector<double>& b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double distance = 0.0;
  for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    const double x = std::min(a[i], b[k]);
    while (i < a.size() && a[i] <= x)
      ++i;
    while (k < b.size() && b[k] <= x)
      ++k;
    distance = std::max(distance,
                        std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                 static_cast<double>(k) / static_cast<double>(b.size())));
  }
  return std::sqrt(0.5 * static_cast<double>(a.size())) * distance;
}

/// What either statistic exceeds with probability at most `alpha` under the hypothesis:
/// x with 2 exp(−2x²) = alpha. Massart (1990), Annals of Probability 18(3), for one sample;
/// Wei & Dudley (2012), Statistics & Probability Letters 82(3), for two of n ≥ 458 each.
inline double kolmogorov_limit(double alpha) {
  return std::sqrt(-0.5 * std::log(0.5 * alpha));
}

}  // namespace merit::testing
