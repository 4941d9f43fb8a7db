// SPDX-License-Identifier: MIT
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/io/example_result.hpp"

using namespace merit;
using namespace merit::example;

BOOST_AUTO_TEST_SUITE(result_store)

namespace {

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
  BOOST_TEST(differences(result.job(), example_contents().job).empty());
  BOOST_TEST(result.provenance().size() ==
             5U);  // host, ranks; finished, seconds, sessions
  BOOST_TEST_REQUIRE(result.sessions().size() == 1U);
  const Session& session = result.sessions()[0];
  BOOST_TEST(session.started == "2026-01-02T03:04:05Z");
  BOOST_TEST(session.finished.size() == session.started.size());
  BOOST_TEST(session.batch_job == "slurm 7");
  BOOST_TEST(session.threads == 8);
  BOOST_TEST(session.replicates == 10);
  BOOST_TEST(session.seconds >= 1000.0);

  const StoredFit want = example_contents().fit;
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
  write_example(scratch / "a.h5", {0, 1, 2}, 1000.0);
  write_example(scratch / "b.h5", {2, 1, 0}, 99.0);
  const auto same = [&](const std::string& a, const std::string& b) {
    return run(std::string(MERIT_PYTHON) + " '" + test_file("tools/h5same.py") + "' " +
               a + " '" + (scratch / b) + "' > '" + (scratch / "log") + "'");
  };
  BOOST_TEST(same("'" + (scratch / "a.h5") + "'", "b.h5") == 0);
  BOOST_TEST(same("--all '" + (scratch / "a.h5") + "'", "b.h5") != 0);

  ResultContents other = example_contents();
  other.job[1].second = std::int64_t{-6};
  ResultWriter writer(scratch / "c.h5", other, false);
  write_blocks(writer, {0, 1});
  ReplicateRows last = example_rows(8, 2);
  last.estimate[3] = std::nextafter(last.estimate[3], 0.0);
  writer.write_block(8, last);
  writer.finish();
  BOOST_TEST(same("'" + (scratch / "a.h5") + "'", "c.h5") != 0);
  std::ifstream log(scratch / "log");
  const std::string text((std::istreambuf_iterator<char>(log)), {});
  BOOST_TEST(has(text, "/job attribute seed"));
  BOOST_TEST(has(text, "/replicates/estimate: values differ"));
}

/// A job that turns out to need more replicates.
BOOST_AUTO_TEST_CASE(an_extended_file_is_that_of_all_replicates_at_once) {
  const Scratch scratch;
  write_example(scratch / "whole.h5", {0, 1, 2});
  const std::string path = scratch / "out.h5";
  ResultContents contents = example_contents();
  contents.replicates->num_replicates = 4;
  {
    ResultWriter writer(path, contents, false);
    write_blocks(writer, {0});
    contents.replicates->num_replicates = 8;
    writer.extend(contents);
    BOOST_TEST(writer.num_replicates() == 4);
    BOOST_CHECK_THROW(writer.extend(contents), std::logic_error);  // a block is missing
    write_blocks(writer, {1});
    writer.sync();
  }
  contents.replicates->num_replicates = 8;
  ResultWriter writer = ResultWriter::resume(path, contents);
  contents = example_contents();
  writer.extend(contents);
  BOOST_TEST(open_result(path).num_committed() == 8);
  write_blocks(writer, {2});
  writer.finish();
  BOOST_TEST(!fs::exists(path + ".parts"));
  BOOST_TEST(run(std::string(MERIT_PYTHON) + " '" + test_file("tools/h5same.py") + "' '" +
                 (scratch / "whole.h5") + "' '" + path + "'") == 0);
  const ResultFile result = open_result(path);
  BOOST_TEST(result.damaged_blocks().empty());
  BOOST_TEST_REQUIRE(result.sessions().size() == 2U);
  BOOST_TEST(result.sessions()[0].replicates == 8);
  BOOST_TEST(result.sessions()[1].replicates == 2);
}

