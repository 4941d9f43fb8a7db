// SPDX-License-Identifier: MIT
#include "engine/resample/count_draw.hpp"

#include <cmath>

#include "engine/model/elementary.hpp"
#include "engine/model/log_factorial.hpp"

namespace merit {

double draw_poisson(double u, double mean) {
  if (!(mean < kLargestCount)) return kTooLarge;
  const double mode = std::floor(mean);
  const double log_p =
      (mode > 0.0 ? mode * elementary::log(mean) : 0.0) - mean - log_factorial(mode);
  return invert_from_mode(u, mode, elementary::exp(log_p), kTooLarge, [mean](double k) {
    return mean / (k + 1.0);
  });
}

// From 0 upwards while P(0) is a number; else from the mode, whose probability takes a sum.
double draw_negbinomial(double u, double mean, double theta) {
  if (!(mean < kLargestCount)) return kTooLarge;
  const double share = mean / (mean + theta);
  const double log_p0 = -theta * elementary::log1p(mean / theta);
  const auto ratio = [theta, share](double k) { return (k + theta) / (k + 1.0) * share; };
  if (log_p0 > -600.0)
    return invert_from_mode(u, 0.0, elementary::exp(log_p0), kTooLarge, ratio);
  const double mode = theta > 1.0 ? std::floor(mean * (theta - 1.0) / theta) : 0.0;
  double log_p = log_p0 + mode * elementary::log(share);
  for (double k = 0.0; k < mode; k += 1.0)
    log_p += elementary::log((k + theta) / (k + 1.0));
  return invert_from_mode(u, mode, elementary::exp(log_p), kTooLarge, ratio);
}

}  // namespace merit
