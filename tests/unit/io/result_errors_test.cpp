// SPDX-License-Identifier: MIT
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/error.hpp"
#include "io/hdf5.hpp"
#include "tests/unit/io/example_result.hpp"

using namespace merit;
using namespace merit::example;

BOOST_AUTO_TEST_SUITE(result_errors)

BOOST_AUTO_TEST_CASE(an_output_that_exists_is_kept_unless_it_may_be_replaced) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  write_example(path, {0, 1, 2});
  const auto refused = [&] { ResultWriter writer(path, example_contents(), false); };
  BOOST_TEST(
      has(error_of<UsageError>(refused), "out.h5: exists; --overwrite replaces it"));

  {
    ResultWriter writer(path, example_contents(), true);
    BOOST_TEST(!fs::exists(path));
  }
  BOOST_TEST(has(error_of<UsageError>(refused), "unfinished job"));
  BOOST_TEST(
      has(error_of<UsageError>([&] { check_output(path, false); }), "out.h5.parts"));
  check_resumable(path);
  ResultWriter writer(path, example_contents(), true);
  write_blocks(writer, {0, 1, 2});
  writer.finish();
  BOOST_TEST(open_result(path).complete());
}

BOOST_AUTO_TEST_CASE(misuse_is_a_logic_error) {
  const Scratch scratch;
  ResultWriter writer(scratch / "out.h5", example_contents(), false);
  BOOST_CHECK_THROW(writer.write_block(1, example_rows(1, 4)), std::logic_error);
  BOOST_CHECK_THROW(writer.write_block(8, example_rows(8, 4)), std::logic_error);
  BOOST_CHECK_THROW(writer.write_block(12, example_rows(12, 4)), std::logic_error);
  BOOST_CHECK_THROW(writer.finish(), std::logic_error);
}

BOOST_AUTO_TEST_CASE(places_that_cannot_be_written_are_named) {
  const Scratch scratch;
  BOOST_TEST(has(error_of<IoError>([&] { check_output(scratch / "no/out.h5", false); }),
                 "no does not exist"));
  BOOST_TEST(has(error_of<IoError>([&] { check_output(scratch / "", true); }),
                 "is a directory"));
  BOOST_TEST(has(error_of<IoError>([&] {
                   check_output("/proc/out.h5", false);
                   ResultWriter writer("/proc/out.h5", example_contents(), false);
                 }),
                 "/proc/out.h5"));
}