BOOST_AUTO_TEST_CASE(an_unfinished_file_shows_its_committed_blocks) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  {
    ResultWriter writer(path, example_contents(), false);
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
    ResultWriter writer(path, example_contents(), false);
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
  ResultContents contents = example_contents();
  contents.command = "fit";
  contents.replicates.reset();
  contents.fit.rows_dropped.clear();
  contents.fit.inference = {.df_method = DfMethod::kenward_roger,
                            .vcov_method = VcovMethod::model,
                            .vcov = Eigen::Matrix2d{{5.0, 0.25}, {0.25, 10.0}},
                            .df = Eigen::Vector2d(4.5, kNaN)};
  contents.fit.tests = {{.kind = "contrast",
                         .hypothesis = "größe = 1",
                         .method = "Kenward-Roger",
                         .estimate = -2.5,
                         .null_value = 1.0,
                         .std_error = 3.0,
                         .statistic = 1.25,
                         .num_df = 1.0,
                         .den_df = 4.5,
                         .p_value = 0.3},
                        {.kind = "contrast",
                         .hypothesis = "all",
                         .method = "normal",
                         .estimate = {},
                         .null_value = {},
                         .std_error = {},
                         .statistic = 2.5,
                         .num_df = 2.0,
                         .den_df = {},
                         .p_value = 0.125}};
  ResultWriter writer(scratch / "fit.h5", contents, false);
  writer.finish();
  const ResultFile result = open_result(scratch / "fit.h5");
  BOOST_TEST(result.complete());
  BOOST_TEST(!result.replicates());
  BOOST_TEST(result.columns().empty());
  BOOST_TEST(result.num_committed() == 0);
  BOOST_TEST(result.statuses().empty());
  BOOST_TEST(result.estimate_column(0).empty());
  BOOST_TEST((result.fit().fit.beta == contents.fit.fit.beta));

  const CoefficientInference& inference = *result.fit().inference;
  BOOST_TEST((inference.df_method == DfMethod::kenward_roger));
  BOOST_TEST((inference.vcov_method == VcovMethod::model));
  BOOST_TEST((inference.vcov == contents.fit.inference->vcov));
  BOOST_TEST(inference.df[0] == 4.5);
  BOOST_TEST(std::isnan(inference.df[1]));
  const std::vector<TestResult>& tests = result.fit().tests;
  BOOST_TEST_REQUIRE(tests.size() == 2U);
  BOOST_TEST(tests[0].kind == "contrast");
  BOOST_TEST(tests[0].hypothesis == "größe = 1");
  BOOST_TEST(tests[0].method == "Kenward-Roger");
  BOOST_TEST(tests[0].statistic_name == "F");
  BOOST_TEST(*tests[0].estimate == -2.5);
  BOOST_TEST(*tests[0].null_value == 1.0);
  BOOST_TEST(*tests[0].std_error == 3.0);
  BOOST_TEST(tests[0].statistic == 1.25);
  BOOST_TEST(*tests[0].num_df == 1.0);
  BOOST_TEST(*tests[0].den_df == 4.5);
  BOOST_TEST(tests[0].p_value == 0.3);
  BOOST_TEST(!tests[1].estimate);
  BOOST_TEST(!tests[1].den_df);
}

BOOST_AUTO_TEST_CASE(without_coefficients_there_are_still_two_columns) {
  const Scratch scratch;
  ResultContents contents = example_contents();
  contents.fit.terms.clear();
  contents.fit.fit.beta.resize(0);
  contents.fit.fit.vcov.resize(0, 0);
  contents.replicates->num_replicates = 1;
  ResultWriter writer(scratch / "out.h5", contents, false);
  ReplicateRows rows;
  rows.resize(1, 2, 0);
  rows.estimate = {1.0, 2.0};
  writer.write_block(0, rows);
  writer.finish();
  const ResultFile result = open_result(scratch / "out.h5");
  BOOST_TEST(result.estimate_column(1)[0] == 2.0);
  BOOST_TEST(!result.replicates()->keep_std_errors);
}

BOOST_AUTO_TEST_CASE(finishing_does_not_mind_a_reader) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  ResultWriter writer(path, example_contents(), false);
  write_blocks(writer, {0, 1, 2});
  const ResultFile reader = open_result(path);  // holds HDF5's lock
  writer.finish();
  BOOST_TEST(open_result(path).complete());
  BOOST_TEST(!fs::exists(path + ".parts"));
  BOOST_TEST(reader.estimate_column(0)[0] == 0.1);
}

// Aimed at: 1 GB/s to the page cache. The bound is that of writing value by value; a busy
// machine or a slow disk must not fail the test.
BOOST_AUTO_TEST_CASE(whole_blocks_are_written_fast) {
  const Scratch scratch;
  ResultContents contents = example_contents();
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
  writer.finish();
  const ResultFile result = open_result(scratch / "out.h5");
  BOOST_TEST(result.num_committed() == kBlocks * kBlockRows);
  BOOST_TEST(result.estimate_column(1)[static_cast<std::size_t>(7 * kBlockRows)] == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
