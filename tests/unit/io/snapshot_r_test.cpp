// SPDX-License-Identifier: MIT
//
// Snapshots as R's packages rhdf5 and hdf5r write them (make_snapshots.R has the values).
#include <filesystem>

#include <boost/test/unit_test.hpp>

#include "io/snapshot.hpp"
#include "tests/unit/io/snapshot_files.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(snapshot_r)

namespace {

constexpr double NA = kMissing;

/// A table that R wrote, or nothing where R or its package is not there.
std::unique_ptr<Table> open(const std::string& file, const std::string& table) {
  const char* rscript = std::getenv("MERIT_RSCRIPT");
  if (rscript == nullptr || *rscript == '\0') {
    BOOST_TEST_MESSAGE("no Rscript: reading what R writes is not tested");
    return nullptr;
  }
  static const ScriptedFiles files(std::string(rscript) + " --vanilla",
                                   "make_snapshots.R");
  if (!std::filesystem::exists(files / file)) {
    BOOST_TEST_MESSAGE("no R package for " << file);
    return nullptr;
  }
  return open_snapshot(files / file, table);
}

}  // namespace

// rhdf5 leaves out logicals, and writes factors as their integer codes without levels.
BOOST_AUTO_TEST_CASE(a_data_frame_from_rhdf5) {
  const auto table = open("rhdf5.h5", "/data");
  if (!table) return;
  BOOST_TEST(same(column(*table, "y"), {1.5, NA, 3}));
  BOOST_TEST(same(column(*table, "count"), {1, NA, 3}));
  BOOST_TEST(same(column(*table, "sex"), {1, NA, 2}));
  BOOST_TEST((texts(*table, "name") == Texts{"ana", "bo", "NA"}));
}

// With DataFrameAsCompound = FALSE it writes columns, factors as text, and marks NA.
BOOST_AUTO_TEST_CASE(columns_from_rhdf5) {
  const auto table = open("rhdf5.h5", "/columns");
  if (!table) return;
  BOOST_TEST(same(column(*table, "y"), {1.5, NA, 3}));
  BOOST_TEST(same(column(*table, "count"), {1, NA, 3}));
  BOOST_TEST(same(column(*table, "flag"), {1, NA, 0}));
  BOOST_TEST((texts(*table, "sex") == Texts{"male", "<NA>", "female"}));
  BOOST_TEST((texts(*table, "mood") == Texts{"low", "high", "low"}));
  BOOST_TEST((texts(*table, "name") == Texts{"ana", "bo", "<NA>"}));
}

BOOST_AUTO_TEST_CASE(long_vectors_and_matrices_of_one_column_from_rhdf5) {
  const auto table = open("rhdf5.h5", "/vectors");
  if (!table) return;
  for (const char* name : {"column", "long"}) {
    const std::vector<double> values = column(*table, name);
    BOOST_TEST_REQUIRE(values.size() == 5000U);
    BOOST_TEST(values.front() == 1.0);
    BOOST_TEST(values.back() == 5000.0);
  }
}

// hdf5r writes factors and logicals as enumerations, and NA as a value without a name.
BOOST_AUTO_TEST_CASE(a_data_frame_and_columns_from_hdf5r) {
  for (const char* name : {"/data", "/columns"}) {
    const auto table = open("hdf5r.h5", name);
    if (!table) return;
    BOOST_TEST(same(column(*table, "y"), {1.5, NA, 3}));
    BOOST_TEST(same(column(*table, "count"), {1, NA, 3}));
    BOOST_TEST(same(column(*table, "flag"), {1, NA, 0}));
    BOOST_TEST((texts(*table, "sex") == Texts{"male", "<NA>", "female"}));
    BOOST_TEST((texts(*table, "mood") == Texts{"low", "high", "low"}));
    BOOST_TEST((texts(*table, "name") == Texts{"ana", "bo", "NA"}));
    BOOST_TEST((table->levels(index_of(*table, "sex")) == Texts{"male", "female"}));
  }
}

BOOST_AUTO_TEST_SUITE_END()
