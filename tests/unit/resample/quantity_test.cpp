// SPDX-License-Identifier: MIT
#include "engine/resample/quantity.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "engine/resample/summary_columns.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(quantity)

namespace {

const ParameterNames kGaussian{
    .terms = {"(Intercept)", "x", "I(x^2)", "a[1]", "age:sexfemale"}};
// β, τ, σ
constexpr std::array kRow = {2.0, -0.5, 0.25, 3.0, 4.0, 1.5, 2.0};

double value(const std::string& text, const ParameterNames& names = kGaussian) {
  return Quantity(text, names)(kRow);
}

/// The message of the refusal.
std::string refusal(const std::string& text, const ParameterNames& names = kGaussian) {
  try {
    Quantity(text, names);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

bool near(double a, double b) {
  return std::abs(a - b) <= 1e-15 * std::abs(b);
}

}  // namespace

// By hand.
BOOST_AUTO_TEST_CASE(values_are_those_of_arithmetic) {
  BOOST_TEST(value("b[x]") == -0.5);
  BOOST_TEST(value("b[(Intercept)] + 2*b[x]") == 1.0);
  BOOST_TEST(value("b[I(x^2)] / b[x]") == -0.5);
  BOOST_TEST(value("b[a[1]]") == 3.0);
  BOOST_TEST(value("b[age:sexfemale] - b[a[1]] - 1") == 0.0);
  BOOST_TEST(value("-b[x]^2") == -0.25);  // R's precedence
  BOOST_TEST(value("2^3^2") == 512.0);    // right to left
  BOOST_TEST(value("-(1 - 3) * +4") == 8.0);
  BOOST_TEST(value("tau^2 + sigma") == 4.25);
  BOOST_TEST(near(value("icc"), 2.25 / 6.25));
  BOOST_TEST(near(value("exp(b[x])"), std::exp(-0.5)));
  BOOST_TEST(near(value("log(abs(b[x]))"), std::log(0.5)));
  BOOST_TEST(value("sqrt(b[age:sexfemale])") == 2.0);
  BOOST_TEST(near(value("plogis(b[(Intercept)])"), 1.0 / (1.0 + std::exp(-2.0))));
}

BOOST_AUTO_TEST_CASE(icc_is_on_the_latent_scale_unless_gaussian) {
  const ParameterNames logit{.terms = {"a", "b", "c", "d", "e"},
                             .has_sigma = false,
                             .is_gaussian = false,
                             .latent_variance = 3.0};
  BOOST_TEST(near(value("icc", logit), 2.25 / 5.25));
  BOOST_TEST(refusal("sigma", logit).find("no residual sd sigma") != std::string::npos);
  // A quasi-likelihood's scale is no part of it.
  const ParameterNames scaled{.terms = {"a", "b", "c", "d", "e"},
                              .has_sigma = true,
                              .is_gaussian = false,
                              .latent_variance = 3.0};
  BOOST_TEST(near(value("icc", scaled), 2.25 / 5.25));
  const ParameterNames counts{.terms = {"a"}, .has_sigma = false, .is_gaussian = false};
  BOOST_TEST(refusal("icc", counts).find("no icc") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(undefined_and_infinite_values_are_nan) {
  for (const char* text : {"log(b[x])", "sqrt(b[x])", "1/(b[x] + 0.5)", "exp(1000)"})
    BOOST_TEST(std::isnan(value(text)), text);
}

BOOST_AUTO_TEST_CASE(refusals_name_the_place) {
  const auto points_at = [](const std::string& text, std::size_t position) {
    const std::string message = refusal(text);
    return message.starts_with("--quantity: ") &&
           message.ends_with("\n  " + text + "\n  " + std::string(position, ' ') + "^");
  };
  BOOST_TEST(points_at("b[x] +", 6));
  BOOST_TEST(points_at("1 + b[z]", 4));
  BOOST_TEST(points_at("2 * x", 4));
  BOOST_TEST(points_at("1 + b[x", 5));
  BOOST_TEST(points_at("sin(tau)", 0));
  BOOST_TEST(points_at("tau < 1", 4));
  BOOST_TEST(points_at("exp(1, 2)", 0));
  BOOST_TEST(refusal("b[I(x^3)]").find("I(x^2)") != std::string::npos);  // did you mean
}

// Rows with estimates, without, and with a quantity or a standard error that does not exist.
BOOST_AUTO_TEST_CASE(columns_are_estimates_quantities_and_studentised) {
  const ParameterNames names{.terms = {"x"}};
  const SummaryColumns columns{
      .num_estimates = 3,
      .num_std_errors = 1,
      .quantities = {Quantity("log(b[x])", names), Quantity("tau/sigma", names)},
      .studentised = {{.estimate = 0, .std_error = 0, .original = 1.0}}};
  const double nan = std::nan("");
  const std::vector<double> estimates = {1.0, 2.0, 4.0, nan, nan, nan, -1.0, 1.0, 1.0};
  const std::vector<double> std_errors = {0.5, nan, 0.0};
  const std::vector<std::uint8_t> status = {0, 3, 1};
  std::vector<double> memory;
  const auto values = columns.values(estimates, std_errors, status, memory);
  BOOST_TEST_REQUIRE(values.size() == 18U);
  BOOST_TEST(values[0] == 1.0);
  BOOST_TEST(values[3] == 0.0);
  BOOST_TEST(values[4] == 0.5);
  BOOST_TEST(values[5] == 0.0);
  for (std::size_t k = 6; k < 12; ++k)
    BOOST_TEST(std::isnan(values[k]));
  BOOST_TEST(values[12] == -1.0);
  BOOST_TEST(std::isnan(values[15]));
  BOOST_TEST(values[16] == 1.0);
  BOOST_TEST(std::isnan(values[17]));  // (−1 − 1)/0
  // On the scale of the logarithm: log(2/1)/(0.5/2), and nothing below 0.
  const SummaryColumns logarithmic{
      .num_estimates = 1,
      .num_std_errors = 1,
      .studentised = {
          {.estimate = 0, .std_error = 0, .original = 1.0, .log_scale = true}}};
  const std::vector<double> positive_and_not = {2.0, 0.0}, errors = {0.5, 0.5};
  const auto logs = logarithmic.values(
      positive_and_not, errors, std::vector<std::uint8_t>{0, 1}, memory);
  BOOST_TEST(std::abs(logs[1] - 4.0 * std::log(2.0)) < 1e-14);
  BOOST_TEST(std::isnan(logs[3]));
  // Nothing to compute: the rows themselves.
  BOOST_TEST(SummaryColumns{}.values(estimates, {}, status, memory).data() ==
             estimates.data());
}

BOOST_AUTO_TEST_SUITE_END()
