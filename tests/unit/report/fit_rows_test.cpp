// SPDX-License-Identifier: MIT
#include "engine/report/fit_rows.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

#include "tests/unit/report/example_report.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(fit_rows)

namespace {

/// The references print 15 digits and come from an optimum good to about 1e-7.
bool near(double a, double b, double relative = 1e-12) {
  return std::abs(a - b) <= relative * std::abs(b);
}

}  // namespace

// broom.mixed 0.2.9.4, tidy(m, conf.int = TRUE); p = 2 * pnorm(-|statistic|).
BOOST_AUTO_TEST_CASE(wald_rows_are_those_of_broom_mixed) {
  const std::vector<TidyRow> rows = example::sleepstudy_rows();
  BOOST_TEST_REQUIRE(rows.size() == 4U);
  BOOST_TEST(rows[0].effect == "fixed");
  BOOST_TEST(rows[0].group.empty());
  BOOST_TEST(rows[0].term == "(Intercept)");
  BOOST_TEST(near(*rows[0].std_error, 9.506185192886941));
  BOOST_TEST(near(*rows[0].statistic, 26.4464766620158));
  BOOST_TEST(near(*rows[0].conf_low, 232.77332424005809));
  BOOST_TEST(near(*rows[0].conf_high, 270.0368854569108));
  BOOST_TEST(near(*rows[0].p_value, 4.00563219740731e-154, 1e-10));
  BOOST_TEST(!rows[0].df);
  BOOST_TEST(rows[0].conf_type == "wald");
  BOOST_TEST(near(*rows[1].statistic, 13.0557858326004));
  BOOST_TEST(near(*rows[1].p_value, 5.88991154421855e-39, 1e-10));

  BOOST_TEST(rows[2].effect == "ran_pars");
  BOOST_TEST(rows[2].group == "Subject");
  BOOST_TEST(rows[2].term == "sd__(Intercept)");
  BOOST_TEST(*rows[2].estimate == 36.012081937762325);
  BOOST_TEST(!rows[2].std_error);
  BOOST_TEST(!rows[2].conf_low);
  BOOST_TEST(rows[2].conf_type.empty());
  BOOST_TEST(rows[3].group == "Residual");
  BOOST_TEST(rows[3].term == "sd__Observation");
}

// R 4.2.2: b + c(-1, 1) * qt(.975, 178) * se and 2 * pt(-b / se, 178).
BOOST_AUTO_TEST_CASE(residual_df_uses_t) {
  const std::vector<TidyRow> rows =
      fixed_effect_rows(example::sleepstudy_ml(),
                        example::sleepstudy_terms(),
                        example::with_df(example::sleepstudy_ml(), 178.0));
  BOOST_TEST(*rows[0].df == 178.0);
  BOOST_TEST(near(*rows[0].p_value, 1.46833052405334e-63, 1e-10));
  BOOST_TEST(near(*rows[1].p_value, 9.23401213118217e-28, 1e-10));
  BOOST_TEST(near(*rows[1].conf_low, 8.8851566008205));
  BOOST_TEST(near(*rows[1].conf_high, 12.0494153183715));
}

// broom.mixed, tidy(lmer(Yield ~ 1 + (1 | Batch), Dyestuff), "ran_vals", conf.int = TRUE).
BOOST_AUTO_TEST_CASE(group_modes_have_normal_intervals) {
  GroupModes modes;
  modes.mode = Eigen::Vector2d(-17.606851366879045, 56.733187737717820);
  modes.sd = Eigen::Vector2d::Constant(19.5865700901945);
  const std::vector<std::string> levels = {"A", "E"};
  const std::vector<TidyRow> rows = group_mode_rows(modes, "Batch", levels);
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  BOOST_TEST(rows[1].effect == "ran_vals");
  BOOST_TEST(rows[1].group == "Batch");
  BOOST_TEST(rows[1].level == "E");
  BOOST_TEST(rows[1].term == "(Intercept)");
  BOOST_TEST(near(*rows[0].conf_low, -55.99582332432968));
  BOOST_TEST(near(*rows[1].conf_high, 95.12215969516845));
  BOOST_TEST(!rows[1].p_value);
}

// broom.mixed, glance(m); lme4, df.residual(m).
BOOST_AUTO_TEST_CASE(glance_is_that_of_broom_mixed) {
  const Glance g = glance(example::sleepstudy_ml(), 180, 18);
  BOOST_TEST(near(g.log_likelihood, -897.039321502613));
  BOOST_TEST(near(g.deviance, 1794.07864300523));
  BOOST_TEST(near(g.aic, 1802.07864300523));
  BOOST_TEST(near(g.bic, 1814.85047040879));
  BOOST_TEST(near(g.sigma.value(), 30.8954338733111));
  BOOST_TEST(g.df_residual == 176);
  BOOST_TEST(near(g.icc.value(),
                  36.012081937762325 * 36.012081937762325 /
                      (36.012081937762325 * 36.012081937762325 +
                       30.895433873311099 * 30.895433873311099)));
}

// The same call for a REML fit counts parameters and rows alike: Dyestuff, AIC
// 325.654276842257, BIC 329.857868987244, df.residual 27.
BOOST_AUTO_TEST_CASE(reml_counts_all_parameters_and_rows) {
  FitResult fit;
  fit.beta = Eigen::VectorXd::Constant(1, 1527.5);
  fit.log_likelihood = -159.827138421129;
  const Glance g = glance(fit, 30, 6);
  BOOST_TEST(near(g.deviance, 319.654276842257, 1e-11));
  BOOST_TEST(near(g.aic, 325.654276842257, 1e-11));
  BOOST_TEST(near(g.bic, 329.857868987244, 1e-11));
  BOOST_TEST(g.df_residual == 27);
}

BOOST_AUTO_TEST_CASE(a_coefficient_without_standard_error_has_no_inference) {
  FitResult fit = example::sleepstudy_ml();
  fit.vcov(1, 1) = 0.0;
  const std::vector<TidyRow> rows =
      fixed_effect_rows(fit, example::sleepstudy_terms(), normal_inference(fit));
  BOOST_TEST(!rows[1].statistic);
  BOOST_TEST(!rows[1].conf_low);
  BOOST_TEST(rows[1].conf_type.empty());
}

BOOST_AUTO_TEST_CASE(groups_are_described_by_their_sizes) {
  const GroupInfo even = describe_groups("g", {7, 1, 4, 2});
  BOOST_TEST(even.count == 4);
  BOOST_TEST(even.min == 1);
  BOOST_TEST(even.median == 3.0);
  BOOST_TEST(even.max == 7);
  BOOST_TEST(describe_groups("g", {5, 1, 2}).median == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()
