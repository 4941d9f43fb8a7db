// SPDX-License-Identifier: MIT
#include "io/result_store.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <type_traits>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/error.hpp"
#include "io/job_lock.hpp"
#include "io/part_file.hpp"
#include "io/result_paths.hpp"

namespace merit {
namespace {

namespace fs = std::filesystem;

std::string text_of(const AttributeValue& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>) return v;
        return fmt::format("{}", v);
      },
      value);
}

const AttributeValue* find(const JobDescription& job, const std::string& field) {
  const auto it = std::find_if(
      job.begin(), job.end(), [&](const Attribute& a) { return a.first == field; });
  return it == job.end() ? nullptr : &it->second;
}

/// Numbers; of texts their length, the text and its address.
std::int64_t bytes_of(const StoredTable& table) {
  std::int64_t bytes = 0;
  for (const auto& [name, column] : table.columns) {
    bytes += 8 * static_cast<std::int64_t>(table.num_rows());
    const auto* texts = std::get_if<std::vector<std::string>>(&column);
    if (texts == nullptr) continue;
    for (const std::string& text : *texts)
      bytes += 5 * 8 + std::ssize(text);
  }
  return bytes;
}

}  // namespace

std::vector<JobDifference> differences(const JobDescription& stored,
                                       const JobDescription& given) {
  std::vector<JobDifference> out;
  for (const auto& [field, value] : given) {
    const AttributeValue* other = find(stored, field);
    if (other != nullptr && *other == value) continue;
    out.push_back({field, other == nullptr ? "" : text_of(*other), text_of(value)});
  }
  for (const auto& [field, value] : stored) {
    if (find(given, field) == nullptr) out.push_back({field, text_of(value), ""});
  }
  return out;
}

std::vector<std::string> estimate_columns(const StoredFit& fit) {
  const auto compares = [](const TestResult& test) { return test.kind == "null"; };
  if (std::any_of(fit.tests.begin(), fit.tests.end(), compares)) return {"LRT"};
  std::vector<std::string> columns = fit.terms;
  columns.emplace_back("sd__(Intercept)");
  if (fit.fit.has_sigma()) columns.emplace_back("sd__Observation");
  return columns;
}

std::int64_t expected_bytes(const ResultContents& contents) {
  constexpr std::int64_t kMetadata = std::int64_t{288} << 10;
  constexpr std::int64_t kWord = 8;
  const StoredFit& fit = contents.fit;
  const std::int64_t p = std::ssize(fit.terms);
  std::int64_t bytes = kMetadata + kWord * p * (p + 2);
  if (fit.delete_one) bytes += kWord * std::ssize(fit.delete_one->estimate);
  if (contents.study) bytes += std::ssize(*contents.study);
  for (const StoredTable& table : contents.tables)
    bytes += bytes_of(table);
  if (contents.posterior) {
    const StoredPosterior& posterior = *contents.posterior;
    for (const auto* tables : {&posterior.loo, &posterior.ppc, &posterior.summary}) {
      for (const StoredTable& table : *tables)
        bytes += bytes_of(table);
    }
  }
  for (const std::string& level : fit.group_level) {
    // Size, mode, sd; the text, its length and its address.
    bytes += 3 * kWord + 6 * kWord + std::ssize(level);
  }
  for (const std::string& stratum : fit.group_stratum)
    bytes += 6 * kWord + std::ssize(stratum);
  if (contents.replicates) {
    const ReplicatePlan& plan = *contents.replicates;
    std::int64_t values = std::ssize(estimate_columns(fit));
    if (contents.posterior) {
      values = std::ssize(contents.posterior->columns);
      for (const std::string& column : contents.posterior->columns)
        bytes += 6 * kWord + std::ssize(column);
    }
    const std::int64_t with_errors = plan.keep_sd_errors ? values : p;
    const std::int64_t inner_shares =
        plan.keep_inner_shares ? values + plan.num_inner_quantities : 0;
    const std::int64_t columns = values + (plan.keep_std_errors ? with_errors : 0) +
                                 plan.num_quantity_errors + inner_shares + 1;
    bytes += plan.num_rows() * (columns * kWord + 1) + plan.blocks().count * (1 + kWord);
  }
  return bytes;
}

BlockRange ReplicatePlan::blocks() const {
  return local_range(
      num_blocks(), static_cast<int>(shard.index - 1), static_cast<int>(shard.count));
}

BlockRange ReplicatePlan::rows(BlockRange blocks) const {
  if (blocks.count == 0) return {};
  const std::int64_t first = blocks.first * block_rows;
  // Written so that a block_rows near 2⁶³ cannot overflow.
  const bool last = blocks.end() == num_blocks();
  return {first, (last ? num_replicates : blocks.end() * block_rows) - first};
}

void check_resumable(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw IoError(path + ": is a directory; --output names a file");
  }
  check_not_in_use(path);
  const std::string parent = fs::path(path).parent_path().string();
  const std::string directory = parent.empty() ? "." : parent;
  if (!fs::is_directory(directory, ignored)) {
    throw IoError(path + ": its directory " + directory + " does not exist");
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    throw IoError(fmt::format("{}: cannot be written: directory {}: {}",
                              path,
                              directory,
                              os_reason(errno, path)));
  }
}

void check_output(const std::string& path, bool overwrite) {
  std::error_code ignored;
  if (!overwrite && fs::is_regular_file(path, ignored)) {
    throw UsageError(path + ": exists; --overwrite replaces it");
  }
  if (fs::is_regular_file(path, ignored) && fs::file_size(path, ignored) > 0 &&
      !is_result_file(path)) {
    throw UsageError(path +
                     ": is not a result file of merit's, so --overwrite leaves it alone: "
                     "remove it, or choose another name");
  }
  check_resumable(path);
  if (!overwrite && fs::exists(part_path(path), ignored)) {
    throw UsageError(
        fmt::format("{}: an unfinished job's results are in {}; --resume goes "
                    "on with them, --overwrite replaces them",
                    path,
                    parts_directory(path)));
  }
}

}  // namespace merit
