// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/missing_shards.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"
#include "io/result_store.hpp"

namespace merit {
namespace {

/// "replicates 0 to 4,095", counted as the rows of the file are.
std::string replicates_text(const ReplicatePlan& plan, BlockRange blocks) {
  const BlockRange rows = plan.rows(blocks);
  return fmt::format("replicates {} to {}",
                     with_separators(rows.first),
                     with_separators(rows.end() - 1));
}

std::vector<ResultFile> open_shards(const std::vector<std::string>& paths) {
  std::vector<ResultFile> files;
  for (const std::string& path : paths) {
    if (std::count(paths.begin(), paths.end(), path) > 1)
      throw UsageError(path + ": is given twice: give it once");
    files.push_back(open_result(path));
    if (files.back().posterior()) {
      throw UsageError(path +
                       ": holds draws of merit sample, which has no shards; merge joins "
                       "shards of merit bootstrap");
    }
    if (!files.back().replicates()) {
      throw UsageError(path +
                       ": holds a fit without replicates; merge joins the shards of "
                       "merit bootstrap or simulate --shard");
    }
  }
  return files;
}

/// Bit by bit: what a model does not have is NaN.
template <class Matrix>
bool same_bits(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(),
                     b.data(),
                     sizeof(double) * static_cast<std::size_t>(a.size())) == 0;
}

bool same_fit(const StoredFit& a, const StoredFit& b) {
  const auto numbers = [](const FitResult& fit) {
    return Eigen::Vector3d(fit.sigma, fit.tau, fit.log_likelihood);
  };
  return a.terms == b.terms && same_bits(a.fit.beta, b.fit.beta) &&
         same_bits(a.fit.vcov, b.fit.vcov) && same_bits(numbers(a.fit), numbers(b.fit));
}

/// @throws UsageError if they are not all of the first one's job
void check_one_job(const std::vector<ResultFile>& files) {
  const ResultFile& first = files.front();
  for (const ResultFile& file : files) {
    if (file.command() != first.command()) {
      throw UsageError(
          fmt::format("{}: is of merit {}, and {} of merit {}; merge joins "
                      "shards of one job",
                      file.path(),
                      file.command(),
                      first.path(),
                      first.command()));
    }
    if (const std::string lines = difference_lines(first.job(), file.job());
        !lines.empty()) {
      throw UsageError(
          fmt::format("{}: is of another job than {}; merge joins shards of "
                      "one job (stored: {}){}",
                      file.path(),
                      first.path(),
                      first.path(),
                      lines));
    }
    if (!same_fit(first.fit(), file.fit())) {
      throw UsageError(
          fmt::format("{} and {}: the same job, but not the same fit: one was "
                      "changed, or made by another merit",
                      first.path(),
                      file.path()));
    }
  }
}

/// For each block of the job, the number of the file that has it; −1 if none has.
std::vector<int> owners(const std::vector<ResultFile>& files) {
  const ReplicatePlan& plan = *files.front().replicates();
  std::vector<int> owner(static_cast<std::size_t>(plan.num_blocks()), -1);
  for (std::size_t f = 0; f < files.size(); ++f) {
    for (const BlockRange& blocks : files[f].committed_blocks()) {
      for (std::int64_t block = blocks.first; block < blocks.end(); ++block) {
        int& of_block = owner[static_cast<std::size_t>(block)];
        if (of_block >= 0) {
          BlockRange both{block, 1};
          while (both.end() < blocks.end() &&
                 owner[static_cast<std::size_t>(both.end())] == of_block) {
            ++both.count;
          }
          throw UsageError(fmt::format("{} and {} both hold {}: give one of them",
                                       files[static_cast<std::size_t>(of_block)].path(),
                                       files[f].path(),
                                       replicates_text(plan, both)));
        }
        of_block = static_cast<int>(f);
      }
    }
  }
  return owner;
}

/// @throws UsageError that says how to make what is missing
void check_complete(const std::vector<ResultFile>& files, std::vector<int> owner) {
  const ReplicatePlan& plan = *files.front().replicates();
  std::string lines;
  std::vector<std::int64_t> counts;
  for (const ResultFile& file : files) {
    counts.push_back(file.shard().count);
    if (file.complete()) continue;
    lines += fmt::format(
        "\n  {}: has {} of its {} replicates; run its command again with "
        "--resume",
        file.path(),
        with_separators(file.num_committed()),
        with_separators(file.replicates()->num_rows()));
    const BlockRange own = file.replicates()->blocks();
    std::fill_n(owner.begin() + own.first, own.count, 0);
  }
  std::vector<Shard> shards;
  for (auto at = std::find(owner.begin(), owner.end(), -1); at != owner.end();) {
    const auto end = std::find_if(at, owner.end(), [](int file) { return file >= 0; });
    const BlockRange gap{at - owner.begin(), end - at};
    lines += fmt::format("\n  {}: make them with", replicates_text(plan, gap));
    for (const Shard shard : shards_of(gap, plan.num_blocks(), counts)) {
      lines += " --shard " + text_of(shard);
    }
    at = std::find(end, owner.end(), -1);
  }
  if (!lines.empty()) throw UsageError("not all replicates are in these files" + lines);
}

/// Of the merged file: what the shards were made with, and all their sessions.
ResultContents contents_of(const std::vector<ResultFile>& files, Session own) {
  const ResultFile& first = files.front();
  ResultContents contents{.command = first.command(),
                          .job = first.job(),
                          .fit = first.fit(),
                          .replicates = first.replicates(),
                          .provenance = first.provenance(),
                          .session = std::move(own)};
  contents.replicates->shard = {};
  contents.study = first.study();
  contents.tables = first.tables();
  contents.inner_quantities = first.inner_quantities();
  contents.studentised_quantities = first.studentised_quantities();
  std::erase_if(contents.provenance, [](const Attribute& a) {
    return a.first == "finished" || a.first == "seconds" || a.first == "sessions";
  });
  for (const ResultFile& file : files) {
    contents.earlier_sessions.insert(
        contents.earlier_sessions.end(), file.sessions().begin(), file.sessions().end());
  }
  return contents;
}

void merge(const MergeCommand& command, const Session& session) {
  check_output(command.output, command.overwrite);
  const std::vector<ResultFile> files = open_shards(command.shards);
  check_one_job(files);
  const std::vector<int> owner = owners(files);
  check_complete(files, owner);

  ResultWriter writer(command.output, contents_of(files, session), command.overwrite);
  const ReplicatePlan& plan = *files.front().replicates();
  for (std::size_t block = 0; block < owner.size(); ++block) {
    const ResultFile& file = files[static_cast<std::size_t>(owner[block])];
    const auto number = static_cast<std::int64_t>(block);
    writer.write_block(plan.rows({number, 1}).first, file.read_block(number));
  }
  writer.finish();
  fmt::print(stderr,
             "merit: {}: {} replicates from {} {}\n",
             command.output,
             with_separators(plan.num_replicates),
             files.size(),
             files.size() == 1 ? "file" : "files");
}

}  // namespace

ExitCode run(const CommandContext& context, const MergeCommand& command) {
  RunSettings one_thread;
  one_thread.threads = 1;
  const RunRecord record(context.comm, context.arguments, command.output, one_thread);
  root_or_none(context.comm, [&] { merge(command, record.session()); });
  return ExitCode::done;
}

}  // namespace merit
