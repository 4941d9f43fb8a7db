// SPDX-License-Identifier: MIT
#include "io/result_store.hpp"

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/error.hpp"
#include "io/hdf5.hpp"

using namespace merit;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(result_store)

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A directory of its own for each test.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "merit-result-XXXXXX").string();
    BOOST_TEST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
  }
  ~Scratch() { fs::remove_all(directory_); }
  std::string operator/(const std::string& name) const {
    return (directory_ / name).string();
  }

 private:
  fs::path directory_;
};

/// What read_result.py and read_result.R expect to find.
ResultContents example() {
  ResultContents contents;
  contents.command = "bootstrap";
  contents.job = {{"formula", std::string("y ~ größe + (1 | school)")},
                  {"seed", std::int64_t{-5}},
                  {"where", std::string()},
                  {"drop_collinear", false},
                  {"level", 0.95}};
  StoredFit& stored = contents.fit;
  stored.terms = {"(Intercept)", "größe"};
  stored.fit.criterion = Criterion::ml;
  stored.fit.beta = Eigen::Vector2d(1.5, -2.5);
  stored.fit.vcov = Eigen::Matrix2d{{4.0, 0.5}, {0.5, 9.0}};
  stored.fit.sigma = 3.0;
  stored.fit.tau = 0.75;
  stored.fit.log_likelihood = -123.25;
  stored.fit.converged = true;
  stored.fit.iterations = 7;
  stored.fit.gradient = 1e-9;
  stored.fit.message = "a message";
  stored.num_obs = 60;
  stored.rows_read = 65;
  stored.rows_excluded_by_where = 3;
  stored.rows_dropped = {{"größe", 2}, {"y", 0}};
  stored.group = "school";
  stored.group_level = {"a", "", "ç"};
  stored.group_size = {10, 20, 30};
  stored.modes.mode = Eigen::Vector3d(0.25, -0.5, 0.25);
  stored.modes.sd = Eigen::Vector3d(0.5, 0.25, 0.125);
  contents.replicates = {.num_replicates = 10, .block_rows = 4, .keep_std_errors = true};
  contents.provenance = {{"host", std::string("node1")}, {"ranks", std::int64_t{2}}};
  return contents;
}

/// Replicates [first, first + count) of the example; number 1 is on the boundary, 3 failed.
ReplicateRows example_rows(std::int64_t first, std::int64_t count) {
  ReplicateRows rows;
  rows.resize(count, 4, 2);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t r = first + i;
    const auto number = static_cast<double>(r);
    const auto row = static_cast<std::size_t>(i);
    for (std::size_t c = 0; c < 4; ++c) {
      rows.estimate[row * 4 + c] =
          r == 3 ? kNaN : 100.0 * number + static_cast<double>(c) + 0.1;
    }
    rows.std_error[row * 2] = number + 0.25;
    rows.std_error[row * 2 + 1] = number + 1.25;
    rows.log_likelihood[row] = -number;
    rows.status[row] = static_cast<std::uint8_t>(r == 3   ? ReplicateStatus::collinear
                                                 : r == 1 ? ReplicateStatus::boundary
                                                          : ReplicateStatus::ok);
  }
  return rows;
}

void write_blocks(ResultWriter& writer, const std::vector<std::int64_t>& blocks) {
  for (const std::int64_t block : blocks) {
    const std::int64_t first = 4 * block;
    writer.write_block(first, example_rows(first, std::min<std::int64_t>(4, 10 - first)));
  }
}

void write_example(const std::string& path,
                   const std::vector<std::int64_t>& order,
                   double seconds = 1.5) {
  ResultWriter writer(path, example(), false);
  write_blocks(writer, order);
  writer.finish({{"seconds", seconds}});
}

/// What an action's error says; fails unless it throws `Expected`.
template <class Expected, class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  }
  BOOST_ERROR("no error of the expected kind");
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string test_file(const std::string& name) {
  return std::string(MERIT_TEST_DATA) + "/" + name;
}

