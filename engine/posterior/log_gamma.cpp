// SPDX-License-Identifier: MIT
#include "engine/posterior/log_gamma.hpp"

#include <numbers>

#include "engine/model/elementary.hpp"

namespace merit {

double log_gamma(double x) {
  double product = 1.0;
  while (x < 10.0) {
    product *= x;
    x += 1.0;
  }
  // The next term, 691/(360360 x¹¹), is below 2·10⁻¹⁴ at 10 and is there for good measure.
  const double r = 1.0 / (x * x);
  const double series =
      (1.0 / 12.0 +
       r * (-1.0 / 360.0 +
            r * (1.0 / 1260.0 +
                 r * (-1.0 / 1680.0 + r * (1.0 / 1188.0 - r * 691.0 / 360360.0))))) /
      x;
  const double stirling = (x - 0.5) * elementary::log(x) - x +
                          0.5 * elementary::log(2.0 * std::numbers::pi) + series;
  return stirling - elementary::log(product);
}

}  // namespace merit
