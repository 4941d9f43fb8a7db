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
  if (local.comm.size() > 1) text += ", rank " + std::to_string(local.comm.rank());
  return text;
}

void compute(LocalWork& local, const Work& work, int worker, std::int64_t block) {
  const BlockRange tasks = local.plan.tasks(block);
  try {
    const double start = local.comm.seconds();
    Bytes rows = work(worker, tasks.first, tasks.count);
    local.timer.add(local.comm.seconds() - start);
    BlockRows block_rows = own_rows(tasks, std::move(rows));
    if (local.one_thread) return local.rows.push_at_once(std::move(block_rows));
    local.rows.push(std::move(block_rows));
  } catch (...) {
    Failure failure = current_failure();
    failure.text += " (" + place_of(local, tasks) + ")";
    local.failure.note(block, std::move(failure));
    local.blocks.clear();
    local.bell.ring();
  }
}

}  // namespace

void compute_blocks(LocalWork& local, const Work& work, int worker) {
  while (const std::optional<std::int64_t> block = local.blocks.take())
    compute(local, work, worker, *block);
}

SpareTime::SpareTime(LocalWork& local, const Work* work) : local_(local), work_(work) {
  if (work_ != nullptr) local_.blocks.set_idle(1);
}

void SpareTime::spend(std::chrono::microseconds most) {
  if (work_ == nullptr) return local_.bell.wait_for(most);
  if (local_.rows.has_room()) {
    if (const auto block = local_.blocks.take_at_once())
      return compute(local_, *work_, 0, *block);
  }
  local_.comm.rest(most);
}

bool all_computed(const LocalWork& local, int num_workers) {
  const BlockQueue::Status status = local.blocks.status();
  return status.blocks_left == 0 && status.idle == num_workers;
}

}  // namespace merit
