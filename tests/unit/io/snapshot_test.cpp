// SPDX-License-Identifier: MIT
//
// Snapshots as h5py writes them (make_snapshots.py has the values), in every layout.
#include "io/snapshot.hpp"

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "tests/unit/io/snapshot_files.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(snapshot)

namespace {

constexpr double NA = kMissing;

std::unique_ptr<Table> open(const std::string& name) {
  return open_snapshot(python_files() / name);
}

/// The five people of make_snapshots.py, as a data frame.
void check_people(Table& table) {
  BOOST_TEST_REQUIRE(table.num_rows() == 5);
  Texts names;
  for (const ColumnInfo& info : table.columns())
    names.push_back(info.name);
  const Texts expected = {
      "y", "count", "flag", "name", "sex", "mood", "age", "voted", "_index"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());

  BOOST_TEST(same(column(table, "y"), {1.5, -2.0, NA, 4.25, 0.0}));
  BOOST_TEST(same(column(table, "count"), {3, -1, 7, 0, 2147483647}));
  BOOST_TEST(same(column(table, "flag"), {1, 0, 1, 1, 0}));
  BOOST_TEST(same(column(table, "age"), {20, 30, NA, 50, 60}));
  BOOST_TEST(same(column(table, "voted"), {1, NA, 0, 1, 1}));
  BOOST_TEST((texts(table, "name") == Texts{"ana", "bo", "ćiril", "bo", ""}));
  BOOST_TEST((texts(table, "sex") == Texts{"male", "female", "<NA>", "female", "male"}));
  BOOST_TEST((texts(table, "mood") == Texts{"high", "low", "mid", "<NA>", "high"}));
  BOOST_TEST((texts(table, "_index") == Texts{"p0", "p1", "p2", "p3", "p4"}));

  // Categories keep the file's order, text is sorted by bytes.
  BOOST_TEST((table.levels(index_of(table, "mood")) == Texts{"low", "mid", "high"}));
  BOOST_TEST((table.levels(index_of(table, "name")) == Texts{"", "ana", "bo", "ćiril"}));
  BOOST_TEST(table.levels(index_of(table, "y")).empty());

  const auto info = [&](const char* name) {
    return table.columns()[index_of(table, name)];
  };
  BOOST_TEST((info("y").kind == ColumnKind::numeric));
  BOOST_TEST((info("sex").kind == ColumnKind::categorical));
  BOOST_TEST(!info("sex").ordered);
  BOOST_TEST(info("mood").ordered);
  BOOST_TEST(info("y").stored_as == "float64");
  BOOST_TEST(info("flag").stored_as == "bool");
  BOOST_TEST(info("name").stored_as == "string");
  BOOST_TEST(info("sex").stored_as == "categorical (int8)");
  BOOST_TEST(info("age").stored_as == "nullable int64");
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_data_frame) {
  const auto table = open("people.h5");
  check_people(*table);
  BOOST_TEST(table->name() == (python_files() / "people.h5") + " (/data)");
}

BOOST_AUTO_TEST_CASE(a_data_frame_in_compressed_chunks) {
  check_people(*open("people_packed.h5"));
}

// HDF5's newest file format has other structures for everything.
BOOST_AUTO_TEST_CASE(a_data_frame_in_the_latest_format) {
  check_people(*open("people_latest.h5"));
}

// Addresses then count from the end of the user block.
BOOST_AUTO_TEST_CASE(a_data_frame_behind_a_user_block) {
  check_people(*open("people_user_block.h5"));
}

BOOST_AUTO_TEST_CASE(categories_as_anndata_kept_them_before_version_0_8) {
  const auto table = open("old_dataframe.h5");
  BOOST_TEST((texts(*table, "sex") == Texts{"f", "m", "<NA>"}));
  BOOST_TEST(table->columns()[0].ordered);
}

BOOST_AUTO_TEST_CASE(a_group_of_datasets) {
  const auto table = open("people_group.h5");
  BOOST_TEST(same(column(*table, "y"), {1.5, -2.0, NA, 4.25, 0.0}));  // big-endian
  BOOST_TEST(same(column(*table, "count"), {3, -1, 7, 0, 2147483647}));
  BOOST_TEST(same(column(*table, "flag"), {1, 0, 1, 1, 0}));
  BOOST_TEST(same(column(*table, "half"), {0, 0.5, 1, 1.5, 2}));
  BOOST_TEST(same(column(*table, "small"), {255, 0, 1, 2, 3}));
  BOOST_TEST(same(column(*table, "packed"), {0, 1, 2, 3, 4}));
  BOOST_TEST(same(column(*table, "column"), {0, 1, 2, 3, 4}));
  BOOST_TEST(same(column(*table, "row"), {0, 1, 2, 3, 4}));
  BOOST_TEST((texts(*table, "name") == Texts{"ana", "bo", "ćiril", "bo", ""}));
  BOOST_TEST((texts(*table, "mood") == Texts{"high", "low", "mid", "<NA>", "high"}));
  // In the order in which the file has kept them; the group inside is none.
  BOOST_TEST(table->columns().front().name == "y");
  BOOST_TEST(table->columns().back().name == "row");
}

BOOST_AUTO_TEST_CASE(a_compound_dataset) {
  const auto table = open("people_compound.h5");
  BOOST_TEST(same(column(*table, "y"), {1.5, -2.0, NA, 4.25, 0.0}));
  BOOST_TEST(same(column(*table, "count"), {3, -1, 7, 0, 2147483647}));
  BOOST_TEST(same(column(*table, "flag"), {1, 0, 1, 1, 0}));
  BOOST_TEST(same(column(*table, "half"), {0, 0.5, 1, 1.5, 2}));  // behind a string
  BOOST_TEST((texts(*table, "name") == Texts{"ana", "bo", "ćiril", "bo", ""}));
  BOOST_TEST((texts(*table, "city") == Texts{"Oslo", "Rome", "Oslo", "", "Köln"}));
  BOOST_TEST((texts(*table, "mood") == Texts{"high", "low", "mid", "<NA>", "high"}));
}

BOOST_AUTO_TEST_CASE(every_type_of_number_in_every_storage) {
  const auto table = open("every_storage.h5");
  BOOST_TEST(table->columns().size() == 63U);
  for (const ColumnInfo& info : table->columns()) {
    const std::vector<double> values = column(*table, info.name);
    bool right = values.size() == 1000;
    for (std::size_t i = 0; right && i < 1000; ++i) {
      right = values[i] == static_cast<double>(i % 100);
    }
    BOOST_TEST(right, info.name << " is wrong");
  }
}

BOOST_AUTO_TEST_CASE(blocks_give_what_the_whole_gives) {
  const auto table = open("chunked.h5");
  BOOST_TEST_REQUIRE(table->num_rows() == 200'000);
  const std::vector<double> plain = column(*table, "plain");
  std::vector<std::size_t> all;
  for (const char* name : {"plain", "small", "odd", "whole"}) {
    all.push_back(index_of(*table, name));
  }
  const auto reader = table->reader(all);
  RowBlock block;
  for (const std::int64_t step : {std::int64_t{999}, kBlockRows}) {
    for (std::int64_t first = 0; first < 200'000; first += step) {
      const std::int64_t count = std::min(step, 200'000 - first);
      reader->read(first, count, block);
      BOOST_TEST_REQUIRE(block.first_row == first);
      BOOST_TEST_REQUIRE(block.num_rows == count);
      for (const std::vector<double>& values : block.columns) {
        BOOST_TEST_REQUIRE(
            std::equal(values.begin(), values.end(), plain.begin() + first));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(large_integers_are_exact) {
  const auto table = open("big_integers.h5");
  BOOST_TEST(same(column(*table, "exact"), {0x1p53, 0x1p60, -0x1p63}));
}

BOOST_AUTO_TEST_CASE(another_table_of_the_file) {
  const std::string path = python_files() / "many_tables.h5";
  BOOST_TEST(open_snapshot(path, "study/people")->num_rows() == 3);
  BOOST_TEST(open_snapshot(path, "/study/people/")->num_rows() == 3);
  BOOST_TEST(open_snapshot(path, "/")->columns()[0].name == "top");
}

// For many ranks: one examines, all open.
BOOST_AUTO_TEST_CASE(one_process_examines_for_all) {
  const std::string path = python_files() / "people.h5";
  const std::string examined = examine_snapshot(path);
  check_people(*open_examined_snapshot(path, "/data", examined));

  // What does not belong to the file is found out; nothing is believed.
  BOOST_CHECK_THROW(open_examined_snapshot(path, "/data", "?"), IoError);
  BOOST_CHECK_THROW(open_examined_snapshot(path, "/data", examined.substr(0, 300)),
                    IoError);
  const std::string other = python_files() / "table.csv";
  BOOST_CHECK_THROW(open_examined_snapshot(other, "/data", examined), IoError);
}

BOOST_AUTO_TEST_SUITE_END()
