// SPDX-License-Identifier: MIT
#include "engine/resample/acceleration.hpp"

#include <cmath>
#include <limits>

namespace merit {

double acceleration(std::span<const double> delete_one) {
  double sum = 0.0, count = 0.0;
  for (const double estimate : delete_one) {
    if (std::isnan(estimate)) continue;
    sum += estimate;
    count += 1.0;
  }
  const double mean = sum / count;
  double largest = 0.0;  // d in units of it, so that cubes neither overflow nor vanish
  for (const double estimate : delete_one) {
    if (!std::isnan(estimate)) largest = std::fmax(largest, std::abs(mean - estimate));
  }
  double squares = 0.0, cubes = 0.0;
  for (const double estimate : delete_one) {
    if (std::isnan(estimate)) continue;
    const double d = (mean - estimate) / largest;
    squares += d * d;
    cubes += d * d * d;
  }
  if (count < 2.0 || !(squares > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  return cubes / (6.0 * squares * std::sqrt(squares));
}

}  // namespace merit
