// SPDX-License-Identifier: MIT
#include "io/describe.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "io/digest.hpp"
#include "tests/unit/io/snapshot_files.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(describe)

namespace {

const ColumnDescription& find(const SnapshotDescription& d, const std::string& name) {
  for (const ColumnDescription& column : d.columns) {
    if (column.info.name == name) return column;
  }
  throw std::runtime_error("no column " + name);
}

std::string counts(const ColumnDescription& column) {
  std::string text;
  for (const LevelCount& c : column.counts) {
    text += c.level + "=" + std::to_string(c.count) + " ";
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(columns_of_a_data_frame) {
  const SnapshotDescription d = describe_snapshot(python_files() / "people.h5");
  BOOST_TEST(d.table == "/data");
  BOOST_TEST(d.layout == "data frame");
  BOOST_TEST(d.num_rows == 5);
  BOOST_TEST(d.columns.size() == 9U);

  // y = 1.5, −2, missing, 4.25, 0
  const ColumnDescription& y = find(d, "y");
  BOOST_TEST(y.num_missing == 1);
  BOOST_TEST(y.min == -2.0);
  BOOST_TEST(y.max == 4.25);
  BOOST_TEST(y.mean == 0.9375);
  BOOST_TEST(!y.whole_numbers);
  BOOST_TEST(y.counts.empty());

  const ColumnDescription& age = find(d, "age");
  BOOST_TEST(age.num_missing == 1);
  BOOST_TEST(age.whole_numbers);
  BOOST_TEST(counts(age) == "20=1 30=1 50=1 60=1 ");

  BOOST_TEST(counts(find(d, "mood")) == "low=1 mid=1 high=2 ");
  BOOST_TEST(find(d, "mood").num_missing == 1);
  BOOST_TEST(counts(find(d, "name")) == "=1 ana=1 bo=2 ćiril=1 ");
}

BOOST_AUTO_TEST_CASE(the_digest_is_that_of_all_columns) {
  const std::string path = python_files() / "people.h5";
  const auto table = open_snapshot(path);
  const std::vector<std::size_t> all = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  BOOST_TEST(describe_snapshot(path).digest == digest(*table, all));
}

BOOST_AUTO_TEST_CASE(attributes_and_other_tables) {
  const SnapshotDescription people = describe_snapshot(python_files() / "people.h5");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"format", "merit-snapshot"}, {"title", "five people"}, {"version", "1"}};
  BOOST_TEST((people.attributes == expected));
  const SnapshotDescription many =
      describe_snapshot(python_files() / "many_tables.h5", "study/people");
  BOOST_TEST(many.table == "/study/people");
  BOOST_TEST((many.other_tables == Texts{"/", "/obs"}));
}

BOOST_AUTO_TEST_CASE(damaged_columns_are_described_as_such) {
  const SnapshotDescription bad = describe_snapshot(python_files() / "bad_categories.h5");
  BOOST_TEST(find(bad, "y").problem.empty());
  BOOST_TEST(find(bad, "beyond").problem.starts_with("has in row 3 the code 2"));
  BOOST_TEST(find(bad, "twice").problem.starts_with("has the category \"a\" twice"));
  const SnapshotDescription chunk =
      describe_snapshot(python_files() / "damaged_chunk.h5");
  BOOST_TEST(find(chunk, "count").problem.starts_with("is damaged"));
  BOOST_TEST(find(chunk, "y").mean == 0.9375);
  // Its digest is that of the columns that are left.
  BOOST_TEST(chunk.digest != describe_snapshot(python_files() / "people.h5").digest);
}

BOOST_AUTO_TEST_CASE(columns_with_many_values_are_not_tabulated) {
  const SnapshotDescription d = describe_snapshot(python_files() / "chunked.h5");
  BOOST_TEST(find(d, "plain").counts.size() == 50U);  // integers below 50
  BOOST_TEST(counts(find(d, "odd")) == counts(find(d, "plain")));
  BOOST_TEST(find(d, "row_number").whole_numbers);
  BOOST_TEST(find(d, "row_number").counts.empty());
  BOOST_TEST(find(d, "row_number").max == 199'999.0);
  BOOST_TEST(find(d, "infinite").num_infinite == 2);
  BOOST_TEST(find(d, "infinite").max == 199'997.0);
}

BOOST_AUTO_TEST_SUITE_END()
