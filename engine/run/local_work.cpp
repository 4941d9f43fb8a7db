// SPDX-License-Identifier: MIT
#include "engine/run/local_work.hpp"

#include <string>
#include <utility>

namespace merit {

namespace {

/// "tasks 100 to 199, rank 3": counted from 0, as the sink and the streams count them.
std::string place_of(const LocalWork& local, BlockRange tasks) {
  std::string text = tasks.count == 1 ? "task " + std::to_string(tasks.first)
                                      : "tasks " + std::to_string(tasks.first) + " to " +
                                            std::to_string(tasks.end() - 1);
  if (!local.only_rank) text += ", rank " + std::to_string(local.rank);
  return text;
}

}  // namespace

void compute_blocks(LocalWork& local, const Work& work, int worker) {
  using Clock = std::chrono::steady_clock;
  while (const std::optional<std::int64_t> block = local.blocks.take()) {
    const BlockRange tasks = local.plan.tasks(*block);
    try {
      const Clock::time_point start = Clock::now();
      Bytes rows = work(worker, tasks.first, tasks.count);
      local.timer.add(std::chrono::duration<double>(Clock::now() - start).count());
      local.rows.push(own_rows(tasks, std::move(rows)));
    } catch (...) {
      Failure failure = current_failure();
      failure.text += " (" + place_of(local, tasks) + ")";
      local.failure.note(*block, std::move(failure));
      local.blocks.clear();
      local.bell.ring();
    }
  }
}

bool all_computed(const LocalWork& local, int num_workers) {
  const BlockQueue::Status status = local.blocks.status();
  return status.blocks_left == 0 && status.idle == num_workers;
}

}  // namespace merit
