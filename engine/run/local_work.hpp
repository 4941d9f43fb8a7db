// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "engine/run/agree.hpp"
#include "engine/run/block_queue.hpp"
#include "engine/run/first_failure.hpp"
#include "engine/run/lease.hpp"
#include "engine/run/row_queue.hpp"
#include "engine/run/task_runner.hpp"

namespace merit {

/// What the workers of one rank share with its calling thread during run_tasks.
struct LocalWork {
  LocalWork(const TaskPlan& the_plan, int the_rank, bool alone, std::int64_t buffer_bytes)
      : plan(the_plan), rank(the_rank), only_rank(alone), rows(buffer_bytes) {}

  const TaskPlan plan;
  const int rank;
  const bool only_rank;
  Doorbell bell;            ///< wakes the calling thread
  BlockQueue blocks{bell};  ///< to be computed
  RowQueue rows;            ///< computed; to be written (rank 0) or sent
  BlockTimer timer;
  FirstFailure failure;
};

/// What each worker does until the blocks are closed.
void compute_blocks(LocalWork& local, const Work& work, int worker);

/// True once no block is left to begin, none is in hand, and all rows are in `rows`.
bool all_computed(const LocalWork& local, int num_workers);

/// How long the calling thread sleeps between looks at MPI: 0.1 ms right after something
/// happened, then twice as long each time, up to `longest`. A look costs about 2 µs.
class Pause {
 public:
  std::chrono::microseconds next(bool active, std::chrono::microseconds longest) {
    constexpr std::chrono::microseconds kShortest{100};
    pause_ = active ? kShortest : std::min(2 * pause_, longest);
    return pause_;
  }

 private:
  std::chrono::microseconds pause_{100};
};

}  // namespace merit
