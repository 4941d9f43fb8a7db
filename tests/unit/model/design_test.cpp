// SPDX-License-Identifier: MIT
// What is not in design_reference_test: counts, blocks, the passes, offsets as an option.
#include "engine/model/design.hpp"

#include <cmath>
#include <random>

#include <boost/test/unit_test.hpp>

#include "tests/support/evaluate_design.hpp"
#include "tests/support/memory_table.hpp"

namespace {

using merit::Design;
using merit::DesignBlock;
using merit::kMissing;
using merit::testing::evaluate_design;
using merit::testing::MemoryTable;

Design design_of(const std::string& formula,
                 MemoryTable& table,
                 const merit::FrameOptions& options = {}) {
  return {merit::parse_formula(formula), table, options};
}

// y, x, z, e, sex, site; missing here and there.
MemoryTable small_table() {
  MemoryTable table;
  table.add("y", {1, 2, kMissing, 4, 5, 6, 7, 8})
      .add("unused", {0, 0, 0, 0, 0, 0, 0, kMissing})
      .add("x", {1, kMissing, kMissing, 4, 5, 6, 7, 8})
      .add("z", {1, kMissing, 3, 4, 5, 6, 7, 8})
      .add("e", {1, 1, 1, 1, 2, 2, 2, 2})
      .add("sex", {"f", "m"}, {"f", "m", "f", "m", "", "f", "m", "f"})
      .add("site", {"A", "B", "C"}, {"C", "C", "C", "A", "A", "A", "C", "C"});
  return table;
}

// Many rows and groups with a large common part, to see what merging blocks does.
MemoryTable large_table(std::int64_t num_rows) {
  std::mt19937_64 random(7);
  std::vector<double> y;
  std::vector<double> x;
  std::vector<double> g;
  for (std::int64_t i = 0; i < num_rows; ++i) {
    y.push_back(static_cast<double>(random() % 1000));
    x.push_back(i % 17 == 0 ? kMissing
                            : 1e6 + static_cast<double>(random() % 1000) / 7.0);
    g.push_back(static_cast<double>(random() % 50) * 1.5 - 10.0);
  }
  MemoryTable table;
  table.add("y", y).add("x", x).add("g", g);
  return table;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(design)

BOOST_AUTO_TEST_CASE(plain_columns_need_no_survey) {
  MemoryTable table = small_table();
  const Design design = design_of("y ~ x + z + (1 | site)", table);
  BOOST_TEST(!design.needs_survey());
  const std::vector<std::size_t> columns = {0, 2, 3, 6};
  BOOST_TEST(design.table_columns() == columns, boost::test_tools::per_element());
  BOOST_TEST(design.response_name() == "y");
  BOOST_TEST(design.group_name() == "site");
  BOOST_TEST(design.has_intercept());
}

BOOST_AUTO_TEST_CASE(only_factors_and_statistics_need_a_survey) {
  MemoryTable table = small_table();
  table.add_bool("flag", {0, 0, 0, 1, 1, 1, 1, 1});
  BOOST_TEST(!design_of("y ~ flag * I(x > 2) + (1 | site)", table).needs_survey());
  BOOST_TEST(design_of("y ~ sex + (1 | site)", table).needs_survey());
  BOOST_TEST(design_of("y ~ factor(e) + (1 | site)", table).needs_survey());
  BOOST_TEST(design_of("y ~ gmean(x) + (1 | site)", table).needs_survey());
  BOOST_TEST(design_of("scale(y) ~ x + (1 | site)", table).needs_survey());
}

BOOST_AUTO_TEST_CASE(rows_are_counted_by_reason) {
  MemoryTable table = small_table();
  Design design = design_of("y ~ x + z + (1 | site)", table, {.where = "site != 'A'"});
  const auto block = evaluate_design(design, table);
  BOOST_TEST(block.counts.rows_read == 8);
  BOOST_TEST(block.counts.rows_excluded_by_where == 3);
  BOOST_TEST(block.counts.rows_used == 3);
  // y, x, z, site: row 2 misses x and z, row 3 misses y and x
  const std::vector<std::int64_t> dropped = {1, 2, 1, 0};
  BOOST_TEST(block.counts.rows_dropped == dropped, boost::test_tools::per_element());
  const std::vector<double> group = {2, 2, 2};
  BOOST_TEST(block.group == group, boost::test_tools::per_element());
  BOOST_TEST(design.group_label(2) == "C");
}

BOOST_AUTO_TEST_CASE(a_column_used_twice_counts_once) {
  MemoryTable table = small_table();
  Design design = design_of("y ~ x + I(x^2) + log(x) + (1 | site)", table);
  const auto block = evaluate_design(design, table);
  const std::vector<std::int64_t> dropped = {1, 2, 0};
  BOOST_TEST(block.counts.rows_dropped == dropped, boost::test_tools::per_element());
  BOOST_TEST(block.counts.rows_used == 6);
}

BOOST_AUTO_TEST_CASE(columns_of_where_alone_drop_nothing) {
  MemoryTable table = small_table();
  Design design = design_of("y ~ e + (1 | site)", table, {.where = "is.na(x) | x > 4"});
  const auto block = evaluate_design(design, table);
  BOOST_TEST(block.counts.rows_excluded_by_where == 2);  // x = 1 and 4
  BOOST_TEST(block.counts.rows_used == 5);               // without row 3, which misses y
}

BOOST_AUTO_TEST_CASE(a_row_whose_where_is_missing_is_not_used) {
  MemoryTable table = small_table();
  Design design = design_of("y ~ e + (1 | site)", table, {.where = "x > 0"});
  BOOST_TEST(evaluate_design(design, table).counts.rows_excluded_by_where == 2);
}

BOOST_AUTO_TEST_CASE(offsets_are_taken_from_the_response) {
  MemoryTable table = small_table();
  Design design = design_of(
      "y ~ 1 + offset(2 * e) + (1 | site)", table, {.where = {}, .offset = "z"});
  const auto block = evaluate_design(design, table);
  BOOST_REQUIRE_EQUAL(block.z.rows(), 6);  // rows 1, 4, 5, 6, 7, 8
  BOOST_TEST(block.z(0, 1) == 1.0 - 1.0 - 2.0);
  BOOST_TEST(block.z(5, 1) == 8.0 - 8.0 - 4.0);
  BOOST_TEST(block.z.col(0).isOnes());
}

BOOST_AUTO_TEST_CASE(numeric_groups_have_the_shortest_label) {
  MemoryTable table;
  table.add("y", {1, 2, 3}).add("g", {0.1, -0.0, 2017});
  Design design = design_of("y ~ 1 + (1 | g)", table);
  const auto block = evaluate_design(design, table);
  BOOST_TEST(design.group_label(block.group[0]) == "0.1");
  BOOST_TEST(design.group_label(block.group[1]) == "0");  // one zero, not two
  BOOST_TEST(design.group_label(block.group[2]) == "2017");
}

BOOST_AUTO_TEST_CASE(missing_groups_are_dropped_and_counted) {
  MemoryTable table;
  table.add("y", {1, 2, 3}).add("g", {1, kMissing, 2});
  Design design = design_of("y ~ 1 + (1 | g)", table);
  const auto block = evaluate_design(design, table);
  BOOST_TEST(block.counts.rows_used == 2);
  BOOST_TEST(block.counts.rows_dropped.at(1) == 1);
}

// Means in other blocks differ in rounding only, and x − gmean(x) sums to nothing.
BOOST_AUTO_TEST_CASE(group_means_survive_any_blocks) {
  MemoryTable table = large_table(20'000);
  Design whole = design_of("y ~ gmean(x) + I(x - gmean(x)) + scale(x) + (1 | g)", table);
  Design parts = whole;
  const auto a = evaluate_design(whole, table);
  const auto b = evaluate_design(parts, table, 1'000);
  BOOST_REQUIRE_EQUAL(a.z.rows(), b.z.rows());
  BOOST_TEST((a.z.col(1) - b.z.col(1)).cwiseAbs().maxCoeff() < 1e-9);  // of 1e6
  BOOST_TEST((a.z.col(3) - b.z.col(3)).cwiseAbs().maxCoeff() < 1e-9);
  for (const double key : {-10.0, 0.5, 30.5}) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.group.size(); ++i) {
      if (a.group[i] == key) sum += a.z(static_cast<Eigen::Index>(i), 2);
    }
    BOOST_TEST(std::abs(sum) < 1e-6);
  }
}

BOOST_AUTO_TEST_CASE(survey_of_packed_parts_is_the_same) {
  MemoryTable table = large_table(5'000);
  const Design design =
      design_of("y ~ gmean(x) + scale(x) + factor(I(y > 500)) + (1 | g)", table);
  const auto blocks = merit::testing::read_blocks(design, table, 1'000);
  for (const merit::RowBlock& block : blocks) {
    const merit::DesignSurvey survey = design.survey_block(block);
    BOOST_TEST((merit::unpack(pack(survey)) == survey));
  }
}

BOOST_AUTO_TEST_CASE(nested_statistics_take_one_survey_each) {
  MemoryTable table = small_table();
  Design design = design_of("y ~ scale(x - gmean(x)) + (1 | site)", table);
  const auto blocks = merit::testing::read_blocks(design, table);
  int num_surveys = 0;
  for (; design.needs_survey(); ++num_surveys) {
    design.complete(design.survey_block(blocks[0]));
  }
  BOOST_TEST(num_surveys == 2);
}

BOOST_AUTO_TEST_CASE(a_block_without_used_rows_is_empty) {
  MemoryTable table = small_table();
  Design design = design_of("y ~ sex + (1 | site)", table, {.where = "e == 2"});
  const auto blocks = merit::testing::read_blocks(design, table, 4);
  merit::testing::survey(design, blocks);
  const auto block = merit::testing::in_memory(design.evaluate(blocks[0]));
  BOOST_TEST(block.z.rows() == 0);
  BOOST_TEST(block.z.cols() == 3);
  BOOST_TEST(block.group.empty());
  BOOST_TEST(block.counts.rows_excluded_by_where == 4);
}

BOOST_AUTO_TEST_CASE(memory_is_used_again) {
  MemoryTable table = small_table();
  const Design design = design_of("y ~ e + (1 | site)", table, {.where = "y > 0"});
  const auto blocks = merit::testing::read_blocks(design, table, 4);
  DesignBlock out;
  design.evaluate(blocks[1], out);
  design.evaluate(blocks[0], out);
  BOOST_TEST(out.z().rows() == 3);
  BOOST_TEST(out.counts.rows_used == 3);
}

// The order of merging is fixed by blocks, so infinite x in a row that is not used is fine.
BOOST_AUTO_TEST_CASE(infinities_count_only_in_used_rows) {
  MemoryTable table;
  table.add("y", {1, 2, 3}).add("x", {INFINITY, 1, 2}).add("g", {1, 2, 1});
  Design design = design_of("y ~ x + (1 | g)", table, {.where = "is.finite(x)"});
  BOOST_TEST(evaluate_design(design, table).counts.rows_used == 2);
}

BOOST_AUTO_TEST_SUITE_END()
