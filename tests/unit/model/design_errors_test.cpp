// SPDX-License-Identifier: MIT
// Every model that the data cannot carry: the error names the column, value and row.
#include <cmath>

#include <boost/test/unit_test.hpp>

#include "engine/model/design.hpp"
#include "tests/support/evaluate_design.hpp"
#include "tests/support/memory_table.hpp"
#include "tests/support/mentions.hpp"

namespace {

using merit::DataError;
using merit::kMissing;
using merit::UsageError;
using merit::testing::MemoryTable;
using merit::testing::mentions;

MemoryTable table_of_errors() {
  MemoryTable table;
  table.add("score", {1, 2, 3, 4, 5})
      .add("age", {20, 0, -3, kMissing, 60})
      .add("income", {1, 2, 3, INFINITY, kMissing})
      .add("three", {3, 3, 3, 3, 3})
      .add("sex", {"female", "male"}, {"male", "male", "male", "male", "female"})
      .add("site", {"A", "B"}, {"A", "B", "A", "B", "A"});
  return table;
}

void evaluate(const std::string& formula, const merit::FrameOptions& options) {
  MemoryTable table = table_of_errors();
  merit::Design design(merit::parse_formula(formula), table, options);
  design.check_rows_left(merit::testing::evaluate_design(design, table, 2).counts);
}

template <typename Error>
void refused(const std::string& formula,
             std::vector<std::string> parts,
             const merit::FrameOptions& options = {}) {
  BOOST_TEST_CONTEXT(formula) {
    BOOST_CHECK_EXCEPTION(evaluate(formula, options), Error, mentions(std::move(parts)));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(design_errors)

BOOST_AUTO_TEST_CASE(columns_that_are_not_there) {
  refused<DataError>("score ~ aeg + (1 | site)",
                     {"formula", "memory has no column 'aeg'", "did you mean 'age'"});
  refused<DataError>("scroe ~ age + (1 | site)", {"'scroe'", "'score'"});
  refused<DataError>("score ~ I(age^2 + inc) + (1 | site)", {"'inc'"});
  refused<DataError>("score ~ age + (1 | sight)", {"'sight'", "'site'"});
  refused<DataError>("score ~ age + (1 | site)",
                     {"--where", "'sexx'", "'sex'"},
                     {.where = "sexx == 'male'"});
  refused<DataError>("score ~ age + (1 | site)",
                     {"--offset", "'log_age'"},
                     {.where = {}, .offset = "log_age"});
}

BOOST_AUTO_TEST_CASE(text_where_numbers_are_needed) {
  refused<DataError>("sex ~ age + (1 | site)", {"sex holds text", "response"});
  refused<DataError>("factor(age) ~ score + (1 | site)", {"factor(age) is a factor"});
  refused<DataError>("score ~ log(sex) + (1 | site)", {"log() needs numbers", "'sex'"});
  refused<DataError>("score ~ gmean(sex) + (1 | site)",
                     {"gmean() needs numbers", "'sex'"});
  refused<DataError>("score ~ scale(sex) + (1 | site)", {"scale() needs numbers"});
  refused<DataError>("score ~ age + offset(sex) + (1 | site)",
                     {"sex holds text", "offset"});
  refused<DataError>("score ~ age + (1 | site)",
                     {"--offset", "sex holds text"},
                     {.where = {}, .offset = "sex"});
}

BOOST_AUTO_TEST_CASE(values_that_are_not_finite) {
  refused<DataError>("score ~ income + (1 | site)",
                     {"income is Inf in row 4", "--where 'is.finite(income)'"});
  refused<DataError>("score ~ log(age) + (1 | site)",
                     {"log(age) is -Inf in row 2 (age = 0)", "is.finite(log(age))"});
  refused<DataError>("score ~ log(age) + (1 | site)",
                     {"log(age) is NaN in row 3 (age = -3)"},
                     {.where = "age != 0"});
  refused<DataError>("score ~ gmean(income) + (1 | site)",
                     {"gmean(income) meets Inf in row 4"});
  refused<DataError>("score ~ scale(income) + (1 | site)",
                     {"scale(income) meets Inf in row 4"});
  refused<DataError>("log(age) ~ score + (1 | site)", {"log(age) is -Inf in row 2"});
  refused<DataError>("score ~ 1 + (1 | income)", {"income is Inf in row 4"});
}

BOOST_AUTO_TEST_CASE(factors_that_do_not_vary) {
  refused<DataError>("score ~ sex + (1 | site)",
                     {"factor sex has the single level 'male'", "4 rows used"},
                     {.where = "score < 5"});
  refused<DataError>("score ~ factor(three) + (1 | site)",
                     {"factor(three) has the single level '3'"});
  refused<DataError>("score ~ scale(three) + (1 | site)", {"scale(three)", "all 3"});
}

BOOST_AUTO_TEST_CASE(no_row_left) {
  refused<DataError>("score ~ age + (1 | site)",
                     {"no row is left", "5 read", "5 excluded by --where score > 9"},
                     {.where = "score > 9"});
  refused<DataError>("score ~ age * sex + (1 | site)",
                     {"no row is left", "5 excluded by --where"},
                     {.where = "score > 9"});
  refused<DataError>("score ~ age + (1 | site)",
                     {"4 excluded by --where", "1 without a value of 'age'"},
                     {.where = "score == 4"});
}

BOOST_AUTO_TEST_CASE(a_factor_with_too_many_levels) {
  std::vector<double> many;
  for (int i = 0; i < 5000; ++i)
    many.push_back(i / 8.0);
  MemoryTable table;
  table.add("y", many).add("x", many).add("g", many);
  merit::Design design(merit::parse_formula("y ~ factor(x) + (1 | g)"), table);
  BOOST_CHECK_EXCEPTION(merit::testing::evaluate_design(design, table),
                        DataError,
                        mentions({"factor(x)", "2000", "not a factor"}));
  BOOST_CHECK_EXCEPTION(merit::testing::evaluate_design(design, table, 1000),
                        DataError,
                        mentions({"factor(x)", "2000", "not a factor"}));
}

BOOST_AUTO_TEST_CASE(contradictory_requests) {
  refused<UsageError>("cbind(score, age) ~ sex + (1 | site)",
                      {"cbind(events, nonevents)", "belongs to --family binomial"});
  refused<UsageError>("score ~ age + (1 | site)",
                      {"--where", "true or false", "wave == 2019"},
                      {.where = "age"});
  refused<UsageError>("score ~ age + (1 | site)", {"--where", "empty"}, {.where = ""});
  refused<UsageError>("score ~ age + (1 | site)",
                      {"no level 'mal'", "'male'"},
                      {.where = "sex == 'mal'"});
  refused<UsageError>("score ~ age + (1 | site)",
                      {"gmean()", "no place here"},
                      {.where = "gmean(age) > 2"});
  refused<UsageError>("score ~ factor(gmean(age)) + (1 | site)",
                      {"factor() of gmean() or scale()"});
  refused<UsageError>("score ~ factor(age, sex) + (1 | site)",
                      {"factor() takes one column"});
  refused<UsageError>("score ~ poly(age, 2) + (1 | site)", {"no function poly()"});
  refused<UsageError>("score ~ log(factor(age)) + (1 | site)", {"factor", "by itself"});
  refused<UsageError>("score ~ I(sex == 'mael') + (1 | site)",
                      {"no level 'mael'", "'male'"});
}

BOOST_AUTO_TEST_SUITE_END()
