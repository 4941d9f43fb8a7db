// SPDX-License-Identifier: MIT
#include "engine/cli/stored_job.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <sys/resource.h>

#include "engine/cli/layout_lines.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"

namespace merit {
namespace {

std::string stopped_sentence(const ResultWriter& writer,
                             const ReplicatePlan& plan,
                             const std::string& output,
                             const std::string& what) {
  return fmt::format(
      "stopped by {}: {} of {} {} are on disk in {}.parts; run the same command with "
      "--resume to go on",
      StopSignals::reason(),
      with_separators(writer.num_replicates()),
      with_separators(plan.num_rows()),
      what,
      output);
}

}  // namespace

void check_shard(const ReplicatePlan& plan, const std::string& what) {
  if (plan.shard.count <= plan.num_blocks()) return;
  throw UsageError(fmt::format(
      "--shard {}: {} {} are {} blocks, which cannot be shared by more shards: "
      "give N up to {}",
      text_of(plan.shard),
      plan.num_replicates,
      what,
      plan.num_blocks(),
      plan.num_blocks()));
}

Found find_job(const Communicator& comm,
               const std::string& command,
               const std::string& input,
               RunSettings& run) {
  std::string simd;
  const Found found = root_or_none(comm, [&] {
    if (run.dry_run) return Found::nothing;
    check_output(input, run);
    if (!run.resume) return Found::nothing;
    const std::optional<ResultFile> stored = find_stored(run.output);
    if (!stored) return Found::nothing;
    check_same_command(*stored, command, run.output);
    simd = text_of(stored->provenance(), "simd");
    return stored->path() == run.output ? Found::finished : Found::part;
  });
  simd = comm.broadcast_text(simd);
  if (!simd.empty() && !run.simd) run.simd = simd;
  return found;
}

void check_found(const Communicator& comm,
                 Found found,
                 const std::string& output,
                 const JobDescription& job,
                 Shard shard) {
  root_or_none(comm, [&] {
    if (found == Found::nothing) return;
    const std::optional<ResultFile> stored = find_stored(output);
    if (stored) check_same_job(*stored, job, shard, output);
  });
}

std::string estimate_job(
    const std::function<
        void(std::int64_t first, std::int64_t count, ReplicateRows& rows)>& make,
    const ResultContents& contents,
    const RunRecord& record,
    const std::string& what) {
  using Clock = std::chrono::steady_clock;
  const ReplicatePlan& plan = *contents.replicates;
  ReplicateRows rows;
  std::int64_t made = 0;
  const Clock::time_point start = Clock::now();
  std::chrono::duration<double> spent{};
  do {
    const std::int64_t count = std::min<std::int64_t>(plan.block_rows, 256);
    make(made, count, rows);
    made += count;
    spent = Clock::now() - start;
  } while (spent.count() < 0.3);
  int workers = 0;
  for (const RankLayout& rank : record.layout())
    workers += rank.threads;
  const double rate = static_cast<double>(made) / spent.count();
  const double seconds = static_cast<double>(plan.num_rows()) / (rate * workers);
  // What reading and the pilot took, and rows that may wait to be written.
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const double megabytes =
      static_cast<double>(usage.ru_maxrss) / 1024.0 +
      static_cast<double>(std::min(expected_bytes(contents), RunOptions{}.buffer_bytes)) /
          1e6;
  return fmt::format(
      "{} {}{}: about {} on {} ({:.3g} {}/s per thread)\n"
      "memory: about {:.0f} MB per rank\n"
      "result file: {:.1f} MB; nothing written\n",
      with_separators(plan.num_rows()),
      what,
      plan.shard.count > 1 ? fmt::format(" of {} (shard {})",
                                         with_separators(plan.num_replicates),
                                         text_of(plan.shard))
                           : "",
      duration_text(seconds),
      describe(record.layout()),
      rate,
      what,
      megabytes,
      static_cast<double>(expected_bytes(contents)) / 1e6);
}

ResultWriter open_job(const ResultContents& contents,
                      const RunSettings& run,
                      const RunRecord& record) {
  ResultWriter writer = run.resume ? ResultWriter::resume(run.output, contents)
                                   : ResultWriter(run.output, contents, run.overwrite);
  // Said before it stops: a killed process, or all ranks of srun after one, say no more.
  say_layout(record,
             run.progress,
             run.resume ? "; if it stops, run the same command again"
                        : "; if it stops, run the same command with --resume");
  return writer;
}

RunOptions job_options(const Communicator& comm,
                       const ReplicatePlan& plan,
                       const RunSettings& run,
                       ResultWriter* writer,
                       const std::string& what,
                       ProgressDisplay& display) {
  RunOptions options{.threads = run.num_threads()};
  options.stop_requested = StopSignals::stop_requested;
  options.abandon = [&comm, &plan, &run, writer, &what, &display] {
    writer->sync();
    display.close();
    comm.abort(static_cast<int>(ExitCode::stopped),
               stopped_sentence(*writer, plan, run.output, what));
  };
  options.progress = [writer, &display](Progress progress) {
    progress.checkpoint_age = writer->checkpoint_age();
    display.show(progress);
  };
  return options;
}

RunSummary run_job(const Communicator& comm,
                   const ReplicatePlan& plan,
                   const RunSettings& run,
                   ResultWriter* writer,
                   const std::string& what,
                   const Work& work,
                   const Sink& sink) {
  ProgressDisplay display(comm.is_root() ? run.progress : ProgressMode::none, what);
  RunOptions options = job_options(comm, plan, run, writer, what, display);
  options.is_done = [&](std::int64_t block) {
    return writer->has_block(plan.blocks().first + block);
  };
  const RunSummary summary =
      run_tasks(comm, {plan.num_rows(), plan.block_rows}, options, work, sink);
  display.close();
  return summary;
}

void end_stopped_job(const Communicator& comm,
                     const ReplicatePlan& plan,
                     const RunSettings& run,
                     ResultWriter* writer,
                     const std::string& what) {
  root_or_none(comm, [&] {
    writer->sync();
    fmt::print(stderr, "merit: {}\n", stopped_sentence(*writer, plan, run.output, what));
  });
}

}  // namespace merit
