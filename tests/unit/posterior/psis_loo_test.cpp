// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/posterior/leave_one_out.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(psis_loo)

namespace {

constexpr int kUnits = 4;
constexpr std::int64_t kPerChain = 500;

/// The log-likelihoods of reference/leave_one_out.R.
std::vector<double> log_likelihoods(int unit) {
  constexpr double kA[] = {0.0, 1.0, 3.0, 6.0}, kB[] = {0.1, 0.2, 0.25, 0.03};
  std::vector<double> out;
  double state = 1.0, x = 0.0;
  for (int s = 0; s < 1000; ++s) {
    state = std::fmod(16807.0 * state, 2147483647.0);
    const double u = state / 2147483647.0;
    x = 0.5 * x + std::log(u / (1.0 - u));
    const double away = kA[unit] - kB[unit] * x;
    out.push_back(-0.5 * away * away);
  }
  return out;
}

std::vector<LeftOut> left_out(bool independent) {
  std::vector<LeftOut> out;
  for (int unit = 0; unit < kUnits; ++unit)
    out.push_back(leave_one_out(log_likelihoods(unit), kPerChain, independent));
  return out;
}

struct Expected {
  double elpd, p, mcse, k;
};

void check(const std::vector<LeftOut>& found, const Expected (&expected)[kUnits]) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    BOOST_TEST_CONTEXT("unit " << i) {
      BOOST_TEST(found[i].elpd_loo == expected[i].elpd,
                 boost::test_tools::tolerance(1e-9));
      BOOST_TEST(found[i].p_loo == expected[i].p, boost::test_tools::tolerance(1e-8));
      BOOST_TEST(found[i].mcse_elpd_loo == expected[i].mcse,
                 boost::test_tools::tolerance(1e-8));
      BOOST_TEST(found[i].pareto_k == expected[i].k, boost::test_tools::tolerance(1e-8));
    }
  }
}

}  // namespace

// Expected numbers here are R's loo 2.5.1's: reference/leave_one_out.R prints them.

BOOST_AUTO_TEST_CASE(as_loo_with_the_efficiency_of_the_draws) {
  check(
      left_out(false),
      {{-0.022790485071222, 0.0017223507673618, 0.0019834563815303, 0.42337413701890},
       {-0.766469631173236, 0.2513118107300052, 0.0656797185128278, 0.60972180252575},
       {-7.285676288233915, 3.5588407124504613, 0.6027599242819679, 1.23749268404878},
       {-18.090646947284760, 0.1446270314677953, 0.0239961781813367, 0.26936173835085}});
}

BOOST_AUTO_TEST_CASE(as_loo_with_independent_draws) {
  check(
      left_out(true),
      {{-0.022817500179746, 0.0017493658758863, 0.0015669199998578, 0.47025331242436},
       {-0.773443518462920, 0.2582856980196890, 0.0441483297754452, 0.75530893778754},
       {-7.523088890455529, 3.7962533146720761, 0.4958881225069951, 1.38943962899153},
       {-18.090468165586390, 0.1444482497694253, 0.0144108834514108, 0.40738198353851}});
}

BOOST_AUTO_TEST_CASE(sums_and_counts_as_loo) {
  const LeaveOneOut sum = sum_over_units("rows", left_out(false), 1000);
  const auto tolerance = boost::test_tools::tolerance(1e-9);
  BOOST_TEST(sum.elpd_loo.estimate == -26.1655833517631, tolerance);
  BOOST_TEST(sum.elpd_loo.std_error == 16.7244787867143, tolerance);
  BOOST_TEST(sum.p_loo.estimate == 3.9565019054156, tolerance);
  BOOST_TEST(sum.p_loo.std_error == 3.4323845852199, tolerance);
  BOOST_TEST(sum.elpd_waic.estimate == -25.3047247315383, tolerance);
  BOOST_TEST(sum.elpd_waic.std_error == 16.7007253416252, tolerance);
  BOOST_TEST(sum.p_waic.estimate == 3.0956432851908, tolerance);
  BOOST_TEST(sum.p_waic.std_error == 2.5962470860973, tolerance);
  BOOST_TEST(sum.count == kUnits);
  // 1 − 1/log₁₀ 1000 = 2/3; the k stand above.
  BOOST_TEST(sum.k_threshold == 2.0 / 3.0, tolerance);
  BOOST_TEST(sum.k_good == 3);
  BOOST_TEST(sum.k_bad == 0);
  BOOST_TEST(sum.k_very_bad == 1);
  BOOST_TEST(sum.largest_k == 1.23749268404878, tolerance);
  BOOST_TEST(sum.p_waic_large == 1);
  BOOST_TEST(std::isnan(sum.mcse_elpd_loo));
}

BOOST_AUTO_TEST_CASE(what_does_not_vary_or_is_not_finite) {
  // Every draw predicts the unit alike: leaving it out changes nothing.
  const LeftOut same = leave_one_out(std::vector<double>(400, -1.5), 100, false);
  BOOST_TEST(same.elpd_loo == -1.5);
  BOOST_TEST(same.p_loo == 0.0);
  BOOST_TEST(same.p_waic < 1e-20);
  BOOST_TEST(same.pareto_k < 0.0);
  std::vector<double> broken(400, -1.5);
  broken[7] = std::numeric_limits<double>::quiet_NaN();
  const LeftOut none = leave_one_out(broken, 100, false);
  BOOST_TEST(std::isnan(none.elpd_loo));
  BOOST_TEST(none.pareto_k == std::numeric_limits<double>::infinity());
}

BOOST_AUTO_TEST_SUITE_END()
