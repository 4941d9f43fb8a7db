// SPDX-License-Identifier: MIT
#include "engine/study/imputations.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace merit;

BOOST_AUTO_TEST_SUITE(imputations)

namespace {

AnalysisResult fit_of(double estimate, double std_error, double df) {
  AnalysisResult fit;
  fit.converged = true;
  fit.terms.push_back({.effect = "fixed",
                       .term = "x",
                       .estimate = estimate,
                       .std_error = std_error,
                       .df = df});
  return fit;
}

}  // namespace

// Means of Oxygen and their standard errors in imputations 1 to 5 of the fitness data, of 31 men:
// SAS/STAT 14.1 User's Guide, The MIANALYZE Procedure, Example 76.1. Its formulas give B =
// 0.041470, W = 0.930854, T = 0.980619 and 26.2987 degrees of freedom.
BOOST_AUTO_TEST_CASE(a_published_example) {
  const double mean[] = {47.0120, 47.2407, 47.4995, 47.1485, 47.0042};
  const double error[] = {0.95984, 0.93540, 1.00766, 0.95439, 0.96528};
  std::vector<AnalysisResult> fits;
  for (int i = 0; i < 5; ++i)
    fits.push_back(fit_of(mean[i], error[i], 30.0));
  const AnalysisResult pooled = pool(fits, 0.95);
  const AnalysisTerm& row = pooled.terms.front();
  BOOST_TEST(row.estimate == 47.18098, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(row.std_error == 0.9902619000749244, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(row.df == 26.29867937491618, boost::test_tools::tolerance(1e-12));
  // ± t(0.975; 26.29868) = 2.0544 standard errors (R's qt).
  BOOST_TEST(row.conf_high - row.estimate == 2.0544 * row.std_error,
             boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(imputations_that_do_not_differ_add_nothing) {
  const double infinite = AnalysisTerm::kNone;  // tested by the normal distribution
  const std::vector<AnalysisResult> fits(3, fit_of(2.0, 0.5, infinite));
  const AnalysisTerm row = pool(fits, 0.95).terms.front();
  BOOST_TEST(row.estimate == 2.0);
  BOOST_TEST(row.std_error == 0.5);
  BOOST_TEST(std::isnan(row.df));
  BOOST_TEST(row.fmi == 0.0);
  BOOST_TEST(row.conf_high == 2.0 + 0.5 * 1.959963984540054,
             boost::test_tools::tolerance(1e-12));
}

// By hand, with m = 3: (1 + 1/m)B has the diagonal 0.16/3 twice, so r = (4/3 + 16/27)/2 = 26/27,
// F = (1/0.04 + 4/0.09)/(2(1 + r)) and t = 4, ν = 3 (1 + 1/r)². p is scipy's f.sf(F, 2, ν).
// The other two tests are of one coefficient each, which is t².
BOOST_AUTO_TEST_CASE(tests_of_several_coefficients_are_pooled) {
  std::vector<AnalysisResult> fits;
  for (const double move : {0.0, 0.2, -0.2}) {
    AnalysisResult fit = fit_of(1.0 + move, 0.2, AnalysisTerm::kNone);
    fit.terms.push_back(
        {.effect = "fixed", .term = "z", .estimate = 2.0 - move, .std_error = 0.3});
    fit.terms.push_back({.effect = "equality", .term = "both", .tested = {"x", "z"}});
    fit.terms.push_back({.effect = "equality", .term = "one", .tested = {"z"}});
    fit.terms.push_back({.effect = "equality", .term = "gone", .tested = {"z", "w"}});
    fit.vcov = Eigen::Vector2d(0.04, 0.09).asDiagonal();
    fits.push_back(unpack_analysis(pack(fit)));
  }
  const AnalysisResult pooled = pool(fits, 0.95);
  const auto near = [](double a, double b) { return std::abs(a / b - 1.0) < 1e-12; };
  const double r = 26.0 / 27.0;
  const AnalysisTerm& both = *pooled.find("both");
  BOOST_TEST(near(both.statistic, (25.0 + 400.0 / 9.0) / (2.0 * (1.0 + r))));
  BOOST_TEST(near(both.df, 3.0 * (1.0 + 1.0 / r) * (1.0 + 1.0 / r)));
  BOOST_TEST(std::abs(both.p_value / 0.00022873986972917184 - 1.0) < 1e-9);
  const double t = pooled.find("z")->statistic;
  BOOST_TEST(near(pooled.find("one")->statistic, t * t));
  BOOST_TEST(pooled.find("gone") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_failed_fit_fails_the_whole) {
  std::vector<AnalysisResult> fits(3, fit_of(2.0, 0.5, 9.0));
  fits[1].failure = "no rows";
  const AnalysisResult pooled = pool(fits, 0.95);
  BOOST_TEST(pooled.failure == "imputation 2: no rows");
  BOOST_TEST(pooled.terms.empty());
}

BOOST_AUTO_TEST_CASE(what_a_fit_remarks_is_kept) {
  std::vector<AnalysisResult> fits(2, fit_of(2.0, 0.5, 9.0));
  fits[1].boundary = true;
  fits[1].converged = false;
  fits[1].message = "boundary fit";
  const AnalysisResult pooled = pool(fits, 0.95);
  BOOST_TEST(pooled.boundary);
  BOOST_TEST(!pooled.converged);
  BOOST_TEST(pooled.message == "imputation 2: boundary fit");
}

BOOST_AUTO_TEST_SUITE_END()
