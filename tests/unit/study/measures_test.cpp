// SPDX-License-Identifier: MIT
#include "engine/study/measures.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace merit {
namespace {

BOOST_AUTO_TEST_SUITE(measures, *boost::unit_test::tolerance(1e-14))

const std::vector<double> kEstimates = {1.0, 2.0, 4.0, 5.0};
const std::vector<double> kStdErrors = {1.0, 1.0, 2.0, 2.0};
const std::vector<double> kCritical(4, 1.4);

// By hand, θ = 2: mean 3, S² = 10/3; (θ̂ − θ)² = 1, 0, 4, 9; s² = 1, 1, 4, 4 with mean 5/2
// and variance 3; half widths 1.4, 1.4, 2.8, 2.8.
BOOST_AUTO_TEST_CASE(four_repetitions_by_hand) {
  const Measures m = measure(2.0, kEstimates, kStdErrors, kCritical);
  BOOST_TEST(m.num_estimates == 4);
  BOOST_TEST(m.bias.value == 1.0);
  BOOST_TEST(m.bias.mcse == std::sqrt(10.0 / 12.0));
  BOOST_TEST(m.rbias.value == 0.5);
  BOOST_TEST(m.rbias.mcse == std::sqrt(10.0 / 48.0));
  BOOST_TEST(m.empse.value == std::sqrt(10.0 / 3.0));
  BOOST_TEST(m.empse.mcse == std::sqrt(10.0 / 18.0));
  BOOST_TEST(m.mse.value == 3.5);
  BOOST_TEST(m.mse.mcse == std::sqrt(49.0 / 12.0));  // 49 = Σ((θ̂ − θ)² − 3.5)²
  BOOST_TEST(m.rmse.value == std::sqrt(3.5));
  BOOST_TEST(m.rmse.mcse == std::sqrt(49.0 / 12.0 / 14.0));
  BOOST_TEST(m.modelse.value == std::sqrt(2.5));
  BOOST_TEST(m.modelse.mcse == std::sqrt(3.0 / (16.0 * 2.5)));
  BOOST_TEST(m.relerror.value == 100.0 * (std::sqrt(0.75) - 1.0));
  BOOST_TEST(m.relerror.mcse ==
             100.0 * std::sqrt(0.75 * (3.0 / (16.0 * 6.25) + 1.0 / 6.0)));
  BOOST_TEST(m.coverage.value == 0.75);  // |3| > 2.8 is outside
  BOOST_TEST(m.coverage.mcse == std::sqrt(0.75 * 0.25 / 4.0));
  BOOST_TEST(m.rej_rate.value == 0.75);  // |1| ≤ 1.4 is not rejected
  BOOST_TEST(m.width.value == 4.2);
  BOOST_TEST(m.width.mcse == std::sqrt(4.0 * 1.96 / 3.0 / 4.0));
}

BOOST_AUTO_TEST_CASE(what_has_no_meaning_is_not_a_number) {
  const Measures none = measure(2.0, {}, {}, {});
  BOOST_TEST(none.num_estimates == 0);
  BOOST_TEST(std::isnan(none.bias.value));
  BOOST_TEST(std::isnan(none.coverage.value));

  const Measures no_truth = measure(0.0, kEstimates, {}, {});
  BOOST_TEST(no_truth.bias.value == 3.0);
  BOOST_TEST(std::isnan(no_truth.rbias.value));
  BOOST_TEST(std::isnan(no_truth.modelse.value));

  const std::vector<double> single = {2.5};
  const Measures one = measure(2.0, single, single, single);
  BOOST_TEST(one.bias.value == 0.5);
  BOOST_TEST(std::isnan(one.bias.mcse));
  BOOST_TEST(one.coverage.value == 1.0);
}

// By hand, θ = 2: [0, 3] and [1, 2] cover it, [3, 5] and [2.5, ∞) do not; 0 lies in the first alone,
// at its end; widths 3, 1, 2 and ∞, or 3, 1, 2 and 4.
BOOST_AUTO_TEST_CASE(intervals_as_they_are) {
  const std::vector<Ends> ends = {{0.0, 3.0}, {1.0, 2.0}, {3.0, 5.0}, {2.5, 6.5}};
  const Measures m = measure_intervals(2.0, kEstimates, kStdErrors, ends);
  const Measures wald = measure(2.0, kEstimates, kStdErrors, kCritical);
  BOOST_TEST(m.bias.value == wald.bias.value);
  BOOST_TEST(m.relerror.value == wald.relerror.value);
  BOOST_TEST(m.coverage.value == 0.5);
  BOOST_TEST(m.coverage.mcse == 0.25);
  BOOST_TEST(m.rej_rate.value == 0.75);
  BOOST_TEST(m.width.value == 2.5);
  BOOST_TEST(m.width.mcse == std::sqrt(5.0 / 3.0 / 4.0));

  std::vector<Ends> open = ends;
  open.back().high = std::numeric_limits<double>::infinity();
  BOOST_TEST(std::isinf(measure_intervals(2.0, kEstimates, {}, open).width.value));
  BOOST_TEST(std::isnan(measure_intervals(2.0, kEstimates, {}, open).modelse.value));
}

// The mean comes first, so that nothing is lost to a common offset.
BOOST_AUTO_TEST_CASE(a_large_truth_costs_no_digits) {
  std::vector<double> shifted = kEstimates;
  for (double& value : shifted)
    value += 1e9;
  const Measures m = measure(1e9 + 2.0, shifted, kStdErrors, kCritical);
  BOOST_TEST(m.empse.value == std::sqrt(10.0 / 3.0));
  BOOST_TEST(m.mse.value == 3.5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace merit
