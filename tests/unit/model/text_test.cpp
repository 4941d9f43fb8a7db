// SPDX-License-Identifier: MIT
#include "engine/model/text.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(text)

// R 4.2.2: as.character(c(...))
BOOST_AUTO_TEST_CASE(numbers_are_written_as_r_writes_them) {
  using merit::format_number;
  BOOST_TEST(format_number(1e5) == "1e+05");
  BOOST_TEST(format_number(123456) == "123456");
  BOOST_TEST(format_number(0.1) == "0.1");
  BOOST_TEST(format_number(1.0 / 3.0) == "0.333333333333333");
  BOOST_TEST(format_number(1e-4) == "1e-04");
  BOOST_TEST(format_number(0.00012) == "0.00012");
  BOOST_TEST(format_number(123456789012.0) == "123456789012");
  BOOST_TEST(format_number(0.1 + 0.2) == "0.3");
  BOOST_TEST(format_number(-1.5) == "-1.5");
  BOOST_TEST(format_number(1e-300) == "1e-300");
  BOOST_TEST(format_number(100) == "100");
  BOOST_TEST(format_number(1234567.1) == "1234567.1");
  BOOST_TEST(format_number(300000.5) == "300000.5");
  BOOST_TEST(format_number(100001) == "100001");
  BOOST_TEST(format_number(-0.0) == "0");
  BOOST_TEST(format_number(INFINITY) == "Inf");
}

BOOST_AUTO_TEST_CASE(levels_and_labels) {
  BOOST_TEST(merit::level_text(100000) == "100000");
  BOOST_TEST(merit::level_text(-2) == "-2");
  BOOST_TEST(merit::level_text(0.1 + 0.2) == "0.3");
  BOOST_TEST(merit::shortest(2019.0) == "2019");
  BOOST_TEST(merit::shortest(0.1 + 0.2) == "0.30000000000000004");
}

BOOST_AUTO_TEST_CASE(nearest_name_counts_slips_of_the_fingers) {
  const std::vector<std::string> names = {"age", "regime", "sex", "Wave"};
  BOOST_TEST(merit::nearest_name("regmie", names) == "regime");  // swapped
  BOOST_TEST(merit::nearest_name("wave", names) == "Wave");      // case
  BOOST_TEST(merit::nearest_name("sax", names) == "sex");
  BOOST_TEST(merit::nearest_name("aeg", names) == "age");
  BOOST_TEST(merit::nearest_name("x", {}) == "");
  BOOST_TEST(merit::did_you_mean("sx", names) == ", did you mean 'sex'?");
  BOOST_TEST(merit::did_you_mean("sx", {}) == "");
}

BOOST_AUTO_TEST_CASE(where_no_name_is_near_all_are_listed) {
  const std::vector<std::string> names = {"age", "regime", "sex", "Wave"};
  BOOST_TEST(merit::did_you_mean("income", names) ==
             "; there are 'age', 'regime', 'sex', 'Wave'");
  BOOST_TEST(merit::did_you_mean("income", {"y"}) == "; there is only 'y'");
  const std::vector<std::string> many(12, "w");
  BOOST_TEST(merit::did_you_mean("income", many) ==
             "; there are 'w', 'w', 'w', 'w', 'w', 'w', 'w', 'w' and 4 more");
}

BOOST_AUTO_TEST_CASE(names_are_quoted_where_r_quotes_them) {
  BOOST_TEST(merit::quote_name("x_1.a") == "x_1.a");
  BOOST_TEST(merit::quote_name("my var") == "`my var`");
  BOOST_TEST(merit::quote_name("2nd") == "`2nd`");
  BOOST_TEST(merit::quote_name("_x") == "`_x`");
  BOOST_TEST(merit::quote_name(".2x") == "`.2x`");
  BOOST_TEST(merit::quote_name("TRUE") == "`TRUE`");
  BOOST_TEST(merit::quote_name("\u00e9cole") == "\u00e9cole");
}

BOOST_AUTO_TEST_CASE(an_error_points_at_its_place) {
  BOOST_TEST(
      std::string(merit::error_at({"formula", "y ~ x +"}, 7, "unfinished").what()) ==
      "formula: unfinished\n"
      "  y ~ x +\n"
      "         ^");
  // A character of two bytes is one column wide.
  BOOST_TEST(std::string(merit::error_at({"--where", "\u00e9 = 1"}, 3, "here").what()) ==
             "--where: here\n"
             "  \u00e9 = 1\n"
             "    ^");
}

BOOST_AUTO_TEST_CASE(a_long_text_is_shown_around_the_place) {
  const std::string longer = std::string(500, 'a') + "!" + std::string(500, 'b');
  const std::string message = merit::error_at({"formula", longer}, 500, "here").what();
  BOOST_TEST(message.size() < 200U);
  const std::size_t line = message.find("\n  ") + 1;
  const std::size_t caret_line = message.find('\n', line) + 1;
  BOOST_TEST(message.find('!') - line == message.find('^') - caret_line);
}

BOOST_AUTO_TEST_SUITE_END()