int run(const std::string& command) {
  return std::system(command.c_str());
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_written_is_read) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  write_example(path, {2, 0, 1});
  BOOST_TEST(fs::exists(path));
  BOOST_TEST(!fs::exists(path + ".parts"));

  const ResultFile result = open_result(path);
  BOOST_TEST(result.path() == path);
  BOOST_TEST(result.command() == "bootstrap");
  BOOST_TEST(result.complete());
  BOOST_TEST(differences(result.job(), example().job).empty());
  BOOST_TEST(result.provenance().size() == 3U);

  const StoredFit want = example().fit;
  const StoredFit& got = result.fit();
  BOOST_TEST(got.terms == want.terms, boost::test_tools::per_element());
  BOOST_TEST((got.fit.criterion == Criterion::ml));
  BOOST_TEST((got.fit.beta == want.fit.beta));
  BOOST_TEST((got.fit.vcov == want.fit.vcov));
  BOOST_TEST(got.fit.sigma == 3.0);
  BOOST_TEST(got.fit.tau == 0.75);
  BOOST_TEST(got.fit.log_likelihood == -123.25);
  BOOST_TEST(got.fit.converged);
  BOOST_TEST(!got.fit.on_boundary);
  BOOST_TEST(got.fit.iterations == 7);
  BOOST_TEST(got.fit.gradient == 1e-9);
  BOOST_TEST(got.fit.message == "a message");
  BOOST_TEST(got.num_obs == 60);
  BOOST_TEST(got.rows_read == 65);
  BOOST_TEST(got.rows_excluded_by_where == 3);
  BOOST_TEST((got.rows_dropped == want.rows_dropped));
  BOOST_TEST(got.group == "school");
  BOOST_TEST(got.group_level == want.group_level, boost::test_tools::per_element());
  BOOST_TEST(got.group_size == want.group_size, boost::test_tools::per_element());
  BOOST_TEST((got.modes.mode == want.modes.mode));
  BOOST_TEST((got.modes.sd == want.modes.sd));

  BOOST_TEST_REQUIRE(result.replicates().has_value());
  BOOST_TEST(result.replicates()->num_replicates == 10);
  BOOST_TEST(result.replicates()->block_rows == 4);
  BOOST_TEST(result.replicates()->keep_std_errors);
  BOOST_TEST(result.columns()[3] == "sd__Observation");
  BOOST_TEST(result.num_committed() == 10);
  const std::vector<double> tau = result.estimate_column(2);
  BOOST_TEST_REQUIRE(tau.size() == 10U);
  BOOST_TEST(tau[9] == 902.1);
  BOOST_TEST(std::isnan(tau[3]));
  BOOST_TEST(result.statuses()[3] == 3);
  BOOST_TEST(result.log_likelihoods()[8] == -8.0);
  const std::vector<std::size_t> wanted = {1};
  BOOST_TEST(result.std_error_columns(wanted)[0][5] == 6.25);
}

BOOST_AUTO_TEST_CASE(other_programs_read_it) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  write_example(path, {0, 1, 2});
  BOOST_TEST(run(std::string(MERIT_PYTHON) + " '" + test_file("unit/io/read_result.py") +
                 "' '" + path + "'") == 0);
  const char* rscript = std::getenv("MERIT_RSCRIPT");
  if (rscript == nullptr || *rscript == '\0') {
    BOOST_TEST_MESSAGE("no Rscript with rhdf5: reading with R is not tested");
    return;
  }
  BOOST_TEST(run(std::string(rscript) + " --vanilla '" +
                 test_file("unit/io/read_result.R") + "' '" + path + "'") == 0);
}

BOOST_AUTO_TEST_CASE(only_provenance_depends_on_order_and_time) {
  const Scratch scratch;
  write_example(scratch / "a.h5", {0, 1, 2}, 1.5);
  write_example(scratch / "b.h5", {2, 1, 0}, 99.0);
  const auto same = [&](const std::string& a, const std::string& b) {
    return run(std::string(MERIT_PYTHON) + " '" + test_file("tools/h5same.py") + "' " +
               a + " '" + (scratch / b) + "' > '" + (scratch / "log") + "'");
  };
  BOOST_TEST(same("'" + (scratch / "a.h5") + "'", "b.h5") == 0);
  BOOST_TEST(same("--all '" + (scratch / "a.h5") + "'", "b.h5") != 0);

  ResultContents other = example();
  other.job[1].second = std::int64_t{-6};
  ResultWriter writer(scratch / "c.h5", other, false);
  write_blocks(writer, {0, 1});
  ReplicateRows last = example_rows(8, 2);
  last.estimate[3] = std::nextafter(last.estimate[3], 0.0);
  writer.write_block(8, last);
  writer.finish({{"seconds", 1.5}});
  BOOST_TEST(same("'" + (scratch / "a.h5") + "'", "c.h5") != 0);
  std::ifstream log(scratch / "log");
  const std::string text((std::istreambuf_iterator<char>(log)), {});
  BOOST_TEST(has(text, "/job attribute seed"));
  BOOST_TEST(has(text, "/replicates/estimate: values differ"));
}

