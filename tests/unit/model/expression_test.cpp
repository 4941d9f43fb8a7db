// SPDX-License-Identifier: MIT
#include "engine/model/expression.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/support/mentions.hpp"

namespace {

using merit::UsageError;
using merit::testing::mentions;

merit::Expression parse(const std::string& text) {
  return merit::parse_expression({"--where", text});
}

std::string again(const std::string& text) {
  return merit::deparse(parse(text));
}

// With every operator in parentheses, to see what binds to what.
std::string grouped(const merit::Expression& e) {
  if (e.kind != merit::Expression::Kind::call) return merit::deparse(e);
  if (e.word == "(") return grouped(e.args[0]);
  if (e.args.size() == 1) return fmt::format("({}{})", e.word, grouped(e.args[0]));
  return fmt::format("({}{}{})", grouped(e.args[0]), e.word, grouped(e.args[1]));
}

std::string grouped(const std::string& text) {
  return grouped(parse(text));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(expression)

// R 4.2.2: deparse(quote(...))
BOOST_AUTO_TEST_CASE(deparse_spaces_as_r_does) {
  BOOST_TEST(again("I( x*1e5 )") == "I(x * 1e+05)");
  BOOST_TEST(again("`my var`+1") == "`my var` + 1");
  BOOST_TEST(again("-x ^ 2") == "-x^2");
  BOOST_TEST(again("(-x)^2") == "(-x)^2");
  BOOST_TEST(again("!a&b") == "!a & b");
  BOOST_TEST(again("!(a&b)") == "!(a & b)");
  BOOST_TEST(again("a%in%c('u\"v','w')") == "a %in% c(\"u\\\"v\", \"w\")");
  BOOST_TEST(again("x / y*z") == "x/y * z");
  BOOST_TEST(again("f(x,2L)") == "f(x, 2L)");
  BOOST_TEST(again("x>=-1") == "x >= -1");
  BOOST_TEST(again("a||b") == "a || b");
  BOOST_TEST(again("a : b") == "a:b");
  BOOST_TEST(again("x==TRUE") == "x == TRUE");
  BOOST_TEST(again("x<Inf") == "x < Inf");
  BOOST_TEST(again(".5*x") == "0.5 * x");
  BOOST_TEST(again("y~x") == "y ~ x");
}

// R 4.2.2: ?Syntax, checked with as.list(quote(...)).
BOOST_AUTO_TEST_CASE(precedence_is_r_s) {
  BOOST_TEST(grouped("a + b * c ^ d") == "(a+(b*(c^d)))");
  BOOST_TEST(grouped("a - b - c") == "((a-b)-c)");
  BOOST_TEST(grouped("a ^ b ^ c") == "(a^(b^c))");
  BOOST_TEST(grouped("-a^2") == "(-(a^2))");
  BOOST_TEST(grouped("2^-a + b") == "((2^(-a))+b)");
  BOOST_TEST(grouped("-a:b") == "((-a):b)");
  BOOST_TEST(grouped("a:b*c") == "((a:b)*c)");
  BOOST_TEST(grouped("-a * b") == "((-a)*b)");
  BOOST_TEST(grouped("!a == b & c") == "((!(a==b))&c)");
  BOOST_TEST(grouped("a & b | c & d") == "((a&b)|(c&d))");
  BOOST_TEST(grouped("a | b || c") == "((a|b)||c)");
  BOOST_TEST(grouped("a * b %in% d") == "(a*(b%in%d))");
  BOOST_TEST(grouped("y ~ x + 1 | g") == "(y~((x+1)|g))");
  BOOST_TEST(grouped("a * (b + c)") == "(a*(b+c))");
  BOOST_TEST(grouped("a < -3") == "(a<(-3))");
}

BOOST_AUTO_TEST_CASE(names_numbers_and_texts) {
  BOOST_TEST(parse("1e-3").value == 1e-3);
  BOOST_TEST(parse("0.1").value == 0.1);
  BOOST_TEST(parse("\"a\\\"b\"").word == "a\"b");
  BOOST_TEST(parse("x.1_b").word == "x.1_b");
  BOOST_TEST(parse("`TRUE`").word == "TRUE");
  BOOST_TEST((parse("`TRUE`").kind == merit::Expression::Kind::name));
  const std::vector<std::string> expected = {"x", "my var", "g"};
  BOOST_TEST(merit::names_in(parse("log(x) + `my var` * x == g")) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(malformed_text_is_refused_with_its_place) {
  const auto refused = [](const std::string& text, std::vector<std::string> parts) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_CHECK_EXCEPTION(parse(text), UsageError, mentions(std::move(parts)));
    }
  };
  refused("", {"--where", "empty"});
  refused("   ", {"--where", "empty"});
  refused("wave ==", {"expected a value, found the end", "         ^"});
  refused("wave = 2019", {"found '='", "== compares", "       ^"});
  refused("(a + b", {"')'", "'(' at character 1", "found the end"});
  refused("a + b)", {"expected an operator or the end, found ')'"});
  refused("a b", {"found 'b'"});
  refused("a \"b\"", {"found the text \"b\""});
  refused("1 < x < 3", {"do not chain", "1 < x & x < 3"});
  refused("x == 'abc", {"never closed"});
  refused("``", {"empty name"});
  refused("2nd == 1", {"cannot begin with a digit", "`2nd wave`"});
  refused("x == 1e999", {"range of a double"});
  refused("x == NA", {"NA", "is.na(x)"});
  refused("x $ y", {"'$'", "begins no"});
  refused("x %% 2", {"found '%%'"});
  refused("`f`(x)", {"backquotes"});
  refused("f(x,)", {"expected a value, found ')'"});
  refused("+", {"expected a value, found the end"});
  refused(std::string(4000, '('), {"nested too deeply"});
  refused(std::string(4000, '!') + "x", {"nested too deeply"});
  std::string sum = "x";
  for (int i = 0; i < 3000; ++i)
    sum += "+x";
  refused(sum, {"more than 5000 words"});
}

BOOST_AUTO_TEST_SUITE_END()
