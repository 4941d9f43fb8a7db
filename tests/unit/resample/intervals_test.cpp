// SPDX-License-Identifier: MIT
#include "engine/resample/intervals.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <boost/test/unit_test.hpp>

using merit::BootstrapSummary;
using merit::Interval;
using merit::IntervalType;
using merit::summarize_bootstrap;

BOOST_AUTO_TEST_SUITE(intervals)

namespace {

constexpr std::array kAll = {IntervalType::norm, IntervalType::basic, IntervalType::perc};

/// The sample of reference/boot_ci.R: k_i = 7919 i mod 10007, t_i = k_i² / 10⁶.
std::vector<double> replicates(std::int64_t count) {
  std::vector<double> t;
  for (std::int64_t i = 1; i <= count; ++i) {
    const auto k = static_cast<double>((i * 7919) % 10007);
    t.push_back(k * k / 1e6);
  }
  return t;
}

struct Reference {
  std::int64_t num_replicates;
  double level;
  double bias;
  double sd;
  std::array<double, 2> norm;
  std::array<double, 2> basic;
  std::array<double, 2> perc;
  bool extreme;
};

// boot::boot.ci of R's boot 1.3-28.1, R 4.2.2: printed by reference/boot_ci.R. t0 = 30.
// clang-format off
const std::vector<Reference> kReference = {
    {5, 0.80, 11.024334400000001, 36.329335453135961, {-27.582251125161363, 65.533582325161362}, {-31.661475999999993, 57.260975000000002}, {2.7390249999999998, 91.661475999999993}, true},
    {5, 0.95, 11.024334400000001, 36.329335453135961, {-52.228523470420598, 90.179854670420596}, {-31.661475999999993, 57.260975000000002}, {2.7390249999999998, 91.661475999999993}, true},
    {5, 0.99, 11.024334400000001, 36.329335453135961, {-74.602501238645559, 112.55383243864556}, {-31.661475999999993, 57.260975000000002}, {2.7390249999999998, 91.661475999999993}, true},
    {19, 0.80, 2.4155674210526286, 29.909786131959272, {-10.746500663569222, 65.915365821463965}, {-23.557880999999995, 59.377479000000001}, {0.62252099999999999, 83.557880999999995}, false},
    {19, 0.95, 2.4155674210526286, 29.909786131959272, {-31.037671024988363, 86.206536182883099}, {-31.661475999999993, 59.873263999999999}, {0.12673599999999999, 91.661475999999993}, true},
    {19, 0.99, 2.4155674210526286, 29.909786131959272, {-49.458071002633829, 104.62693616052857}, {-31.661475999999993, 59.873263999999999}, {0.12673599999999999, 91.661475999999993}, true},
    {39, 0.80, 5.2654687948717935, 30.850216838129267, {-14.801612481166764, 64.27067489142317}, {-23.557880999999995, 58.688974999999999}, {1.3110250000000001, 83.557880999999995}, false},
    {39, 0.95, 5.2654687948717935, 30.850216838129267, {-35.730782712856282, 85.199845123112695}, {-38.604900000000001, 59.873263999999999}, {0.12673600000000027, 98.604900000000001}, true},
    {39, 0.99, 5.2654687948717935, 30.850216838129267, {-54.730361347362845, 104.19942375761926}, {-38.604900000000001, 59.873263999999999}, {0.12673599999999999, 98.604900000000001}, true},
    {40, 0.80, 5.4541032999999999, 30.475493662034516, {-14.510019913324896, 63.601813313324897}, {-23.407000080384591, 58.669357579690761}, {1.3306424203092371, 83.407000080384591}, false},
    {40, 0.95, 5.4541032999999999, 30.475493662034516, {-35.18497328866632, 84.276766688666328}, {-38.371586687076686, 59.860488229993742}, {0.13951177000626061, 98.371586687076686}, false},
    {40, 0.99, 5.4541032999999999, 30.475493662034516, {-53.95377291478728, 103.04556631478728}, {-38.604900000000001, 59.873263999999999}, {0.12673599999999999, 98.604900000000001}, true},
    {999, 0.80, 3.4566586676676678, 29.879334300414676, {-11.748566317794584, 64.835248982459248}, {-21.270224999999996, 58.979900000000001}, {1.0201, 81.270224999999996}, false},
    {999, 0.95, 3.4566586676676678, 29.879334300414676, {-32.01907777851271, 85.105760443177374}, {-35.374756000000005, 59.9375}, {0.062500000000000056, 95.374756000000005}, false},
    {999, 0.99, 3.4566586676676678, 29.879334300414676, {-50.420723529209567, 103.50740619387423}, {-39.161764000000005, 59.997695999999998}, {0.0023040000000000001, 99.161764000000005}, false},
    {1000, 0.80, 3.4351943779999985, 29.872088405070578, {-11.717816039604912, 64.847427283604915}, {-21.253952971271971, 58.97806791819049}, {1.0219320818095075, 81.253952971271971}, false},
    {1000, 0.95, 3.4351943779999985, 29.872088405070578, {-31.98341179493486, 85.11302303893487}, {-35.369796422077357, 59.937383619370642}, {0.062616380629360105, 95.369796422077357}, false},
    {1000, 0.99, 3.4351943779999985, 29.872088405070578, {-50.380595049984116, 103.51020629398411}, {-39.160791637197761, 59.997690871246583}, {0.0023091287534152487, 99.160791637197761}, false},
    {10000, 0.80, 3.3846419840999999, 29.856094076879565, {-11.646766089371887, 64.87748212117188}, {-21.124247108268762, 58.99779863420099}, {1.002201365799013, 81.124247108268762}, false},
    {10000, 0.95, 3.3846419840999999, 29.856094076879565, {-31.901511093823565, 85.132227125623558}, {-35.198560378207247, 59.937487454542193}, {0.062512545457806351, 95.198560378207247}, false},
    {10000, 0.99, 3.3846419840999999, 29.856094076879565, {-50.28884399683912, 103.51956002863912}, {-39.141748556048526, 59.997499490541905}, {0.0025005094580976832, 99.141748556048526}, false},
};
// clang-format on

}  // namespace

