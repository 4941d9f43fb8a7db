// SPDX-License-Identifier: MIT
#include "engine/model/elementary.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace merit::elementary {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A number as high + low, |low| ≤ ulp(high)/2.
struct Pair {
  double high = 0.0;
  double low = 0.0;
};

// ln 2; the high part has 11 trailing zeros, so that k times it is exact.
constexpr Pair kLn2 = {0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45};
constexpr Pair kOneOverLn2 = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
constexpr Pair kOneOverLn10 = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};

// a + b exactly (Knuth).
Pair sum(double a, double b) {
  const double high = a + b;
  const double b_part = high - a;
  return {high, (a - (high - b_part)) + (b - b_part)};
}

Pair product(Pair a, Pair b) {
  const double high = a.high * b.high;
  const double low = std::fma(a.high, b.high, -high) + a.high * b.low + a.low * b.high;
  return sum(high, low);
}

// ln x for positive, finite x: x = 2^k m with m ∈ [√½, √2), and with s = (m − 1)/(m + 1),
// |s| < 0.1716, ln m = 2 Σ s^(2i+1)/(2i+1). The leading term is carried in two doubles; the
// rest is below 1% of it, so its rounding counts for 2^-59.
Pair log_pair(double x) {
  int k = 0;
  double m = std::frexp(x, &k);  // [½, 1)
  if (m < 0.70710678118654752) {
    m *= 2.0;
    --k;
  }
  const double f = m - 1.0;
  const Pair d = sum(m, 1.0);
  const double s = f / d.high;
  const double s_low = (std::fma(-s, d.high, f) - s * d.low) / d.high;
  const double s2 = s * s;
  double series = 0.0;
  for (int i = 11; i >= 1; --i)
    series = series * s2 + 2.0 / (2 * i + 1);
  const double tail = series * s2 * s;
  const Pair leading = sum(k * kLn2.high, 2.0 * s);
  return sum(leading.high, leading.low + (k * kLn2.low + 2.0 * s_low + tail));
}

// e^x for |x.high| < 746: x = k ln 2 + r, |r| ≤ 0.35, and the Taylor series of e^r.
double exp_of(Pair x) {
  const double k = std::floor(x.high * kOneOverLn2.high + 0.5);
  const Pair r = sum(std::fma(-k, kLn2.high, x.high), x.low - k * kLn2.low);
  double series = 0.0;  // (e^r − 1 − r)/r²
  for (int i = 14; i >= 2; --i) {
    static constexpr std::array<double, 15> kFactorial = {1.,
                                                          1.,
                                                          2.,
                                                          6.,
                                                          24.,
                                                          120.,
                                                          720.,
                                                          5040.,
                                                          40320.,
                                                          362880.,
                                                          3628800.,
                                                          39916800.,
                                                          479001600.,
                                                          6227020800.,
                                                          87178291200.};
    series = series * r.high + 1.0 / kFactorial[static_cast<std::size_t>(i)];
  }
  const Pair minus_one = sum(r.high, r.high * r.high * series + r.low * (1.0 + r.high));
  const Pair whole = sum(1.0, minus_one.high);
  return std::ldexp(whole.high + (whole.low + minus_one.low), static_cast<int>(k));
}

// The logarithms of 0, infinity, and of what has none; anything else comes out positive.
bool is_special_log(double x, double& result) {
  if (x > 0.0 && x < kInfinity) return false;
  result = x == 0.0 ? -kInfinity : (x > 0.0 ? x : kNaN);
  return true;
}

}  // namespace

double log(double x) {
  double special = 0.0;
  return is_special_log(x, special) ? special : log_pair(x).high;
}

double log2(double x) {
  double special = 0.0;
  return is_special_log(x, special) ? special : product(log_pair(x), kOneOverLn2).high;
}

double log10(double x) {
  double special = 0.0;
  return is_special_log(x, special) ? special : product(log_pair(x), kOneOverLn10).high;
}

double log1p(double x) {
  const Pair u = sum(1.0, x);
  double special = 0.0;
  if (is_special_log(u.high, special)) return special;
  const Pair log_u = log_pair(u.high);
  return log_u.high + (log_u.low + u.low / u.high);
}

double exp(double x) {
  if (std::isnan(x)) return x;
  if (x > 709.8) return kInfinity;
  if (x < -745.2) return 0.0;
  return exp_of({x, 0.0});
}

double power(double x, double y) {
  if (x == 1.0 || y == 0.0) return 1.0;
  if (y == 2.0) return x * x;
  if (std::isnan(x) || std::isnan(y)) return kNaN;
  if (y == 0.5 && x >= 0.0) return std::sqrt(x);
  if (x == 0.0 || std::isinf(x) || std::isinf(y)) return std::pow(x, y);  // exact cases
  const bool whole = y == std::floor(y);
  if (whole && std::abs(y) <= 64.0) {
    double result = 1.0;
    double square = x;
    for (auto n = static_cast<unsigned>(std::abs(y)); n > 0; n /= 2) {
      if (n % 2 == 1) result *= square;
      square *= square;
    }
    return y > 0.0 ? result : 1.0 / result;
  }
  if (x < 0.0 && !whole) return kNaN;
  const Pair exponent = product(log_pair(std::abs(x)), {y, 0.0});
  const double size =
      std::abs(exponent.high) < 745.2 ? exp_of(exponent) : exp(exponent.high);
  return x < 0.0 && std::fmod(y, 2.0) != 0.0 ? -size : size;
}

}  // namespace merit::elementary
