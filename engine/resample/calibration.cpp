// SPDX-License-Identifier: MIT
#include "engine/resample/calibration.hpp"

#include <algorithm>
#include <limits>

#include "engine/resample/replicate_quantile.hpp"

namespace merit {

Calibration calibrate(std::span<double> shares, double level) {
  std::sort(shares.begin(), shares.end());
  const std::int64_t R = std::ssize(shares);
  const auto ordered = [&](std::int64_t k) {
    return shares[static_cast<std::size_t>(k - 1)];
  };
  const std::array<double, 2> tails = {(1.0 - level) / 2.0, (1.0 + level) / 2.0};
  Calibration out;
  for (std::size_t tail = 0; tail < 2; ++tail) {
    const double a = tails[tail];
    const ReplicateQuantile u = replicate_quantile(R, a, ordered);
    const double q = u.value;
    const double per_density = u.spacing * static_cast<double>(R);  // 1/g
    out.probability[tail] = q;
    out.variance[tail] = q * (1.0 - q) + per_density * per_density * a * (1.0 - a) +
                         2.0 * per_density * (std::max(0.0, q + a - 1.0) - q * a);
    // At 0 or 1 the end is the smallest or largest replicate, whatever it should be.
    if (q <= 0.0 || q >= 1.0) {
      out.variance[tail] = std::numeric_limits<double>::quiet_NaN();
      out.extreme = true;
    }
    out.extreme = out.extreme || u.extreme;
  }
  return out;
}

}  // namespace merit
