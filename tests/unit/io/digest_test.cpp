// SPDX-License-Identifier: MIT
#include "io/digest.hpp"

#include <cmath>
#include <cstring>

#include <boost/test/unit_test.hpp>

#include "tests/support/memory_table.hpp"
#include "tests/unit/io/snapshot_files.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(digest)

namespace {

std::string digest_of(Table& table, const std::vector<std::string>& names) {
  std::vector<std::size_t> columns;
  for (const std::string& name : names)
    columns.push_back(index_of(table, name));
  return merit::digest(table, columns);
}

std::string digest_of(const std::string& file, const std::vector<std::string>& names) {
  return digest_of(*open_snapshot(python_files() / file), names);
}

std::string digest_of(const std::vector<double>& values) {
  MemoryTable table;
  table.add("x", values);
  return digest_of(table, {"x"});
}

}  // namespace

// Float64 little- and big-endian, int64 and int32, fixed and variable strings, h5py's bool.
BOOST_AUTO_TEST_CASE(does_not_depend_on_how_a_snapshot_is_stored) {
  const std::vector<std::string> columns = {"y", "count", "flag", "name", "mood"};
  const std::string expected = digest_of("people.h5", columns);
  BOOST_TEST(expected.size() == 32U);
  for (const char* file : {"people_packed.h5",
                           "people_latest.h5",
                           "people_user_block.h5",
                           "people_group.h5",
                           "people_compound.h5"}) {
    BOOST_TEST(digest_of(file, columns) == expected);
  }
}

BOOST_AUTO_TEST_CASE(does_not_depend_on_the_order_of_columns_and_levels) {
  BOOST_TEST(digest_of("people.h5", {"y", "sex"}) ==
             digest_of("people.h5", {"sex", "y"}));
  MemoryTable a;
  MemoryTable b;
  a.add("g", {"m", "f"}, {"m", "f", "", "f"});
  b.add("g", {"unused", "f", "m"}, {"m", "f", "", "f"});
  BOOST_TEST(digest_of(a, {"g"}) == digest_of(b, {"g"}));
}

BOOST_AUTO_TEST_CASE(knows_one_missing_value) {
  double other_nan = 0.0;
  const std::uint64_t bits =
      0xfff8'0000'0000'07a2;  // R's NA_real_ has 1954 = 0x7a2 in it
  std::memcpy(&other_nan, &bits, sizeof bits);
  BOOST_TEST(digest_of({0.0, 1.0, kMissing}) == digest_of({0.0, 1.0, other_nan}));
}

BOOST_AUTO_TEST_CASE(changes_with_everything_else) {
  const std::string base = digest_of({1.0, 2.0, 3.0});
  BOOST_TEST(digest_of({1.0, 2.0, std::nextafter(3.0, 4.0)}) != base);
  BOOST_TEST(digest_of({1.0, 3.0, 2.0}) != base);
  BOOST_TEST(digest_of({1.0, 2.0, kMissing}) != base);
  BOOST_TEST(digest_of({1.0, 2.0, 3.0, 4.0}) != base);
  BOOST_TEST(digest_of("people.h5", {"y"}) != digest_of("people.h5", {"count"}));

  MemoryTable renamed;
  renamed.add("z", {1.0, 2.0, 3.0});
  BOOST_TEST(digest_of(renamed, {"z"}) != base);
  MemoryTable text;
  text.add("x", {"1", "2", "3"}, {"1", "2", "3"});
  BOOST_TEST(digest_of(text, {"x"}) != base);
  MemoryTable empty;
  empty.add("x", {"1"}, {"", "", ""});
  BOOST_TEST(digest_of(empty, {"x"}) != digest_of({kMissing, kMissing, kMissing}));
}

// Ranks hash blocks of their own; rank 0 puts the hashes together.
BOOST_AUTO_TEST_CASE(blocks_can_be_hashed_apart) {
  std::vector<double> values(150'000);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::sqrt(static_cast<double>(i));
  MemoryTable table;
  table.add("x", values);
  std::vector<std::vector<Hash128>> of_block(3);
  for (const std::size_t b : {std::size_t{2}, std::size_t{0}, std::size_t{1}}) {
    RowBlock block;
    const auto first = static_cast<std::int64_t>(b) * kBlockRows;
    table.reader({0})->read(first, std::min(kBlockRows, table.num_rows() - first), block);
    const std::vector<LevelHashes> levels(1);
    of_block[b] = digest_block(levels, block);
  }
  std::vector<Hash128> all;
  for (const auto& hashes : of_block)
    all.push_back(hashes[0]);
  BOOST_TEST(combine_digests(table.columns(), table.num_rows(), all) ==
             digest_of(table, {"x"}));
}

// A digest is kept in result files, so it must not change between versions of merit. The
// value is this program's own, on x86-64.
BOOST_AUTO_TEST_CASE(stays_what_it_was) {
  MemoryTable table;
  table.add("y", {1.5, kMissing, -2.0}).add("g", {"a", "b"}, {"b", "", "a"});
  BOOST_TEST(digest_of(table, {"y", "g"}) == "a27a07141a7a4b640f728711b09387f0");
}

BOOST_AUTO_TEST_SUITE_END()
