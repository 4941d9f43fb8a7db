// SPDX-License-Identifier: MIT
#include "engine/posterior/intercept_draws.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log;

constexpr int kPoints = 3;

/// Tangents of a concave function at three points, and its chords between them.
class Envelope {
 public:
  explicit Envelope(const InterceptPoints& at) : at_(at) {
    for (int k = 0; k + 1 < kPoints; ++k) {
      const double fall = at.slope[k] - at.slope[k + 1];
      const double width = at.v[k + 1] - at.v[k];
      const double rise = at.density[k + 1] - at.density[k] - at.slope[k + 1] * width;
      meet_[k] = at.v[k] + std::clamp(rise / fall, 0.0, width);
    }
    for (int k = 0; k < kPoints; ++k) {
      const double low = k == 0 ? -kFar : meet_[k - 1];
      const double high = k == kPoints - 1 ? kFar : meet_[k];
      area_[k] = exp(std::max(tangent(k, at.v[k]) - at.density[1], -700.0)) *
                 (segment(k, high) - segment(k, low));
    }
  }

  /// Whether there is one: what rounding can undo.
  bool is_sound() const {
    return at_.slope[0] > 0.0 && at_.slope[kPoints - 1] < 0.0 && total() > 0.0 &&
           total() < kFar;
  }

  /// A draw from the envelope's density.
  double draw(Variates& random) const {
    double pick = random.uniform() * total();
    int k = 0;
    while (k < kPoints - 1 && pick > area_[k])
      pick -= area_[k++];
    const double low = k == 0 ? -kFar : meet_[k - 1];
    const double high = k == kPoints - 1 ? kFar : meet_[k];
    return inverse(k, low, high, std::min(pick / area_[k], 1.0));
  }

  double above(double v) const {
    int k = 0;
    while (k < kPoints - 1 && v > meet_[k])
      ++k;
    return tangent(k, v);
  }
  /// −∞ beyond the points.
  double below(double v) const {
    if (!(v > at_.v[0] && v < at_.v[kPoints - 1])) return -kFar;
    const int k = v < at_.v[1] ? 0 : 1;
    const double part = (v - at_.v[k]) / (at_.v[k + 1] - at_.v[k]);
    return (1.0 - part) * at_.density[k] + part * at_.density[k + 1];
  }

 private:
  static constexpr double kFar = 1e300;
  static constexpr double kLevel =
      1e-8;  // a slope that is none, where an sd is at most 1

  double total() const { return area_[0] + area_[1] + area_[2]; }
  double tangent(int k, double v) const {
    return at_.density[k] + at_.slope[k] * (v - at_.v[k]);
  }
  /// ∫ e^(s (x − v_k)) dx up to v, up to a constant.
  double segment(int k, double v) const {
    const double s = at_.slope[k], away = v - at_.v[k];
    if (std::abs(s) < kLevel) return away;
    return exp(std::clamp(s * away, -700.0, 700.0)) / s;
  }
  /// Where the share `part` of a piece lies below.
  double inverse(int k, double low, double high, double part) const {
    const double s = at_.slope[k], v = at_.v[k];
    if (std::abs(s) < kLevel) return low + part * (high - low);
    const double from =
        low == -kFar ? 0.0 : exp(std::clamp(s * (low - v), -700.0, 700.0));
    const double to = high == kFar ? 0.0 : exp(std::clamp(s * (high - v), -700.0, 700.0));
    return v + log(std::max(from + part * (to - from), 1e-300)) / s;
  }

  const InterceptPoints& at_;
  double meet_[kPoints - 1] = {};
  double area_[kPoints] = {};
};

std::optional<double> draw_one(QuadratureLikelihood& at,
                               const Eigen::VectorXd& psi,
                               std::int64_t group,
                               Variates& random) {
  constexpr int kMostTries = 1000;
  const auto j = static_cast<std::size_t>(group);
  const double mode = at.modes()[j];
  const double reach = std::numbers::sqrt2 / std::sqrt(at.curvatures()[j]);
  InterceptPoints points;
  points.count = kPoints;
  for (int k = 0; k < kPoints; ++k)
    points.v[k] = mode + (k - 1) * reach;
  at.evaluate_intercept(psi, group, points);
  const Envelope envelope(points);
  if (!envelope.is_sound()) return std::nullopt;
  for (int tries = 0; tries < kMostTries; ++tries) {
    const double v = envelope.draw(random);
    const double height = envelope.above(v) + log(random.uniform());
    if (height <= envelope.below(v)) return v;
    InterceptPoints there;
    there.count = 1;
    there.v[0] = v;
    at.evaluate_intercept(psi, group, there);
    if (height <= there.density[0]) return v;
  }
  return std::nullopt;
}

}  // namespace

bool draw_intercepts(QuadratureLikelihood& at,
                     const Eigen::VectorXd& psi,
                     Variates& random,
                     double* u) {
  const double tau = psi[psi.size() - 1];
  const auto J = static_cast<std::int64_t>(at.modes().size());
  for (std::int64_t j = 0; j < J; ++j) {
    const std::optional<double> v = draw_one(at, psi, j, random);
    if (!v) return false;
    u[j] = tau * *v;
  }
  return true;
}

}  // namespace merit
