// SPDX-License-Identifier: MIT
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/kolmogorov.hpp"
#include "tests/support/simd_levels.hpp"
#include "tests/unit/random/random_probe.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(random_lanes)

namespace {

// Each comparison with a distribution fails by chance at this rate at most. The seeds are
// fixed: a failure is a change of the numbers, and only once in 10⁷ of luck.
constexpr double kFalseAlarm = 1e-7;

RandomProbe probe(SimdLevel level) {
  return at_level(
      level, simd_v2::random_probe, simd_v3::random_probe, simd_v4::random_probe)();
}

RandomProbe fast() {
  return probe(simd_levels().back());
}

std::array<std::int64_t, 8> eight_tasks(std::int64_t first) {
  std::array<std::int64_t, 8> task;
  for (std::size_t lane = 0; lane < 8; ++lane)
    task[lane] = first + static_cast<std::int64_t>(lane);
  return task;
}

/// `count` normals of each of `num_tasks` streams, draw by draw.
std::vector<std::vector<double>> normals(std::int64_t num_tasks, int count) {
  std::vector<std::vector<double>> z(static_cast<std::size_t>(count));
  std::vector<double> eight(static_cast<std::size_t>(count) * 8);
  for (std::int64_t first = 0; first < num_tasks; first += 8) {
    fast().normals(21,
                   Purpose::parametric_bootstrap,
                   eight_tasks(first).data(),
                   0,
                   count,
                   eight.data());
    for (std::size_t i = 0; i < z.size(); ++i) {
      z[i].insert(z[i].end(), eight.data() + 8 * i, eight.data() + 8 * i + 8);
    }
  }
  return z;
}

std::vector<double> chi_squares(double df, std::int64_t num_tasks, std::uint32_t draw) {
  std::vector<double> values(static_cast<std::size_t>(num_tasks));
  for (std::int64_t first = 0; first < num_tasks; first += 8) {
    fast().chi_squared(22,
                       Purpose::parametric_bootstrap,
                       eight_tasks(first).data(),
                       draw,
                       df,
                       values.data() + first);
  }
  return values;
}

}  // namespace

