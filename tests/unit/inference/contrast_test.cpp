// SPDX-License-Identifier: MIT
#include "engine/inference/contrast.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(contrast)

namespace {

const std::vector<std::string> kTerms = {"(Intercept)",
                                         "age",
                                         "sexfemale",
                                         "age:sexfemale",
                                         "I(age^2)",
                                         "x2",
                                         "1|2",
                                         "log(x, 2)"};

/// Rows of L, then the value: "0 1 0 … | 0.5; …"
std::string parsed(const std::string& text) {
  const LinearHypothesis h = parse_hypothesis(text, kTerms);
  std::string out;
  for (Eigen::Index i = 0; i < h.L.rows(); ++i) {
    if (i > 0) out += "; ";
    for (Eigen::Index k = 0; k < h.L.cols(); ++k) {
      if (h.L(i, k) == 0.0) continue;
      std::string number = std::to_string(h.L(i, k));
      number.erase(number.find_last_not_of('0') + 1);
      out += number + kTerms[static_cast<std::size_t>(k)] + " ";
    }
    out += "= " + std::to_string(h.value[i]).substr(0, 4);
  }
  return out;
}

std::string refusal(const std::string& text) {
  try {
    parse_hypothesis(text, kTerms);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

BOOST_AUTO_TEST_CASE(sums_of_coefficients) {
  BOOST_TEST(parsed("age") == "1.age = 0.00");
  BOOST_TEST(parsed(" age = 0.5 ") == "1.age = 0.50");
  BOOST_TEST(parsed("age = sexfemale") == "1.age -1.sexfemale = 0.00");
  BOOST_TEST(parsed("2*age - sexfemale*0.5 + 1 = 3") == "2.age -0.5sexfemale = 2.00");
  BOOST_TEST(parsed("-age + age*3") == "2.age = 0.00");
  BOOST_TEST(parsed("age=x2=0") == "1.age -1.x2 = 0.00; 1.x2 = 0.00");
  BOOST_TEST(parsed("age = 0, x2 = 1") == "1.age = 0.00; 1.x2 = 1.00");
}

BOOST_AUTO_TEST_CASE(the_longest_name_is_taken) {
  BOOST_TEST(parsed("age:sexfemale") == "1.age:sexfemale = 0.00");
  BOOST_TEST(parsed("(Intercept) + I(age^2)") == "1.(Intercept) 1.I(age^2) = 0.00");
  BOOST_TEST(parsed("`I(age^2)` - `age`") == "-1.age 1.I(age^2) = 0.00");
  BOOST_TEST(parsed("1|2 = 0") == "1.1|2 = 0.00");
  BOOST_TEST(parsed("log(x, 2) = 0, age") == "1.log(x, 2) = 0.00; 1.age = 0.00");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_named) {
  for (const auto& [text, mention] : std::vector<std::pair<std::string, std::string>>{
           {"ages", "'ages'"},
           {"age:sex", "'age:sex'"},
           {"x", "'x'"},
           {"`foo` = 0", "'foo'"},
           {"age +", "missing"},
           {"", "missing"},
           {"2 * = 1", "''"},
           {"age * age", "number is missing"},
           {"age ~ 1", "'~ 1'"},
           {"1 = 0", "no coefficient"},
           {"age - age", "no coefficient"},
           {"age, 2*age", "depend on each other"},
           {"age = inf", "'inf'"}}) {
    BOOST_TEST(refusal(text).find(mention) != std::string::npos,
               text << ": " << refusal(text));
    BOOST_TEST(refusal(text).find("--contrast " + text) != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
