// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/simd_levels.hpp"
#include "tests/unit/simd/lanes_probe.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(lanes_math)

namespace {

// 60 digits.
using Exact = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<60>>;

LanesProbe probe(SimdLevel level) {
  return at_level(
      level, simd_v2::lanes_probe, simd_v3::lanes_probe, simd_v4::lanes_probe)();
}

/// Distance from the exact value in units of the last place of the latter.
double ulps(double got, const Exact& exact) {
  const auto nearest = std::abs(static_cast<double>(exact));
  const double ulp =
      std::nextafter(nearest, std::numeric_limits<double>::infinity()) - nearest;
  return static_cast<double>(abs(Exact(got) - exact) / Exact(ulp));
}

/// Largest error of log in ulp over x, whose count is a multiple of 8.
double worst_log(const std::vector<double>& x) {
  std::vector<double> y(x.size());
  probe(SimdLevel::v2).log(x.data(), static_cast<std::int64_t>(x.size()), y.data());
  double worst = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    worst = std::max(worst, ulps(y[i], log(Exact(x[i]))));
  }
  return worst;
}

}  // namespace

BOOST_AUTO_TEST_CASE(log_of_normal_numbers_errs_by_less_than_one_ulp) {
  std::mt19937_64 random(3);
  std::vector<double> x;
  while (x.size() < 40000) {  // all exponents
    const double value = std::bit_cast<double>(random() >> 1);
    if (std::isnormal(value)) x.push_back(value);
  }
  for (int i = 0; i < 40000; ++i) {  // (2^-52, 1): the uniforms of the normals
    x.push_back(1.0 - static_cast<double>(random() >> 12) * 0x1p-52);
  }
  std::uniform_real_distribution<double> near(0.5, 2.0);
  for (int i = 0; i < 40000; ++i) {
    double value = near(random);
    while (std::abs(value - 1.0) < 1.0 / 32)
      value = near(random);
    x.push_back(value);
  }
  const double worst = worst_log(x);
  BOOST_TEST_MESSAGE("log: largest error " << worst << " ulp");  // 0.88
  BOOST_TEST(worst < 1.0);
}

BOOST_AUTO_TEST_CASE(log_next_to_one_errs_by_less_than_one_and_a_half_ulp) {
  std::mt19937_64 random(4);
  std::vector<double> x;
  for (int i = 0; i < 80000; ++i) {
    // 1 ± 2^-e with a random mantissa, e = 5 … 53
    const int exponent = 5 + i % 49;
    const double share = 0.5 + 0.5 * static_cast<double>(random() >> 11) * 0x1p-53;
    const double distance = std::ldexp(share, -exponent);
    x.push_back(i % 2 == 0 ? 1.0 + distance : 1.0 - distance);
  }
  for (double& value : x) {
    if (value == 1.0) value = 1.0 + 0x1p-52;
  }
  const double worst = worst_log(x);
  BOOST_TEST_MESSAGE("log next to 1: largest error " << worst << " ulp");  // 0.52
  BOOST_TEST(worst < 1.5);
}

BOOST_AUTO_TEST_CASE(log_at_the_ends_of_its_range) {
  const double x[8] = {1.0,
                       2.0,
                       0.5,
                       std::numeric_limits<double>::min(),
                       std::numeric_limits<double>::max(),
                       0x1.6a09e667f3bccp0,  // the last mantissa below √2
                       0x1.6a09e667f3bcdp0,  // and the first above
                       0x1.fffffffffffffp-1};
  double y[8];
  probe(SimdLevel::v2).log(x, 8, y);
  BOOST_TEST(y[0] == 0.0);
  for (int i = 1; i < 8; ++i)
    BOOST_TEST(ulps(y[i], log(Exact(x[i]))) < 1.0);
}

BOOST_AUTO_TEST_CASE(sine_and_cosine_of_turns_err_by_less_than_two_to_the_minus_52) {
  std::mt19937_64 random(5);
  std::vector<double> t;
  for (int i = 0; i <= 64; ++i)
    t.push_back(i / 64.0);
  for (int i = 0; i < 8; ++i) {  // around the seams at odd eighths
    const double seam = (2 * (i % 4) + 1) / 8.0;
    t.push_back(std::nextafter(seam, i < 4 ? 0.0 : 1.0));
  }
  for (int e = 1; e <= 52; ++e)
    t.push_back(std::ldexp(1.0, -e));
  while (t.size() < 60000)
    t.push_back(static_cast<double>(random() >> 12) * 0x1p-52);
  std::vector<double> sine(t.size()), cosine(t.size());
  probe(SimdLevel::v2)
      .sincos_turns(
          t.data(), static_cast<std::int64_t>(t.size()), sine.data(), cosine.data());
  const Exact pi(
      "3.14159265358979323846264338327950288419716939937510582097494459230782");
  Exact worst = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const Exact angle = 2 * pi * Exact(t[i]);
    worst = std::max(worst, Exact(abs(sin(angle) - Exact(sine[i]))));
    worst = std::max(worst, Exact(abs(cos(angle) - Exact(cosine[i]))));
  }
  BOOST_TEST_MESSAGE("sine, cosine: largest error " << static_cast<double>(worst * 0x1p52)
                                                    << " · 2^-52");  // 0.73
  BOOST_TEST(worst < Exact(0x1p-52));
}

