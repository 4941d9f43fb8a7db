// SPDX-License-Identifier: MIT
#include "engine/run/task_runner.hpp"

#include <memory>
#include <string>
#include <utility>

#include <omp.h>

#include "engine/run/agree.hpp"
#include "engine/run/coordinator.hpp"
#include "engine/run/local_work.hpp"
#include "engine/run/member.hpp"
#include "engine/run/row_writer.hpp"

namespace merit {

namespace {

void validate(const TaskPlan& plan, const RunOptions& options) {
  if (plan.num_tasks < 0 || plan.block_tasks < 1) {
    throw UsageError("a run of " + std::to_string(plan.num_tasks) +
                     " tasks in blocks of " + std::to_string(plan.block_tasks) +
                     ": give 0 or more tasks, in blocks of 1 or more");
  }
  if (options.threads < 1) {
    throw UsageError("threads: " + std::to_string(options.threads) +
                     " given, 1 or more needed");
  }
}

/// Puts the runs of blocks that are not done into the queue. Returns how many tasks are in
/// the others.
std::int64_t fill(BlockQueue& blocks, const TaskPlan& plan, const RunOptions& options) {
  if (!options.is_done) {
    blocks.add({0, plan.num_blocks()});
    return 0;
  }
  std::int64_t skipped = 0;
  BlockRange open;
  for (std::int64_t block = 0; block < plan.num_blocks(); ++block) {
    if (!options.is_done(block)) {
      ++open.count;
      continue;
    }
    skipped += plan.tasks(block).count;
    blocks.add(open);
    open = {block + 1, 0};
  }
  blocks.add(open);
  return skipped;
}

/// The parallel part: `talk(workers)` on the calling thread, the workers on the others.
///
/// An exception of `talk` means that messages are lost or memory is out: the other ranks
/// cannot be told, so the job is aborted.
template <class Talk>
void run_workers(const Communicator& comm,
                 LocalWork& local,
                 int threads,
                 const Work& work,
                 const Talk& talk) {
  const auto talk_or_abort = [&](int workers) {
    try {
      talk(workers);
    } catch (...) {
      comm.abort(static_cast<int>(ExitCode::internal), current_failure().text);
    }
  };
  if (local.simulated) return talk_or_abort(threads);
#pragma omp parallel num_threads(threads + 1) default(none) \
    shared(local, work, talk_or_abort, threads)
  {
    if (omp_get_thread_num() > 0) {
      compute_blocks(local, work, omp_get_thread_num() - 1);
    } else {
      const int workers = omp_get_num_threads() - 1;
      if (workers == 0) {
        local.failure.note(
            kNoBlock,
            {ExitCode::usage,
             "OpenMP allows no thread beside the first: unset OMP_THREAD_LIMIT"});
      }
      talk_or_abort(workers);
      local.blocks.close();
    }
  }
}

void put(ByteWriter& writer, const RunSummary& summary) {
  writer.put(summary.num_tasks);
  writer.put(summary.skipped);
  writer.put(summary.computed);
  writer.put(summary.failed);
  writer.put(summary.stopped);
  writer.put(summary.seconds);
  writer.put(summary.busy_seconds);
  writer.put(summary.num_workers);
  writer.put_all(std::span<const std::int64_t>(summary.rank_blocks));
}

RunSummary take_summary(ByteReader& reader) {
  RunSummary summary;
  summary.num_tasks = reader.take<std::int64_t>();
  summary.skipped = reader.take<std::int64_t>();
  summary.computed = reader.take<std::int64_t>();
  summary.failed = reader.take<std::int64_t>();
  summary.stopped = reader.take<bool>();
  summary.seconds = reader.take<double>();
  summary.busy_seconds = reader.take<double>();
  summary.num_workers = reader.take<int>();
  summary.rank_blocks = reader.take_vector<std::int64_t>();
  return summary;
}

}  // namespace

RunSummary run_tasks(const Communicator& comm,
                     const TaskPlan& plan_of_root,
                     const RunOptions& options,
                     const Work& work,
                     const Sink& sink) {
  const auto plan = comm.broadcast_value(plan_of_root);
  LocalWork local(plan, comm, options);
  std::optional<RowWriter> writer;
  const auto skipped = all_or_none(comm, [&]() -> std::int64_t {
    validate(plan, options);
    if (!comm.is_root()) return 0;
    writer.emplace(sink, local.rows, local.bell, !options.simulated_seconds);
    return fill(local.blocks, plan, options);
  });
  const std::int64_t total_threads = comm.all_sum(options.threads);

  SpareTime spare(local, options, work);
  ByteWriter outcome;
  run_workers(comm, local, options.threads, work, [&](int workers) {
    if (!comm.is_root()) {
      Member(comm, local, options, workers, spare).run();
      return;
    }
    Coordinator coordinator(
        comm, local, *writer, {options, total_threads, skipped}, workers, spare);
    coordinator.run();
    const std::optional<Failure> failure = coordinator.failure();
    outcome.put(failure.has_value());
    if (failure) {
      put(outcome, *failure);
    } else {
      put(outcome, coordinator.summary());
    }
  });

  Bytes bytes = outcome.take();
  comm.broadcast(bytes);
  ByteReader reader(bytes);
  if (reader.take<bool>()) raise(take_failure(reader));
  return take_summary(reader);
}

}  // namespace merit