BOOST_AUTO_TEST_CASE(an_unfinished_file_shows_its_committed_blocks) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  {
    ResultWriter writer(path, example(), false);
    BOOST_TEST(open_result(path).num_committed() == 0);
    BOOST_TEST(open_result(path).estimate_column(0).empty());
    write_blocks(writer, {2, 0});
    const ResultFile running = open_result(path);
    BOOST_TEST(!running.complete());
    BOOST_TEST(running.path() == path + ".parts/rank0.h5");
    BOOST_TEST(running.num_committed() == 6);
  }
  const ResultFile stopped = open_result(path);
  const std::vector<double> expected = {-0.0, -1.0, -2.0, -3.0, -8.0, -9.0};
  BOOST_TEST(stopped.log_likelihoods() == expected, boost::test_tools::per_element());
  BOOST_TEST(stopped.statuses().size() == 6U);
  BOOST_TEST(stopped.estimate_column(0)[5] == 900.1);
  BOOST_TEST(open_result(stopped.path()).num_committed() == 6);  // by its own name
}

BOOST_AUTO_TEST_CASE(a_killed_process_leaves_a_sound_file) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  const pid_t child = ::fork();
  if (child == 0) {
    ResultWriter writer(path, example(), false);
    write_blocks(writer, {1});
    ::raise(SIGKILL);
  }
  int status = 0;
  BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST_REQUIRE(WIFSIGNALED(status));
  const ResultFile result = open_result(path);
  BOOST_TEST(result.num_committed() == 4);
  BOOST_TEST(result.estimate_column(0)[0] == 400.1);
}

BOOST_AUTO_TEST_CASE(a_fit_alone_is_a_result) {
  const Scratch scratch;
  ResultContents contents = example();
  contents.command = "fit";
  contents.replicates.reset();
  contents.fit.rows_dropped.clear();
  ResultWriter writer(scratch / "fit.h5", contents, false);
  writer.finish({});
  const ResultFile result = open_result(scratch / "fit.h5");
  BOOST_TEST(result.complete());
  BOOST_TEST(!result.replicates());
  BOOST_TEST(result.columns().empty());
  BOOST_TEST(result.num_committed() == 0);
  BOOST_TEST(result.statuses().empty());
  BOOST_TEST(result.estimate_column(0).empty());
  BOOST_TEST((result.fit().fit.beta == contents.fit.fit.beta));
}

BOOST_AUTO_TEST_CASE(without_coefficients_there_are_still_two_columns) {
  const Scratch scratch;
  ResultContents contents = example();
  contents.fit.terms.clear();
  contents.fit.fit.beta.resize(0);
  contents.fit.fit.vcov.resize(0, 0);
  contents.replicates->num_replicates = 1;
  ResultWriter writer(scratch / "out.h5", contents, false);
  ReplicateRows rows;
  rows.resize(1, 2, 0);
  rows.estimate = {1.0, 2.0};
  writer.write_block(0, rows);
  writer.finish({});
  const ResultFile result = open_result(scratch / "out.h5");
  BOOST_TEST(result.estimate_column(1)[0] == 2.0);
  BOOST_TEST(!result.replicates()->keep_std_errors);
}

BOOST_AUTO_TEST_CASE(an_output_that_exists_is_kept_unless_it_may_be_replaced) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  write_example(path, {0, 1, 2});
  const auto refused = [&] { ResultWriter writer(path, example(), false); };
  BOOST_TEST(
      has(error_of<UsageError>(refused), "out.h5: exists; --overwrite replaces it"));

  {
    ResultWriter writer(path, example(), true);
    BOOST_TEST(!fs::exists(path));
  }
  BOOST_TEST(has(error_of<UsageError>(refused), "unfinished job"));
  BOOST_TEST(
      has(error_of<UsageError>([&] { check_output(path, false); }), "out.h5.parts"));
  ResultWriter writer(path, example(), true);
  write_blocks(writer, {0, 1, 2});
  writer.finish({});
  BOOST_TEST(open_result(path).complete());
}

