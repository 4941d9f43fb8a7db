// SPDX-License-Identifier: MIT
#include "engine/inference/profile_interval.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/tools/toms748_solve.hpp>

namespace merit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kCurvePoints = 8;   // on each side
constexpr double kBeyond = 1.25;  // how far the curve goes, in intervals
constexpr double kMostSteps = 1e4;

struct End {
  double value = 0.0;
  double reach = 0.0;  ///< how far the curve goes on this side
};

/// Where |ζ| = z on one side. @param sign  −1 or 1
End find_end(const ProfileRequest& request,
             const std::function<double(double)>& drop,
             double z,
             double sign) {
  const auto excess = [&](double v) { return std::sqrt(std::max(0.0, drop(v))) - z; };
  const double most = sign < 0.0 ? request.estimate - request.least : kInfinity;
  if (most == 0.0) return {request.estimate, 0.0};  // on the boundary
  double inner = 0.0, inner_excess = -z, outer = std::min(z * request.step, most);
  double outer_excess = excess(request.estimate + sign * outer);
  while (outer_excess < 0.0) {
    if (outer == most) return {request.least, most};
    if (outer > kMostSteps * request.step) return {sign * kInfinity, outer};
    inner = outer;
    inner_excess = outer_excess;
    outer = std::min(2.0 * outer, most);
    outer_excess = excess(request.estimate + sign * outer);
  }
  if (outer_excess == 0.0) return {request.estimate + sign * outer, kBeyond * outer};
  std::uintmax_t evaluations = 60;
  const auto [a, b] = boost::math::tools::toms748_solve(
      [&](double distance) { return excess(request.estimate + sign * distance); },
      inner,
      outer,
      inner_excess,
      outer_excess,
      [](double x, double y) {
        return std::abs(y - x) <= 1e-13 * (std::abs(x) + std::abs(y));
      },
      evaluations);
  const double distance = 0.5 * (a + b);
  return {request.estimate + sign * distance, std::min(kBeyond * distance, most)};
}

}  // namespace

ProfiledParameter profile_parameter(const ProfileRequest& request,
                                    const std::function<double(double)>& drop) {
  const double z =
      boost::math::quantile(boost::math::normal(), (1.0 + request.level) / 2.0);
  ProfiledParameter out;
  out.estimate = request.estimate;
  const End low = find_end(request, drop, z, -1.0);
  const End high = find_end(request, drop, z, 1.0);
  out.low = low.value;
  out.high = high.value;
  const auto add = [&](double v, double sign) {
    out.value.push_back(v);
    out.zeta.push_back(sign * std::sqrt(std::max(0.0, drop(v))));
  };
  for (int k = kCurvePoints; k > 0 && low.reach > 0.0; --k) {
    const double distance = low.reach * k / kCurvePoints;
    add(std::max(request.least, request.estimate - distance), -1.0);
  }
  out.value.push_back(request.estimate);
  out.zeta.push_back(0.0);
  for (int k = 1; k <= kCurvePoints; ++k)
    add(request.estimate + high.reach * k / kCurvePoints, 1.0);
  return out;
}

}  // namespace merit