// A limit on file sizes stands in for a full disk: the same calls fail, with EFBIG.
BOOST_AUTO_TEST_CASE(want_of_room_is_told_before_the_job_and_leaves_nothing) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  ResultContents contents = example_contents();
  contents.replicates->num_replicates = 1'000'000;
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 10'000'000;
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string message =
      error_of<IoError>([&] { ResultWriter writer(path, contents, false); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  BOOST_TEST(has(message, "out.h5.parts/rank0.h5.new: no room for its 59."), message);
  BOOST_TEST(has(message, "File too large"), message);
  BOOST_TEST(!fs::exists(path + ".parts"));
}

// A real one: a file system of 1 MB in memory, seen by a child process alone. Needs the right
// to mount in a namespace of one's own, which some systems deny.
BOOST_AUTO_TEST_CASE(a_full_disk_is_named) {
  const Scratch scratch;
  constexpr int kCannotMount = 77;
  std::cout.flush();  // else the child says it again
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string disk = scratch / "";
    if ((::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
        ::mount("none", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
      ::_exit(kCannotMount);
    }
    ResultContents contents = example_contents();
    contents.replicates->num_replicates = 1'000'000;
    std::string message;
    try {
      ResultWriter writer(scratch / "out.h5", contents, false);
    } catch (const IoError& error) {
      message = error.what();
    }
    const bool told = has(message, "out.h5.parts/rank0.h5.new: no room for its 59.") &&
                      has(message, "No space left on device (") &&
                      has(message, " free); choose another --output");
    const bool clean = fs::is_empty(disk);
    std::exit(told && clean ? 0 : 1);  // with HDF5's clean-up, which must not crash
  }
  int status = 0;
  BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST_REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kCannotMount) {
    BOOST_TEST_MESSAGE("no right to mount: a full disk is not tested");
    return;
  }
  BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_CASE(files_that_are_no_results_are_refused) {
  const Scratch scratch;
  BOOST_TEST(has(error_of<InputError>([&] { open_result(scratch / "none.h5"); }),
                 "none.h5: no such file"));
  {
    hdf5::File file = hdf5::File::create(scratch / "plain.h5");
    file.root().set_attribute("format", std::string("merit-snapshot"));
    file.close();
  }
  BOOST_TEST(has(error_of<InputError>([&] { open_result(scratch / "plain.h5"); }),
                 "its attribute format is \"merit-snapshot\"; expected merit-result"));

  const std::string path = scratch / "newer.h5";
  write_example(path, {0, 1, 2});
  {
    hdf5::File file = hdf5::File::open(path, hdf5::Access::read_write);
    file.root().set_attribute("format_version", kResultFormatVersion + 1);
    file.close();
  }
  BOOST_TEST(has(error_of<IoError>([&] { open_result(path); }),
                 "has result format 3; this merit reads formats 1 to 2"));
}

BOOST_AUTO_TEST_CASE(damaged_shapes_are_errors_not_crashes) {
  const Scratch scratch;
  const auto damage = [&](const std::string& name, const auto& change) {
    const std::string path = scratch / name;
    write_example(path, {0, 1, 2});
    {
      hdf5::File file = hdf5::File::open(path, hdf5::Access::read_write);
      change(file.root().group("replicates"));
      file.close();
    }
    return error_of<IoError>([&] { open_result(path); });
  };
  const auto replace = [](hdf5::Group group, const char* name, std::int64_t rows) {
    group.remove(name);
    hdf5::Layout layout;
    layout.shape = {rows};
    group.create_dataset<std::uint8_t>(name, layout);
  };
  BOOST_TEST(has(damage("a", [&](hdf5::Group g) { replace(std::move(g), "status", 9); }),
                 "its shape is 9; expected 10"));
  BOOST_TEST(has(damage("b", [&](hdf5::Group g) { replace(std::move(g), "status", 10); }),
                 "a part of its values is missing"));
  BOOST_TEST(has(
      damage("c", [&](hdf5::Group g) { g.set_attribute("block_rows", std::int64_t{0}); }),
      "blocks without rows"));
  BOOST_TEST(has(damage("d",
                        [&](hdf5::Group g) {
                          g.set_attribute("block_rows",
                                          std::numeric_limits<std::int64_t>::max());
                        }),
                 "committed: damaged: its shape is 3; expected 1"));
  BOOST_TEST(has(damage("e", [&](hdf5::Group g) { g.remove("log_likelihood"); }),
                 "log_likelihood"));
}

BOOST_AUTO_TEST_CASE(jobs_that_differ_say_in_what) {
  const JobDescription stored = {{"seed", std::int64_t{1}}, {"old", true}, {"same", 0.5}};
  const JobDescription given = {
      {"seed", std::int64_t{2}}, {"same", 0.5}, {"new", std::string("x")}};
  const std::vector<JobDifference> got = differences(stored, given);
  BOOST_TEST_REQUIRE(got.size() == 3U);
  BOOST_TEST(got[0].field == "seed");
  BOOST_TEST(got[0].stored == "1");
  BOOST_TEST(got[0].given == "2");
  BOOST_TEST(got[1].field == "new");
  BOOST_TEST(got[1].stored.empty());
  BOOST_TEST(got[2].field == "old");
  BOOST_TEST(got[2].given.empty());
}

BOOST_AUTO_TEST_SUITE_END()