BOOST_AUTO_TEST_CASE(quarter_turns_are_exact) {
  const double t[8] = {0.0, 0.25, 0.5, 0.75, 1.0, 0.125, 0.375, 0.625};
  double sine[8], cosine[8];
  probe(SimdLevel::v2).sincos_turns(t, 8, sine, cosine);
  const double expected_sine[5] = {0.0, 1.0, 0.0, -1.0, 0.0};
  const double expected_cosine[5] = {1.0, 0.0, -1.0, 0.0, 1.0};
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(sine[i] == expected_sine[i]);
    BOOST_TEST(cosine[i] == expected_cosine[i]);
  }
}

BOOST_AUTO_TEST_CASE(exp_errs_by_less_than_one_ulp) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> wide(-708.0, 709.0), near(-2.0, 2.0);
  std::vector<double> x = {0.0, 1.0, -1.0, -708.0, 709.0, 1e-300, -1e-17, 0.5};
  while (x.size() < 60000) {
    x.push_back(wide(random));
    x.push_back(near(random));
  }
  std::vector<double> y(x.size());
  probe(SimdLevel::v2).exp(x.data(), static_cast<std::int64_t>(x.size()), y.data());
  double worst = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i)
    worst = std::max(worst, ulps(y[i], exp(Exact(x[i]))));
  BOOST_TEST_MESSAGE("exp: largest error " << worst << " ulp");
  BOOST_TEST(worst < 1.0);
}

BOOST_AUTO_TEST_CASE(exp_ends_at_numbers) {
  const double x[8] = {-1e308, -709.0, 710.0, 1e308, -708.0, 709.0, 0.0, -0.0};
  double y[8];
  probe(SimdLevel::v2).exp(x, 8, y);
  BOOST_TEST(y[0] == y[4]);
  BOOST_TEST(y[1] == y[4]);
  BOOST_TEST(y[2] == y[5]);
  BOOST_TEST(y[3] == y[5]);
  BOOST_TEST(y[6] == 1.0);
  BOOST_TEST(y[7] == 1.0);
}

BOOST_AUTO_TEST_CASE(normal_distribution_is_right_in_both_tails) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> body(0.0, 4.0), tail(4.0, 37.0);
  std::vector<double> a;
  while (a.size() < 4000) {
    a.push_back(body(random));
    a.push_back(tail(random));
  }
  const auto count = static_cast<std::int64_t>(a.size());
  std::vector<double> m(a.size()), below(a.size()), minus(a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    minus[i] = -a[i];
  probe(SimdLevel::v2).mills_ratio(a.data(), count, m.data());
  probe(SimdLevel::v2).normal_cdf(minus.data(), count, below.data());
  Exact worst_ratio = 0, worst_cdf = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Exact x(a[i]);
    const Exact q = boost::math::erfc(x / sqrt(Exact(2))) / 2;
    const Exact density = exp(-x * x / 2) / sqrt(2 * boost::math::constants::pi<Exact>());
    worst_ratio = std::max(worst_ratio, Exact(abs(m[i] * density / q - 1)));
    // e^(−x²/2) has an error of x² ulp.
    worst_cdf = std::max(worst_cdf, Exact(abs(below[i] / q - 1) / (1 + x * x)));
  }
  BOOST_TEST_MESSAGE("Mills' ratio: largest relative error "
                     << static_cast<double>(worst_ratio));
  BOOST_TEST(worst_ratio < Exact(5e-16));
  BOOST_TEST(worst_cdf < Exact(5e-16));
}

BOOST_AUTO_TEST_CASE(all_levels_give_the_same_bits) {
  std::mt19937_64 random(6);
  constexpr std::int64_t kCount = 80000;
  std::vector<double> x, t;
  for (std::int64_t i = 0; i < kCount; ++i) {
    const double value = std::bit_cast<double>(random() >> 1);
    x.push_back(std::isnormal(value) ? value : 1.5);
    t.push_back(static_cast<double>(random() >> 12) * 0x1p-52);
  }
  const auto run = [&](SimdLevel level) {
    std::vector<double> out(6 * kCount);
    probe(level).log(x.data(), kCount, out.data());
    probe(level).sincos_turns(
        t.data(), kCount, out.data() + kCount, out.data() + 2 * kCount);
    std::vector<double> wide = t;
    for (double& value : wide)
      value = 1400.0 * value - 700.0;
    probe(level).exp(wide.data(), kCount, out.data() + 3 * kCount);
    probe(level).normal_cdf(wide.data(), kCount, out.data() + 4 * kCount);
    for (double& value : wide)
      value = std::abs(value) / 20.0;
    probe(level).mills_ratio(wide.data(), kCount, out.data() + 5 * kCount);
    std::vector<std::uint64_t> bits;
    for (const double value : out)
      bits.push_back(std::bit_cast<std::uint64_t>(value));
    return bits;
  };
  const auto reference = run(SimdLevel::v2);
  for (const SimdLevel level : simd_levels())
    BOOST_TEST((run(level) == reference));
}

BOOST_AUTO_TEST_SUITE_END()
