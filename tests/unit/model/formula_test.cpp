// SPDX-License-Identifier: MIT
#include "engine/model/formula.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/support/mentions.hpp"

namespace {

using merit::Formula;
using merit::UsageError;
using merit::testing::mentions;

// Terms as R labels them, "1" first if there is an intercept.
std::string terms(const std::string& right_side) {
  const Formula formula = merit::parse_formula("y ~ " + right_side + " + (1 | g)");
  std::string text = formula.has_intercept ? "1" : "0";
  for (const Formula::Term& term : formula.terms) {
    std::vector<std::string> names;
    for (const std::size_t i : term)
      names.push_back(merit::deparse(formula.variables[i]));
    text += fmt::format(" {}", fmt::join(names, ":"));
  }
  return text;
}

void refused(const std::string& text, std::vector<std::string> parts) {
  BOOST_TEST_CONTEXT(text) {
    BOOST_CHECK_EXCEPTION(
        merit::parse_formula(text), UsageError, mentions(std::move(parts)));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(formula)

// R 4.2.2: attr(terms(y ~ ...), "term.labels") and "intercept".
BOOST_AUTO_TEST_CASE(terms_are_r_s) {
  BOOST_TEST(terms("1") == "1");
  BOOST_TEST(terms("a + b") == "1 a b");
  BOOST_TEST(terms("a * b") == "1 a b a:b");
  BOOST_TEST(terms("a:b + a") == "1 a a:b");
  BOOST_TEST(terms("b:a + a:b") == "1 b:a");
  BOOST_TEST(terms("a + b + a") == "1 a b");
  BOOST_TEST(terms("(a + b + c)^2") == "1 a b c a:b a:c b:c");
  BOOST_TEST(terms("(a + b)^3") == "1 a b a:b");
  BOOST_TEST(terms("a * b * c - a:b:c") == "1 a b c a:b a:c b:c");
  BOOST_TEST(terms("a / b") == "1 a a:b");
  BOOST_TEST(terms("(a + b) / c") == "1 a b a:b:c");
  BOOST_TEST(terms("a - a") == "1");
  BOOST_TEST(terms("a * b - b") == "1 a a:b");
  BOOST_TEST(terms("0 + a") == "0 a");
  BOOST_TEST(terms("a - 1") == "0 a");
  BOOST_TEST(terms("a + -1") == "0 a");
  BOOST_TEST(terms("-1 + a") == "0 a");
  BOOST_TEST(terms("a + 0 + 1") == "1 a");
  BOOST_TEST(terms("a - 0") == "1 a");
  BOOST_TEST(terms("a - (1 + b)") == "0 a");
  BOOST_TEST(terms("(a)") == "1 a");
  BOOST_TEST(terms("log( x )+I( x^2 )") == "1 log(x) I(x^2)");
  BOOST_TEST(terms("factor(w) * x") == "1 factor(w) x factor(w):x");
}

BOOST_AUTO_TEST_CASE(response_group_and_offsets) {
  const Formula formula = merit::parse_formula(
      "log(y) ~ offset(log(e)) + x + (1 | `the school`) + offset(2 * z)");
  BOOST_TEST(merit::deparse(formula.response) == "log(y)");
  BOOST_TEST(formula.group == "the school");
  BOOST_REQUIRE_EQUAL(formula.offsets.size(), 2U);
  BOOST_TEST(merit::deparse(formula.offsets[0]) == "log(e)");
  BOOST_TEST(merit::deparse(formula.offsets[1]) == "2 * z");
  BOOST_TEST(formula.terms.size() == 1U);
}

BOOST_AUTO_TEST_CASE(cbind_is_a_response) {
  const Formula formula = merit::parse_formula("cbind(events, nonevents) ~ x + (1 | g)");
  BOOST_TEST(merit::deparse(formula.response) == "cbind(events, nonevents)");
}

BOOST_AUTO_TEST_CASE(the_random_intercept_may_stand_anywhere_in_the_sum) {
  BOOST_TEST(merit::parse_formula("y ~ (1 | g) + x").group == "g");
  BOOST_TEST(merit::parse_formula("y ~ (1 | g)").terms.empty());
  BOOST_TEST(merit::parse_formula("y ~ x + ((1 | g) + z)").terms.size() == 2U);
}

BOOST_AUTO_TEST_CASE(other_random_terms_are_refused_with_advice) {
  refused("y ~ x", {"no random intercept", "(1 | group)"});
  refused("y ~ x + (x | g)", {"(x | g) is a random slope", "write (1 | g)", "keep x"});
  refused("y ~ x + (1 + x | g)", {"random slope", "write (1 | g)", "keep x"});
  refused("y ~ x + (0 + x | g)", {"random slope", "write (1 | g)"});
  refused("y ~ x + (0 | g)", {"random intercepts only", "write (1 | g)"});
  refused("y ~ x + (1 | g) + (1 | h)", {"(1 | h) is a second random term", "factor(h)"});
  refused("y ~ x + (1 | g) + (1 | g)", {"(1 | g) is there twice"});
  refused("y ~ x + (1 | g/h)", {"two nested random terms", "write (1 | g)"});
  refused("y ~ x + (1 | g:h)", {"combination", "make one column"});
  refused("y ~ x + (1 | g + h)", {"several random terms"});
  refused("y ~ x + (1 || g)", {"'||'", "write (1 | g)"});
  refused("y ~ x + (x || g)", {"'||'", "write (1 | g)"});
  refused("y ~ x + 1 | g", {"stands in parentheses"});
  refused("y ~ x + (1 | factor(g))", {"without factor()"});
  refused("y ~ x + (1 | log(g))", {"must name one column"});
  refused("y ~ x * (1 | g)", {"is added to the other terms"});
  refused("y ~ x - (1 | g)", {"is added to the other terms"});
  refused("y ~ x > 0 + (1 | g)", {"'>' takes in the random intercept", "I(...)"});
}

BOOST_AUTO_TEST_CASE(malformed_formulas_say_what_is_wrong) {
  refused("", {"formula", "empty"});
  refused("y", {"'~'", "y ~ x + (1 | school)"});
  refused("y + x", {"'~'"});
  refused("~ x + (1 | g)", {"no response"});
  refused("y ~ x ~ z + (1 | g)", {"one '~'"});
  refused("1 ~ x + (1 | g)", {"the response names no column"});
  refused("y ~ . + (1 | g)", {"'.'", "name the columns"});
  refused("y ~ y + x + (1 | g)", {"response y stands on both sides"});
  refused("y ~ x + 2 + (1 | g)", {"2 is no term", "I(2 * x)", "        ^"});
  refused("y ~ 'x' + (1 | g)", {"\"x\" is no term"});
  refused("y ~ TRUE + (1 | g)", {"TRUE is no term"});
  refused("y ~ x^2 + (1 | g)", {"I(x^2)"});
  refused("y ~ (a + b)^z + (1 | g)", {"1 to 20 times"});
  refused("y ~ (a + b)^1.5 + (1 | g)", {"1 to 20 times"});
  refused("y ~ I(2) + (1 | g)", {"I(2) names no column"});
  refused("y ~ x:offset(z) + (1 | g)", {"an offset is added"});
  refused("y ~ x - offset(z) + (1 | g)", {"an offset is added"});
  refused("y ~ a %in% b + (1 | g)", {"I(x %in% c(...))", "a:b"});
  refused("y ~ 0 + (1 | g)", {"no fixed effects are left"});
  refused("y ~ x + ) + (1 | g)", {"expected a value, found ')'", "        ^"});
}

BOOST_AUTO_TEST_SUITE_END()