BOOST_AUTO_TEST_CASE(finishing_does_not_mind_a_reader) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  ResultWriter writer(path, example(), false);
  write_blocks(writer, {0, 1, 2});
  const ResultFile reader = open_result(path);  // holds HDF5's lock
  writer.finish({});
  BOOST_TEST(open_result(path).complete());
  BOOST_TEST(!fs::exists(path + ".parts"));
  BOOST_TEST(reader.estimate_column(0)[0] == 0.1);
}

BOOST_AUTO_TEST_CASE(misuse_is_a_logic_error) {
  const Scratch scratch;
  ResultWriter writer(scratch / "out.h5", example(), false);
  BOOST_CHECK_THROW(writer.write_block(1, example_rows(1, 4)), std::logic_error);
  BOOST_CHECK_THROW(writer.write_block(8, example_rows(8, 4)), std::logic_error);
  BOOST_CHECK_THROW(writer.write_block(12, example_rows(12, 4)), std::logic_error);
  BOOST_CHECK_THROW(writer.finish({}), std::logic_error);
}

BOOST_AUTO_TEST_CASE(places_that_cannot_be_written_are_named) {
  const Scratch scratch;
  BOOST_TEST(has(error_of<IoError>([&] { check_output(scratch / "no/out.h5", false); }),
                 "no does not exist"));
  BOOST_TEST(has(error_of<IoError>([&] { check_output(scratch / "", true); }),
                 "is a directory"));
  BOOST_TEST(has(error_of<IoError>([&] {
                   check_output("/proc/out.h5", false);
                   ResultWriter writer("/proc/out.h5", example(), false);
                 }),
                 "/proc/out.h5"));
}

// A limit on file sizes stands in for a full disk: the same calls fail, with EFBIG.
BOOST_AUTO_TEST_CASE(want_of_room_is_told_before_the_job_and_leaves_nothing) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  ResultContents contents = example();
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
  BOOST_TEST(has(message, "out.h5.parts/rank0.h5: no room for its 57."), message);
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
    ResultContents contents = example();
    contents.replicates->num_replicates = 1'000'000;
    std::string message;
    try {
      ResultWriter writer(scratch / "out.h5", contents, false);
    } catch (const IoError& error) {
      message = error.what();
    }
    const bool told = has(message, "out.h5.parts/rank0.h5: no room for its 57.") &&
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
    file.root().set_attribute("format_version", std::int64_t{2});
    file.close();
  }
  BOOST_TEST(has(error_of<IoError>([&] { open_result(path); }),
                 "has result format 2; this merit reads formats 1 to 1"));
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

// Aimed at: 1 GB/s to the page cache. The bound is that of writing value by value; a busy
// machine or a slow disk must not fail the test.
BOOST_AUTO_TEST_CASE(whole_blocks_are_written_fast) {
  const Scratch scratch;
  ResultContents contents = example();
  contents.fit.terms.resize(11, "x");
  contents.fit.fit.beta.setZero(11);
  contents.fit.fit.vcov.setIdentity(11, 11);
  constexpr std::int64_t kBlocks = 200;
  constexpr std::int64_t kBlockRows = 4096;
  contents.replicates = {kBlocks * kBlockRows, kBlockRows, true};
  ReplicateRows rows;
  rows.resize(kBlockRows, 13, 11);
  std::iota(rows.estimate.begin(), rows.estimate.end(), 0.0);

  ResultWriter writer(scratch / "out.h5", contents, false);
  const auto start = std::chrono::steady_clock::now();
  std::thread other([&] {
    for (std::int64_t block = 1; block < kBlocks; block += 2) {
      writer.write_block(block * kBlockRows, rows);
    }
  });
  for (std::int64_t block = 0; block < kBlocks; block += 2) {
    writer.write_block(block * kBlockRows, rows);
  }
  other.join();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const double bytes = static_cast<double>(kBlocks * kBlockRows) * (25.0 * 8.0 + 1.0);
  BOOST_TEST_MESSAGE("written at " << bytes / seconds.count() / 1e9 << " GB/s");
  BOOST_TEST(bytes / seconds.count() > 2e7);
  writer.finish({});
  const ResultFile result = open_result(scratch / "out.h5");
  BOOST_TEST(result.num_committed() == kBlocks * kBlockRows);
  BOOST_TEST(result.estimate_column(1)[static_cast<std::size_t>(7 * kBlockRows)] == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
