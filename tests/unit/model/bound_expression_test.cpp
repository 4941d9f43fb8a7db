// SPDX-License-Identifier: MIT
#include "engine/model/bound_expression.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

#include "tests/support/mentions.hpp"

namespace {

using merit::DataError;
using merit::UsageError;
using merit::testing::mentions;

constexpr double kNA = std::numeric_limits<double>::quiet_NaN();

// Four rows of x, sex, sat (ordered), wave, flag.
struct Rows {
  std::vector<std::vector<double>> columns = {{1.0, -2.0, kNA, 0.5},
                                              {0.0, 1.0, 1.0, kNA},
                                              {2.0, 0.0, 1.0, kNA},
                                              {0.0, 1.0, 0.0, 1.0},
                                              {1.0, 0.0, 1.0, kNA}};
  merit::Scope scope;

  Rows() {
    using enum merit::ValueType;
    scope.columns = {{"x", numeric, false, {}},
                     {"sex", categorical, false, {"female", "male"}},
                     {"sat", categorical, true, {"low", "mid", "high"}},
                     {"wave", categorical, false, {"2017", "2019"}},
                     {"flag", logical, false, {}}};
  }
};

merit::BoundExpression bind(const std::string& text, Rows& rows) {
  const merit::Source source = {"--where", text};
  return merit::bind(merit::parse_expression(source), source, rows.scope);
}

// Missing values as -99, to compare.
std::vector<double> values(const std::string& text) {
  Rows rows;
  const merit::BoundExpression bound = bind(text, rows);
  std::vector<const double*> slots;
  for (const auto& column : rows.columns)
    slots.push_back(column.data());
  const Eigen::ArrayXd result = merit::evaluate(bound, slots, 4);
  std::vector<double> shown;
  for (const double value : result)
    shown.push_back(std::isnan(value) ? -99.0 : value);
  return shown;
}

void check(const std::string& text, const std::vector<double>& expected) {
  BOOST_TEST_CONTEXT(text) {
    BOOST_TEST(values(text) == expected, boost::test_tools::per_element());
  }
}

constexpr double NA = -99.0;

}  // namespace

BOOST_AUTO_TEST_SUITE(bound_expression)

BOOST_AUTO_TEST_CASE(arithmetic_spreads_missing_values) {
  check("x * 2 + 1", {3, -3, NA, 2});
  check("-x^2", {-1, -4, NA, -0.25});
  check("abs(x) / 4", {0.25, 0.5, NA, 0.125});
  check("x^0", {1, 1, 1, 1});  // as R: NA^0 is 1
  check("sqrt(4) + flag", {3, 2, 3, NA});
}

// R 4.2.2: the same expressions on a data frame of these rows.
BOOST_AUTO_TEST_CASE(logic_has_three_values) {
  check("x > 0", {1, 0, NA, 1});
  check("x > 0 & flag", {1, 0, NA, NA});
  check("x < 0 & flag", {0, 0, NA, 0});
  check("x > 0 | flag", {1, 0, 1, 1});
  check("x > 0 || sex == 'male'", {1, 1, 1, 1});
  check("!flag", {0, 1, 0, NA});
  check("!x", {0, 0, NA, 0});
  check("is.na(x)", {0, 0, 1, 0});
  check("is.na(sex)", {0, 0, 0, 1});
  check("is.finite(1 / (x - 1))", {0, 1, 0, 1});
  check("x == TRUE", {1, 0, NA, 0});
  check("flag == TRUE", {1, 0, 1, NA});
  check("x < Inf", {1, 1, NA, 1});
}

BOOST_AUTO_TEST_CASE(categories_are_compared_by_text) {
  check("sex == 'male'", {0, 1, 1, NA});
  check("'male' != sex", {1, 0, 0, NA});
  check("(sex) == ('male')", {0, 1, 1, NA});
  check("wave == 2019", {0, 1, 0, 1});
  check("wave == \"2019\"", {0, 1, 0, 1});
  check("sex %in% c('male')", {0, 1, 1, 0});  // as R: NA is not in it
  check("!(sex %in% 'male')", {1, 0, 0, 1});
  check("wave %in% c(2017, 2019)", {1, 1, 1, 1});
  check("x %in% c(1, -2)", {1, 1, 0, 0});
  check("sat >= 'mid'", {1, 0, 1, NA});
  check("'mid' < sat", {1, 0, 0, NA});
}

BOOST_AUTO_TEST_CASE(unknown_levels_suggest_the_nearest) {
  Rows rows;
  BOOST_CHECK_EXCEPTION(
      bind("sex == 'mael'", rows),
      UsageError,
      mentions({"--where", "'sex' has no level 'mael'", "did you mean 'male'", "^"}));
  BOOST_CHECK_EXCEPTION(bind("wave == 2018", rows), UsageError, mentions({"'2018'"}));
  BOOST_CHECK_EXCEPTION(
      bind("wave %in% c(2017, -2)", rows), UsageError, mentions({"no level '-2'"}));
}

BOOST_AUTO_TEST_CASE(text_where_numbers_are_needed) {
  Rows rows;
  for (const char* text :
       {"log(sex)", "sex + 1", "-sex", "!sex", "sex == wave", "sex & flag"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_CHECK_EXCEPTION(bind(text, rows),
                            DataError,
                            mentions({"'sex' holds text", "'female', 'male'"}));
    }
  }
  BOOST_CHECK_EXCEPTION(bind("sex < 'male'", rows),
                        DataError,
                        mentions({"needs an order", "'sex'", "sex %in% c(...)"}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_computed_is_named) {
  Rows rows;
  const auto refused = [&](const std::string& text, std::vector<std::string> parts) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_CHECK_EXCEPTION(bind(text, rows), UsageError, mentions(std::move(parts)));
    }
  };
  refused("lgo(x) > 1", {"no function lgo()", "did you mean 'log'", "^"});
  refused("log(x, 2) > 1", {"log() takes one argument, found 2"});
  refused("log() > 1", {"log() takes one argument, found 0"});
  refused("x == 'a'",
          {"the text \"a\" is compared with numbers", "leave the quotes away"});
  refused("'a' == 'b'", {"two constants"});
  refused("x + 'a'", {"a text can only be compared"});
  refused("x %in% c(x, 2)", {"%in% lists constants"});
  refused("c(1, 2) == x", {"c(...) belongs on the right side of %in%"});
  refused("gmean(x) > 1", {"gmean()", "no place here"});
  refused("scale(x) > 1", {"scale()", "no place here"});
  refused("factor(x) == 1", {"factor", "by itself in a formula"});
  refused("x:flag", {":", "by itself in a formula"});
  refused("x ~ flag", {"~", "by itself in a formula"});
  BOOST_CHECK_EXCEPTION(bind("sec == 'male'", rows),
                        DataError,
                        mentions({"no 'sec'", "did you mean 'sex'"}));
}

BOOST_AUTO_TEST_SUITE_END()