BOOST_AUTO_TEST_CASE(uniforms_are_the_upper_52_bits) {
  const std::array<std::uint64_t, 8> words = {
      0, 0xfff, 0x1000, ~0ULL, 1ULL << 63, 0x123456789abcdef0, 0xfffffffffffff000, 1};
  for (const SimdLevel level : simd_levels()) {
    std::array<double, 8> u;
    probe(level).uniform(words.data(), u.data());
    for (std::size_t i = 0; i < 8; ++i) {
      BOOST_TEST(u[i] == static_cast<double>(words[i] >> 12) * 0x1p-52);
      BOOST_TEST(u[i] < 1.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(normals_are_normal) {
  constexpr std::int64_t kTasks = 200000;
  auto z = normals(kTasks, 5);
  const boost::math::normal law;
  for (std::vector<double>& sample : z) {
    const double distance = kolmogorov(sample, [&](double x) { return cdf(law, x); });
    BOOST_TEST(distance < kolmogorov_limit(kFalseAlarm));
  }
}

// Mean, variance, third and fourth moment of 10⁶ normals, and the largest of them: each
// within 5.33 standard deviations (false-alarm rate 10⁻⁷ each).
BOOST_AUTO_TEST_CASE(normals_have_the_moments_of_normals) {
  constexpr std::int64_t kTasks = 200000;
  const auto z = normals(kTasks, 5);
  const double n = 5.0 * kTasks;
  std::array<double, 5> sum{};
  double largest = 0.0;
  for (const std::vector<double>& sample : z) {
    for (const double x : sample) {
      for (std::size_t k = 1; k < 5; ++k)
        sum[k] += std::pow(x, static_cast<double>(k));
      largest = std::max(largest, std::abs(x));
    }
  }
  const double limit = 5.33 / std::sqrt(n);
  BOOST_TEST(std::abs(sum[1] / n) < limit);                          // var 1
  BOOST_TEST(std::abs(sum[2] / n - 1.0) < limit * std::sqrt(2.0));   // var 3 − 1
  BOOST_TEST(std::abs(sum[3] / n) < limit * std::sqrt(15.0));        // var 15
  BOOST_TEST(std::abs(sum[4] / n - 3.0) < limit * std::sqrt(96.0));  // var 105 − 9
  BOOST_TEST(largest > 4.0);
  BOOST_TEST(largest < 8.5);
}

// Correlations, also of squares, between draws of a stream and between neighbouring
// streams: each within 5.33 standard deviations.
BOOST_AUTO_TEST_CASE(normals_are_uncorrelated) {
  constexpr std::int64_t kTasks = 200000;
  const auto z = normals(kTasks, 6);
  const double limit = 5.33 / std::sqrt(static_cast<double>(kTasks));
  const auto check =
      [&](const std::vector<double>& a, const std::vector<double>& b, std::size_t lag) {
        double product = 0.0, of_squares = 0.0;
        for (std::size_t i = 0; i + lag < a.size(); ++i) {
          product += a[i] * b[i + lag];
          of_squares += (a[i] * a[i] - 1.0) * (b[i + lag] * b[i + lag] - 1.0) / 2.0;
        }
        const auto n = static_cast<double>(a.size());
        BOOST_TEST(std::abs(product / n) < limit);
        BOOST_TEST(std::abs(of_squares / n) < limit);
      };
  for (std::size_t i = 0; i < z.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k)
      check(z[i], z[k], 0);
    check(z[i], z[i], 1);
    check(z[i], z[i], 8);
  }
}

// An odd count leaves the second half of its last block unused.
BOOST_AUTO_TEST_CASE(the_first_normals_do_not_depend_on_how_many_are_asked_for) {
  const auto task = eight_tasks(1000);
  std::vector<double> seven(7 * 8), eight(8 * 8);
  fast().normals(1, Purpose::parametric_bootstrap, task.data(), 3, 7, seven.data());
  fast().normals(1, Purpose::parametric_bootstrap, task.data(), 3, 8, eight.data());
  eight.resize(7 * 8);
  BOOST_TEST(seven == eight, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(chi_squares_have_the_distribution_of_their_degrees_of_freedom) {
  constexpr std::int64_t kTasks = 200000;
  for (const double df : {1.0, 2.0, 3.0, 4.0, 17.0, 3961.0, 4e6}) {
    std::vector<double> values = chi_squares(df, kTasks, 7);
    const boost::math::chi_squared law(df);
    const double distance =
        kolmogorov(values, [&](double x) { return x > 0.0 ? cdf(law, x) : 0.0; });
    BOOST_TEST_CONTEXT("df = " << df) {
      BOOST_TEST(distance < kolmogorov_limit(kFalseAlarm));
      BOOST_TEST(values.front() > 0.0);
    }
  }
}

// More sensitive than the distance of distribution functions: mean and variance within 5.33
// standard deviations. Var χ² = 2 df, its fourth central moment 12 df (df + 4).
BOOST_AUTO_TEST_CASE(chi_squares_have_the_moments_of_their_degrees_of_freedom) {
  constexpr std::int64_t kTasks = 400000;
  const double n = kTasks;
  for (const double df : {1.0, 2.0, 3.0, 4.0, 17.0, 3961.0, 4e6}) {
    double sum = 0.0, square = 0.0;
    for (const double x : chi_squares(df, kTasks, 0)) {
      sum += x - df;
      square += (x - df) * (x - df);
    }
    BOOST_TEST_CONTEXT("df = " << df) {
      BOOST_TEST(std::abs(sum / n) < 5.33 * std::sqrt(2.0 * df / n));
      const double fourth = 12.0 * df * (df + 4.0);
      BOOST_TEST(std::abs(square / n - 2.0 * df) <
                 5.33 * std::sqrt((fourth - 4.0 * df * df) / n));
    }
  }
}

BOOST_AUTO_TEST_CASE(chi_square_without_degrees_of_freedom_is_zero) {
  for (const double value : chi_squares(0.0, 8, 0))
    BOOST_TEST(value == 0.0);
}

// With one degree of freedom it is the square of the block's first normal.
BOOST_AUTO_TEST_CASE(chi_square_with_one_degree_of_freedom_is_a_squared_normal) {
  const auto values = chi_squares(1.0, 8, 4);
  std::vector<double> z(8);
  fast().normals(
      22, Purpose::parametric_bootstrap, eight_tasks(0).data(), 4, 1, z.data());
  for (std::size_t i = 0; i < 8; ++i)
    BOOST_TEST(values[i] == z[i] * z[i]);
}

// A lane that is accepted at once must not change while its neighbours try again.
BOOST_AUTO_TEST_CASE(a_lane_does_not_depend_on_its_neighbours) {
  const auto together = chi_squares(2.0, 800, 0);
  for (std::int64_t task = 0; task < 800; ++task) {
    std::array<std::int64_t, 8> alone;
    alone.fill(task);
    std::array<double, 8> values;
    fast().chi_squared(
        22, Purpose::parametric_bootstrap, alone.data(), 0, 2.0, values.data());
    BOOST_TEST(values[3] == together[static_cast<std::size_t>(task)]);
  }
}

BOOST_AUTO_TEST_CASE(all_levels_give_the_same_bits) {
  for (const SimdLevel level : simd_levels()) {
    for (std::int64_t first = 0; first < 4096; first += 8) {
      const auto task = eight_tasks(first + 0xfffff000LL);
      std::array<std::vector<double>, 2> z;
      for (std::size_t i = 0; i < 2; ++i) {
        const RandomProbe of = probe(i == 0 ? SimdLevel::v2 : level);
        z[i].resize(8 * 8);
        of.normals(3, Purpose::row_bootstrap, task.data(), 0, 7, z[i].data());
        of.chi_squared(
            3, Purpose::row_bootstrap, task.data(), 9, 2.0, z[i].data() + 7 * 8);
      }
      BOOST_TEST_REQUIRE((z[0] == z[1]));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
