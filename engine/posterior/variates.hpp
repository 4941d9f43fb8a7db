// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "engine/model/elementary.hpp"
#include "engine/random/stream.hpp"

namespace merit {

/// Random numbers of one stream, one at a time. Acceptance methods take as many as they
/// need; what a stream gives is a pure function of (seed, purpose, task) all the same.
class Variates {
 public:
  Variates(std::uint64_t seed, Purpose purpose, std::int64_t task)
      : stream_(seed, purpose, task) {}

  /// Uniform on (0, 1]: (k + 1)/2⁵³.
  double uniform() { return static_cast<double>((stream_.bits() >> 11) + 1) * 0x1.0p-53; }

  /// Standard exponential.
  double exponential() { return -elementary::log(uniform()); }

  /// Standard normal, by the polar method (Marsaglia & Bray 1964): two at a time.
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double a = 0.0, b = 0.0, s = 0.0;
    do {
      a = 2.0 * uniform() - 1.0;
      b = 2.0 * uniform() - 1.0;
      s = a * a + b * b;
    } while (s >= 1.0 || s == 0.0);
    const double scale = std::sqrt(-2.0 * elementary::log(s) / s);
    spare_ = b * scale;
    has_spare_ = true;
    return a * scale;
  }

  /// Gamma with the given shape > 0 and scale 1: Marsaglia & Tsang (2000), ACM TOMS 26(3);
  /// below shape 1, Gamma(shape + 1)·U^(1/shape).
  double gamma(double shape) {
    if (shape < 1.0) {
      return gamma(shape + 1.0) * elementary::exp(elementary::log(uniform()) / shape);
    }
    const double d = shape - 1.0 / 3.0;
    const double scale = 1.0 / std::sqrt(9.0 * d);
    while (true) {
      const double z = normal();
      const double root = 1.0 + scale * z;
      if (!(root > 0.0)) continue;
      const double v = root * root * root;
      const double u = uniform();
      const double z2 = z * z;
      if (u < 1.0 - 0.0331 * z2 * z2) return d * v;  // their squeeze: needs no logarithm
      if (elementary::log(u) < 0.5 * z2 + d * (1.0 - v + elementary::log(v)))
        return d * v;
    }
  }

 private:
  Stream stream_;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

/// Of a group's own streams, one for each draw.
inline std::uint64_t group_seed(std::int64_t group, std::uint64_t seed) {
  return Stream(seed, Purpose::posterior_group_seed, group).bits();
}

}  // namespace merit
