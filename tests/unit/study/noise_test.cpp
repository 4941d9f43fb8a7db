// SPDX-License-Identifier: MIT
//
// Moments of draws against the distributions' own; every bound is five standard errors of the
// sample moment, whose variance is computed from the draws: a false alarm in about 10⁶ checks.
#include "engine/study/noise.hpp"

#include <cmath>
#include <functional>

#include <boost/test/unit_test.hpp>

using namespace merit;

BOOST_AUTO_TEST_SUITE(noise)

namespace {

constexpr std::int64_t kDraws = 400'000;

AlignedVector<double> draws(const Noise& noise, std::int64_t count = kDraws) {
  AlignedVector<double> values(static_cast<std::size_t>(count)), memory;
  draw_noise(draw_kernels(SimdLevel::v2),
             noise,
             {3, Purpose::study_intercepts, Purpose::study_intercept_shapes, 7},
             values,
             memory);
  return values;
}

void check_mean(const AlignedVector<double>& values,
                const std::function<double(double)>& of,
                double expected) {
  double sum = 0.0, squares = 0.0;
  for (const double value : values) {
    sum += of(value);
    squares += of(value) * of(value);
  }
  const auto n = static_cast<double>(values.size());
  const double mean = sum / n;
  const double error = std::sqrt((squares / n - mean * mean) / n);
  BOOST_TEST(std::abs(mean - expected) < 5.0 * error + 1e-12,
             mean << " for " << expected);
}

double cube(double x) {
  return x * x * x;
}

}  // namespace

BOOST_AUTO_TEST_CASE(means_sds_and_shapes) {
  const auto standardised = [](const Noise& noise) {
    const AlignedVector<double> values = draws(noise);
    check_mean(
        values, [](double x) { return x; }, 0.0);
    check_mean(
        values, [](double x) { return x * x; }, 1.0);
    return values;
  };
  check_mean(
      standardised({}), [](double x) { return x * x * x * x; }, 3.0);
  // Kurtosis of t: 3 + 6/(df − 4).
  check_mean(
      standardised({.kind = NoiseKind::t, .df = 12}),
      [](double x) { return x * x * x * x; },
      3.0 + 6.0 / 8.0);
  // P(|t₃| > 3.182446) = 0.05 (R's qt); the values are t₃/√3.
  check_mean(
      draws({.kind = NoiseKind::t, .df = 3}),
      [](double x) { return std::abs(x) > 3.182446 / std::sqrt(3.0) ? 1.0 : 0.0; },
      0.05);
  // Skew of χ²: √(8/df).
  check_mean(
      standardised({.kind = NoiseKind::chi_squared, .df = 4}), cube, std::sqrt(2.0));
  check_mean(
      standardised({.kind = NoiseKind::uniform}),
      [](double x) { return std::abs(x) < std::sqrt(3.0) / 2.0 ? 1.0 : 0.0; },
      0.5);
  // Kurtosis of the mixture: 3 (1 − s + s f⁴)/(1 − s + s f²)².
  const double s = 0.1, f = 4.0;
  check_mean(
      standardised({.kind = NoiseKind::contaminated, .share = s, .factor = f}),
      [](double x) { return x * x * x * x; },
      3.0 * (1.0 - s + s * std::pow(f, 4)) / std::pow(1.0 - s + s * f * f, 2));
}

BOOST_AUTO_TEST_CASE(same_bits_at_any_instruction_set_level) {
  for (const NoiseKind kind : {NoiseKind::normal,
                               NoiseKind::t,
                               NoiseKind::chi_squared,
                               NoiseKind::uniform,
                               NoiseKind::contaminated}) {
    AlignedVector<double> first, memory;
    for (const SimdLevel level : {SimdLevel::v2, SimdLevel::v3}) {
      AlignedVector<double> values(64);
      draw_noise(draw_kernels(level),
                 {.kind = kind},
                 {3, Purpose::study_intercepts, Purpose::study_intercept_shapes, 7},
                 values,
                 memory);
      if (first.empty()) first = values;
      BOOST_TEST((values == first));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
