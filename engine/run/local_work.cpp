// SPDX-License-Identifier: MIT
#include "engine/run/local_work.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace merit {

namespace {

/// "tasks 100 to 199, rank 3": counted from 0, as the sink and the streams count them.
std::string place_of(const LocalWork& local, BlockRange tasks) {
  std::string text = tasks.count == 1 ? "task " + std::to_string(tasks.first)
                                      : "tasks " + std::to_string(tasks.first) + " to " +
                                            std::to_string(tasks.end() - 1);
  if (local.comm.size() > 1) text += ", rank " + std::to_string(local.comm.rank());
  return text;
}

void note_failure(LocalWork& local, std::int64_t block) {
  Failure failure = current_failure();
  failure.text += " (" + place_of(local, local.plan.tasks(block)) + ")";
  local.failure.note(block, std::move(failure));
  local.blocks.clear();
  local.bell.ring();
}

}  // namespace

void compute_blocks(LocalWork& local, const Work& work, int worker) {
  while (const std::optional<std::int64_t> block = local.blocks.take()) {
    const BlockRange tasks = local.plan.tasks(*block);
    try {
      const double start = local.comm.seconds();
      Bytes rows = work(worker, tasks.first, tasks.count);
      local.timer.add(local.comm.seconds() - start);
      local.rows.push(own_rows(tasks, std::move(rows)));
    } catch (...) {
      note_failure(local, *block);
    }
  }
}

SpareTime::SpareTime(LocalWork& local, const RunOptions& options, const Work& work)
    : local_(local), options_(options), work_(work) {
  if (local_.simulated) local_.blocks.set_idle(options.threads);
}

void SpareTime::begin_blocks() {
  while (std::ssize(running_) < options_.threads && local_.rows.has_room()) {
    const std::optional<std::int64_t> block = local_.blocks.take_at_once();
    if (!block) break;
    const double now = local_.comm.seconds();
    const double takes = options_.simulated_seconds(local_.plan.tasks(*block));
    running_.push_back({*block, now, now + takes});
  }
  local_.blocks.set_idle(options_.threads - static_cast<int>(running_.size()));
}

void SpareTime::spend(std::chrono::microseconds most) {
  if (!local_.simulated) return local_.bell.wait_for(most);
  begin_blocks();
  const auto next = std::min_element(
      running_.begin(), running_.end(), [](const Running& a, const Running& b) {
        return a.end < b.end;
      });
  const double now = local_.comm.seconds();
  const double wait = std::chrono::duration<double>(most).count();
  if (next == running_.end() || next->end > now + wait) return local_.comm.rest(most);
  const double left = std::max(0.0, next->end - now);
  local_.comm.rest(std::chrono::microseconds(std::llround(std::ceil(left * 1e6))));
  const Running done = *next;
  running_.erase(next);
  local_.timer.add(done.end - done.start);
  const BlockRange tasks = local_.plan.tasks(done.block);
  try {
    local_.rows.push_at_once(own_rows(tasks, work_(0, tasks.first, tasks.count)));
  } catch (...) {
    note_failure(local_, done.block);
  }
  begin_blocks();
}

bool all_computed(const LocalWork& local, int num_workers) {
  const BlockQueue::Status status = local.blocks.status();
  return status.blocks_left == 0 && status.idle == num_workers;
}

}  // namespace merit
