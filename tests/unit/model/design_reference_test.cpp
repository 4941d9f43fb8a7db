// SPDX-License-Identifier: MIT
// Every formula of reference/model_matrix.R: names, rows and values of the design are those
// of R 4.2.2 (reference/model_matrix.txt).
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/model/design.hpp"
#include "tests/support/evaluate_design.hpp"
#include "tests/support/memory_table.hpp"

namespace {

using merit::testing::MemoryTable;

const std::string kReference = std::string(MERIT_TEST_DATA) + "/unit/model/reference/";

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// Header cells are name;kind or name;kind;level|level; empty cells are missing.
MemoryTable reference_table() {
  std::ifstream file(kReference + "data.csv");
  BOOST_REQUIRE(file);
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> header = split(line, ',');
  std::vector<std::vector<std::string>> cells(header.size());
  while (std::getline(file, line)) {
    const std::vector<std::string> row = split(line, ',');
    for (std::size_t i = 0; i < header.size(); ++i)
      cells[i].push_back(row[i]);
  }
  MemoryTable table;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::vector<std::string> parts = split(header[i], ';');
    if (parts.size() == 3) {
      table.add(parts[0], split(parts[2], '|'), cells[i], parts[1] == "ordered");
      continue;
    }
    std::vector<double> values;
    for (const std::string& cell : cells[i]) {
      if (cell == "TRUE" || cell == "FALSE") {
        values.push_back(cell == "TRUE" ? 1.0 : 0.0);
      } else {
        values.push_back(cell.empty() ? merit::kMissing
                                      : std::strtod(cell.c_str(), nullptr));
      }
    }
    if (parts[1] == "bool") {
      table.add_bool(parts[0], values);
    } else {
      table.add(parts[0], values);
    }
  }
  return table;
}

struct Reference {
  std::string formula;
  std::string where;
  std::vector<std::string> columns;
  std::vector<int> rows;               // from 1
  std::vector<std::vector<double>> z;  // columns, then the response
};

std::vector<double> numbers(const std::vector<std::string>& parts) {
  std::vector<double> values;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    values.push_back(std::strtod(parts[i].c_str(), nullptr));
  }
  return values;
}

std::vector<Reference> references() {
  std::ifstream file(kReference + "model_matrix.txt");
  BOOST_REQUIRE(file);
  std::vector<Reference> all;
  std::vector<double> y;
  std::string line;
  while (std::getline(file, line)) {
    const std::vector<std::string> parts = split(line, '\t');
    if (parts[0] == "formula") all.push_back({parts[1], {}, {}, {}, {}});
    if (parts[0] == "where") all.back().where = parts[1];
    if (parts[0] == "columns") all.back().columns.assign(parts.begin() + 1, parts.end());
    if (parts[0] == "rows") {
      for (const double row : numbers(parts))
        all.back().rows.push_back(static_cast<int>(row));
    }
    if (parts[0] == "y") y = numbers(parts);
    if (parts[0] == "x") all.back().z.push_back(numbers(parts));
    if (parts[0] == "end") all.back().z.push_back(y);
  }
  return all;
}

// Rounding: R takes means in long double and powers from the C library; a few units in the
// last place of numbers of the column's size.
bool close(double ours, double theirs, double size) {
  return std::abs(ours - theirs) <= 1e-14 * std::max(size, std::abs(theirs));
}

void compare(const Reference& reference, std::int64_t block_rows) {
  MemoryTable table = reference_table();
  merit::FrameOptions options;
  if (!reference.where.empty()) options.where = reference.where;
  merit::Design design(merit::parse_formula(reference.formula), table, options);
  const merit::testing::EvaluatedRows block =
      merit::testing::evaluate_design(design, table, block_rows);

  BOOST_TEST(design.coefficient_names() == reference.columns,
             boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(block.z.rows(), static_cast<Eigen::Index>(reference.rows.size()));
  BOOST_REQUIRE_EQUAL(block.z.cols(), static_cast<Eigen::Index>(reference.z.size()));
  BOOST_TEST(block.counts.rows_used == block.z.rows());

  const std::size_t school = table.columns().size() - 1;
  for (std::size_t i = 0; i < reference.rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(reference.rows[i]) - 1;
    BOOST_TEST(block.group[i] == table.values(school)[row]);
  }
  for (Eigen::Index k = 0; k < block.z.cols(); ++k) {
    const std::vector<double>& expected = reference.z[static_cast<std::size_t>(k)];
    const double size = block.z.col(k).cwiseAbs().maxCoeff();
    for (Eigen::Index i = 0; i < block.z.rows(); ++i) {
      const double theirs = expected[static_cast<std::size_t>(i)];
      BOOST_TEST(
          close(block.z(i, k), theirs, size),
          "row " << i << ", column " << k << ": " << block.z(i, k) << " for " << theirs);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(design_reference)

BOOST_AUTO_TEST_CASE(every_formula_gives_the_model_matrix_of_r) {
  const std::vector<Reference> all = references();
  BOOST_TEST(all.size() > 80U);
  for (const Reference& reference : all) {
    BOOST_TEST_CONTEXT(reference.formula << " where " << reference.where) {
      compare(reference, merit::kBlockRows);
    }
  }
}

BOOST_AUTO_TEST_CASE(and_in_blocks_of_seven_rows) {
  for (const Reference& reference : references()) {
    BOOST_TEST_CONTEXT(reference.formula << " where " << reference.where) {
      compare(reference, 7);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
