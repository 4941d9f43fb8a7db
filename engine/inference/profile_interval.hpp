// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace merit {

/// The profile likelihood of one parameter ψ.
///
///     drop(v) = min {deviance: ψ = v} − min deviance ≥ 0,    ζ(v) = ±√drop(v)
///
/// ζ is about standard normal at the true value; the interval is {v: |ζ(v)| ≤ z}, where z is
/// the normal quantile at (1 + level)/2. A curve that is straight in ζ is one for which
/// estimate ± z·SE does as well (Bates, Mächler, Bolker & Walker 2015, § 5.1).
struct ProfiledParameter {
  std::string term;
  double estimate = 0.0;  ///< where drop is 0: the maximum likelihood estimate
  double low = 0.0;       ///< −∞ or ∞: the likelihood never falls so far
  double high = 0.0;
  std::vector<double> value,
      zeta;  ///< the curve, ascending; beyond both ends of the interval
};

struct ProfileRequest {
  double estimate = 0.0;
  double step = 1.0;  ///< > 0, about a standard error
  double least = -std::numeric_limits<double>::infinity();  ///< 0 for an sd
  double level = 0.95;
};

/// Finds both ends of the interval and a curve of some 17 points. `drop` is called on one side
/// of the estimate in ascending distance at first, so that it may start from where it was.
///
/// Ends are right to about 10⁻¹⁰ of the interval if drop is right to 10⁻¹². An sd whose drop at
/// 0 is below z² has the end 0; a parameter whose drop stays below z² for 10⁴ steps has no end.
ProfiledParameter profile_parameter(const ProfileRequest& request,
                                    const std::function<double(double)>& drop);

}  // namespace merit
