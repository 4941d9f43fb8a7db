// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "io/result_store.hpp"

/// A small result file whose every value is known, for the tests of result files.
namespace merit::example {

namespace fs = std::filesystem;

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

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
inline ResultContents example_contents() {
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
  contents.session = {.started = "2026-01-02T03:04:05Z",
                      .host = "node1",
                      .batch_job = "slurm 7",
                      .ranks = 2,
                      .threads = 8,
                      .seconds = 1000.0};
  return contents;
}

/// Replicates [first, first + count) of the example; number 1 is on the boundary, 3 failed.
inline ReplicateRows example_rows(std::int64_t first, std::int64_t count) {
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

inline void write_blocks(ResultWriter& writer, const std::vector<std::int64_t>& blocks) {
  for (const std::int64_t block : blocks) {
    const std::int64_t first = 4 * block;
    writer.write_block(first, example_rows(first, std::min<std::int64_t>(4, 10 - first)));
  }
}

inline void write_example(const std::string& path,
                          const std::vector<std::int64_t>& order,
                          double seconds = 1000.0) {
  ResultContents contents = example_contents();
  contents.session.seconds = seconds;
  ResultWriter writer(path, contents, false);
  write_blocks(writer, order);
  writer.finish();
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

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace merit::example