BOOST_AUTO_TEST_CASE(equal_those_of_boot_ci) {
  for (const Reference& expected : kReference) {
    BOOST_TEST_CONTEXT("R = " << expected.num_replicates << ", level "
                              << expected.level) {
      std::vector<double> t = replicates(expected.num_replicates);
      const BootstrapSummary got =
          summarize_bootstrap({.estimate = 30.0}, t, kAll, expected.level);
      const auto near = [](double a, double b) {
        return std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b));
      };
      BOOST_TEST(got.num_replicates == expected.num_replicates);
      BOOST_TEST(near(got.bias, expected.bias));
      BOOST_TEST(near(got.mean, expected.bias + 30.0));
      BOOST_TEST(near(got.sd, expected.sd));
      BOOST_TEST_REQUIRE(got.intervals.size() == 3U);
      const std::array ends = {expected.norm, expected.basic, expected.perc};
      for (std::size_t i = 0; i < 3; ++i) {
        BOOST_TEST((got.intervals[i].type == kAll[i]));
        BOOST_TEST(near(got.intervals[i].low, ends[i][0]));
        BOOST_TEST(near(got.intervals[i].high, ends[i][1]));
      }
      BOOST_TEST(!got.intervals[0].extreme);
      BOOST_TEST(got.intervals[1].extreme == expected.extreme);
      BOOST_TEST(got.intervals[2].extreme == expected.extreme);
    }
  }
}

BOOST_AUTO_TEST_CASE(do_not_depend_on_the_order_of_types_or_on_ties) {
  std::vector<double> t(1000, 2.0);
  t[17] = 1.0;
  const std::array types = {IntervalType::perc, IntervalType::norm};
  const BootstrapSummary got = summarize_bootstrap({.estimate = 2.0}, t, types, 0.95);
  BOOST_TEST_REQUIRE(got.intervals.size() == 2U);
  BOOST_TEST((got.intervals[0].type == IntervalType::perc));
  BOOST_TEST(got.intervals[0].low == 2.0);
  BOOST_TEST(got.intervals[0].high == 2.0);
  BOOST_TEST((got.intervals[1].type == IntervalType::norm));
}

// The standard deviation of 1e9 + {0, 1, 2} is 1 exactly.
BOOST_AUTO_TEST_CASE(keep_their_digits_far_from_zero) {
  std::vector<double> t = {1e9, 1e9 + 1.0, 1e9 + 2.0};
  const BootstrapSummary got = summarize_bootstrap({.estimate = 1e9}, t, {}, 0.95);
  BOOST_TEST(got.sd == 1.0);
  BOOST_TEST(got.bias == 1.0);
}

BOOST_AUTO_TEST_CASE(are_nan_without_replicates) {
  std::vector<double> none;
  const BootstrapSummary empty = summarize_bootstrap({.estimate = 1.0}, none, kAll, 0.95);
  BOOST_TEST(empty.num_replicates == 0);
  BOOST_TEST(std::isnan(empty.mean));
  BOOST_TEST(std::isnan(empty.sd));
  for (const Interval& interval : empty.intervals)
    BOOST_TEST(std::isnan(interval.low));

  std::vector<double> one = {3.0};
  const BootstrapSummary single = summarize_bootstrap({.estimate = 1.0}, one, kAll, 0.95);
  BOOST_TEST(single.bias == 2.0);
  BOOST_TEST(std::isnan(single.sd));
  for (const Interval& interval : single.intervals)
    BOOST_TEST(std::isnan(interval.high));
}

BOOST_AUTO_TEST_CASE(have_the_names_of_boot_ci) {
  for (const IntervalType type : kAll) {
    BOOST_TEST((merit::interval_type(merit::name(type)) == type));
  }
  BOOST_TEST(!merit::interval_type("bcanon"));
}

BOOST_AUTO_TEST_SUITE_END()
