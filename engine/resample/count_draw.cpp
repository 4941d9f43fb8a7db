// SPDX-License-Identifier: MIT
#include "engine/resample/count_draw.hpp"

#include <cmath>

#include <boost/math/special_functions/beta.hpp>

#include "engine/model/elementary.hpp"
#include "engine/model/log_factorial.hpp"

namespace merit {
namespace {

/// Mean or sd of a negative binomial from which on its draws are not walked to.
constexpr double kFar = 1e5;

/// A negative binomial draw by bisection on its distribution function
/// P(Y ≤ k) = I_q(θ, k + 1) = 1 − I_s(k + 1, θ), s = mean/(mean + θ), q = 1 − s (DLMF 8.17.4, .24),
/// by the smaller of q and s, which alone is known to all its digits.
double bisect_negbinomial(double u, double mean, double theta) {
  namespace policies = boost::math::policies;
  using Policy = policies::policy<policies::promote_double<false>,
                                  policies::underflow_error<policies::ignore_error>,
                                  policies::overflow_error<policies::ignore_error>,
                                  policies::evaluation_error<policies::ignore_error>>;
  // Alike to a part in 10⁹ of the variance, and beyond what the function can tell.
  if (theta > 1e9 * mean) return draw_poisson(u, mean);
  const auto at_most = [=](double k) {
    const double both = mean + theta;
    return theta < mean ? boost::math::ibeta(theta, k + 1.0, theta / both, Policy())
                        : boost::math::ibetac(k + 1.0, theta, mean / both, Policy());
  };
  double below = -1.0, reached = kTooLarge;  // P(Y ≤ below) ≤ u
  while (reached - below > 1.0) {
    const double k = std::floor(0.5 * (below + reached));
    if (at_most(k) > u)
      reached = k;
    else
      below = k;
  }
  return reached;
}

}  // namespace

double draw_poisson(double u, double mean) {
  if (!(mean < kLargestCount)) return kTooLarge;
  const double mode = std::floor(mean);
  const double log_p =
      (mode > 0.0 ? mode * elementary::log(mean) : 0.0) - mean - log_factorial(mode);
  return invert_from_mode(u, mode, elementary::exp(log_p), kTooLarge, [mean](double k) {
    return mean / (k + 1.0);
  });
}

// Bisection where there is far to go. Else from 0 upwards while P(0) is a number, or from the mode, whose
// probability takes a sum: O(mean) steps either way.
double draw_negbinomial(double u, double mean, double theta) {
  if (!(mean < kLargestCount)) return kTooLarge;
  if (mean > kFar || mean * mean > kFar * kFar * theta)
    return bisect_negbinomial(u, mean, theta);
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
