// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/simd_levels.hpp"
#include "tests/unit/simd/lanes_probe.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(lanes)

namespace {

LanesProbe probe(SimdLevel level) {
  return at_level(
      level, simd_v2::lanes_probe, simd_v3::lanes_probe, simd_v4::lanes_probe)();
}

using Eight = std::array<double, 8>;
using Words = std::vector<std::uint64_t>;

/// What IEEE 754 says, in scalar arithmetic of the compiler.
Words expected(const Eight& a, const Eight& b, const Eight& c) {
  Words out(kNumOperations * 8);
  bool some_less = false;
  for (std::size_t i = 0; i < 8; ++i)
    some_less = some_less || a[i] < b[i];
  for (std::size_t i = 0; i < 8; ++i) {
    const auto put = [&](Operation row, std::uint64_t word) {
      out[static_cast<std::size_t>(row) * 8 + i] = word;
    };
    const auto real = [&](Operation row, double value) {
      put(row, std::bit_cast<std::uint64_t>(value));
    };
    const auto mask = [&](Operation row, bool value) { put(row, value ? ~0ULL : 0ULL); };
    const auto x = std::bit_cast<std::uint64_t>(a[i]);
    const auto y = std::bit_cast<std::uint64_t>(b[i]);
    real(add, a[i] + b[i]);
    real(subtract, a[i] - b[i]);
    real(multiply, a[i] * b[i]);
    real(divide, a[i] / b[i]);
    put(negate, x ^ (1ULL << 63));
    real(fused, std::fma(a[i], b[i], c[i]));
    real(square_root, std::sqrt(a[i]));
    put(absolute, x & ~(1ULL << 63));
    real(smaller, a[i] < b[i] ? a[i] : b[i]);
    real(larger, a[i] > b[i] ? a[i] : b[i]);
    mask(less, a[i] < b[i]);
    mask(less_equal, a[i] <= b[i]);
    mask(greater, a[i] > b[i]);
    mask(greater_equal, a[i] >= b[i]);
    real(selected, a[i] < b[i] ? b[i] : c[i]);
    real(broadcast_first, a[0]);
    put(int_add, x + y);
    put(int_subtract, x - y);
    put(int_and, x & y);
    put(int_or, x | y);
    put(int_xor, x ^ y);
    put(int_not, ~x);
    put(left, x << 7);
    put(right, x >> 7);
    put(low_product, (x & 0xffffffff) * (y & 0xffffffff));
    put(counted, static_cast<std::uint64_t>(static_cast<std::int64_t>(i) - 3));
    put(any_less, some_less ? 1 : 0);
  }
  return out;
}

/// Which NaN an operation gives, IEEE 754 leaves open; everything else it settles.
bool same(int row, std::uint64_t a, std::uint64_t b) {
  const bool real = row <= square_root;
  const bool both_nan =
      std::isnan(std::bit_cast<double>(a)) && std::isnan(std::bit_cast<double>(b));
  return a == b || (real && both_nan);
}

/// Whether all operations of all levels are right.
bool right(const Eight& a, const Eight& b, const Eight& c) {
  bool all_right = true;
  const Words want = expected(a, b, c);
  for (const SimdLevel level : simd_levels()) {
    Words got(want.size());
    probe(level).operations(a.data(), b.data(), c.data(), got.data());
    for (std::size_t k = 0; k < want.size(); ++k) {
      const int row = static_cast<int>(k / 8);
      if (same(row, got[k], want[k])) continue;
      all_right = false;
      BOOST_TEST_MESSAGE(name(level) << ", operation " << row << " of (" << a[k % 8]
                                     << ", " << b[k % 8] << ", " << c[k % 8] << "): "
                                     << std::hex << got[k] << ", not " << want[k]);
    }
  }
  return all_right;
}

}  // namespace

BOOST_AUTO_TEST_CASE(operations_are_those_of_ieee_754_on_random_bits) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    Eight a, b, c;
    for (Eight* values : {&a, &b, &c}) {
      for (double& value : *values)
        value = std::bit_cast<double>(random());
    }
    BOOST_TEST_REQUIRE(right(a, b, c));
  }
}

BOOST_AUTO_TEST_CASE(operations_are_those_of_ieee_754_on_numbers_of_like_size) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 20000; ++i) {
    Eight a, b, c;
    for (std::size_t k = 0; k < 8; ++k) {
      a[k] = normal(random);
      b[k] = normal(random);
      c[k] = -a[k] * b[k];  // the fused product cancels but for its last bits
    }
    BOOST_TEST_REQUIRE(right(a, b, c));
  }
}

BOOST_AUTO_TEST_CASE(operations_are_those_of_ieee_754_on_special_values) {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> special = {0.0,
                                       -0.0,
                                       1.0,
                                       -1.0,
                                       Limits::min(),
                                       Limits::denorm_min(),
                                       -Limits::denorm_min(),
                                       Limits::max(),
                                       -Limits::max(),
                                       Limits::infinity(),
                                       -Limits::infinity(),
                                       Limits::quiet_NaN()};
  for (const double x : special) {
    for (const double y : special) {
      for (const double z : special) {
        Eight a, b, c;
        a.fill(x);
        b.fill(y);
        c.fill(z);
        BOOST_TEST_REQUIRE(right(a, b, c));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
