// SPDX-License-Identifier: MIT
//
// What cannot be read, and what is said of it. Exit codes: engine/error.hpp.
#include <csignal>
#include <ctime>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <new>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.hpp"
#include "io/isolated.hpp"
#include "io/snapshot.hpp"
#include "tests/support/mentions.hpp"
#include "tests/unit/io/snapshot_files.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(snapshot_errors)

namespace {

template <class Expected>
void check_open(const std::string& name, const std::vector<std::string>& words) {
  BOOST_TEST_CONTEXT(name) {
    const std::string path = python_files() / name;
    std::vector<std::string> all = words;
    all.push_back(path);
    BOOST_CHECK_EXCEPTION(open_snapshot(path), Expected, mentions(all));
  }
}

/// Opening works; this column does not, and the error names it.
template <class Expected = DataError>
void check_column(const std::string& file,
                  const std::string& name,
                  const std::vector<std::string>& words) {
  BOOST_TEST_CONTEXT(file << " column " << name) {
    const auto table = open_snapshot(python_files() / file);
    std::vector<std::string> all = words;
    all.push_back(table->name() + ": column " + name + " ");
    BOOST_CHECK_EXCEPTION(column(*table, name), Expected, mentions(all));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_such_file) {
  check_open<InputError>("absent.h5", {"no such file"});
}

BOOST_AUTO_TEST_CASE(not_a_regular_file) {
  check_open<InputError>("directory.h5", {"is a directory"});
  const std::string pipe = python_files() / "pipe.h5";
  BOOST_TEST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  check_open<InputError>("pipe.h5", {"not a regular file"});  // and does not wait for it
}

BOOST_AUTO_TEST_CASE(other_formats_are_recognised) {
  check_open<InputError>("table.csv", {"comma-separated", "scripts/make_snapshot.py"});
  check_open<InputError>("table.tsv", {"tab-separated", "scripts/make_snapshot.py"});
  check_open<InputError>("table.sav", {"SPSS", "scripts/make_snapshot.py"});
  check_open<InputError>("noise.h5", {"is not an HDF5 file"});
  check_open<InputError>("empty.h5", {"is empty"});
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_off) {
  check_open<IoError>("truncated.h5", {"is truncated"});
  check_open<IoError>("signature_only.h5", {"is damaged"});
}

BOOST_AUTO_TEST_CASE(files_of_merit_itself) {
  check_open<InputError>("result.h5", {"merit-result", "merit summarize"});
  check_open<InputError>("future.h5", {"version 2", "up to 1"});
}

BOOST_AUTO_TEST_CASE(no_table_there) {
  check_open<DataError>("many_tables.h5",
                        {"has no /data", "--table", "/study/people (group of datasets)"});
  check_open<DataError>("no_columns.h5", {"has no columns"});
  check_open<DataError>("scalar_table.h5", {"/data", "float64", "group of columns"});
  BOOST_CHECK_EXCEPTION(open_snapshot(python_files() / "people.h5", "/data/y"),
                        DataError,
                        mentions({"/data/y", "float64"}));
}

BOOST_AUTO_TEST_CASE(a_column_is_wrong_only_for_those_who_use_it) {
  const auto table = open_snapshot(python_files() / "odd_columns.h5");
  BOOST_TEST(table->num_rows() == 4);
  BOOST_TEST(same(column(*table, "x"), {0, 1, 2, 3}));
  BOOST_TEST(same(column(*table, "alias"), {0, 1, 2, 3}));
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {"shorter", "has 3 rows where the table has 4"},
      {"matrix", "shape 4 × 2"},
      {"scalar", "single value"},
      {"complex", "compound"},
      {"opaque", "opaque"},
      {"reference", "reference"},
      {"lists", "sequence"},
      {"half_float", "float16"},
      {"unwritten", "never written"},
      {"hole", "only 1 of 2 parts"},
      {"lzf", "lzf"},
      {"dangling", "not there"},
      {"circular", "not there"},
      {"elsewhere", "outside the file"},
      {"outside", "another file"},
      {"virtual", "virtual"}};
  for (const auto& [name, words] : wrong) {
    check_column("odd_columns.h5", name, {words});
    BOOST_CHECK_THROW(table->levels(index_of(*table, name)), DataError);
  }
}

BOOST_AUTO_TEST_CASE(codes_and_categories_that_do_not_match) {
  check_column("bad_categories.h5", "beyond", {"row 3", "code 2", "2 categories"});
  check_column("bad_categories.h5", "below", {"row 2", "code -2"});
  check_column("bad_categories.h5", "absent", {"is not there"});
  const auto table = open_snapshot(python_files() / "bad_categories.h5");
  BOOST_CHECK_EXCEPTION(table->levels(index_of(*table, "twice")),
                        DataError,
                        mentions({"column twice", "\"a\" twice"}));
  BOOST_TEST((texts(*table, "whole") == Texts{"2017", "2019", "2019"}));
}

BOOST_AUTO_TEST_CASE(integers_that_no_double_holds) {
  check_column("big_integers.h5", "inexact", {"row 2", "9007199254740993"});
  check_column("big_integers.h5", "unsigned", {"row 3", "18446744073709551615"});
}

BOOST_AUTO_TEST_CASE(sizes_that_cannot_be_true) {
  check_open<DataError>("lies.h5", {"1152921504606846976 rows", "were written"});
}

BOOST_AUTO_TEST_CASE(damage_found_while_reading) {
  check_column<IoError>("damaged_chunk.h5", "count", {"is damaged"});
  check_column<IoError>("damaged_text.h5", "name", {"is damaged"});
  BOOST_TEST(column(*open_snapshot(python_files() / "damaged_text.h5"), "y")[1] == 1.0);
}

BOOST_AUTO_TEST_CASE(damage_that_the_hdf5_library_does_not_survive) {
  // HDF5 1.10 loops for ever over a heap whose objects have no size, and copies what a heap
  // of impossible size does not hold. Newer versions may find it; then they say so.
  for (const char* name : {"endless_heap.h5", "huge_text.h5"}) {
    check_open<IoError>(name, {"is damaged"});
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_shrinks_while_it_is_read) {
  const std::string path = python_files() / "shrinking.h5";
  std::filesystem::copy_file(python_files() / "chunked.h5", path);
  const auto table = open_snapshot(path);
  std::filesystem::resize_file(path, 100'000);
  BOOST_CHECK_EXCEPTION(column(*table, "plain"), IoError, mentions({"plain", "cut off"}));
}

BOOST_AUTO_TEST_CASE(a_task_that_crashes_harms_nobody) {
  const auto run = [](const std::function<std::string()>& task) {
    return run_isolated("x.h5", 1, task);
  };
  BOOST_TEST(run([] { return std::string(100'000, 'a'); }) == std::string(100'000, 'a'));
  BOOST_TEST(run([] { return std::string(); }).empty());
  BOOST_CHECK_EXCEPTION(run([]() -> std::string { throw DataError("no y"); }),
                        DataError,
                        mentions({"no y"}));
  BOOST_CHECK_EXCEPTION(run([]() -> std::string { throw std::bad_alloc(); }),
                        IoError,
                        mentions({"x.h5", "memory"}));
  BOOST_CHECK_EXCEPTION(run([]() -> std::string { std::abort(); }),
                        IoError,
                        mentions({"x.h5", "signal 6"}));
  const auto compute_for_ever = []() -> std::string {
    while (std::clock() >= 0) {
    }
    return {};
  };
  BOOST_CHECK_EXCEPTION(run(compute_for_ever), IoError, mentions({"x.h5", "too long"}));
}

BOOST_AUTO_TEST_CASE(signals_to_a_task_are_not_taken_for_damage) {
  // A terminal and a scheduler send them to the task's process too.
  const auto send_self = [](std::initializer_list<int> signals) {
    return run_isolated("x.h5", 1, [signals] {
      for (const int signal : signals)
        ::kill(::getpid(), signal);
      return std::string("done");
    });
  };
  BOOST_TEST(send_self({SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP}) == "done");
  BOOST_CHECK_EXCEPTION(send_self({SIGKILL}), IoError, [](const IoError& e) {
    return dynamic_cast<const CrashError*>(&e) == nullptr &&
           mentions({"x.h5", "was killed"})(e);
  });
}

BOOST_AUTO_TEST_SUITE_END()
