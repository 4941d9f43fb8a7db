// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "engine/run/agree.hpp"
#include "engine/run/block_queue.hpp"
#include "engine/run/first_failure.hpp"
#include "engine/run/lease.hpp"
#include "engine/run/row_queue.hpp"
#include "engine/run/task_runner.hpp"

namespace merit {

/// What the workers of one rank share with its calling thread during run_tasks.
struct LocalWork {
  LocalWork(const TaskPlan& the_plan,
            const Communicator& the_comm,
            const RunOptions& options)
      : plan(the_plan),
        comm(the_comm),
        simulated(static_cast<bool>(options.simulated_seconds)),
        rows(options.buffer_bytes) {}

  const TaskPlan plan;
  const Communicator& comm;
  const bool simulated;     ///< no threads: RunOptions::simulated_seconds
  Doorbell bell;            ///< wakes the calling thread
  BlockQueue blocks{bell};  ///< to be computed
  RowQueue rows;            ///< computed; to be written (rank 0) or sent
  BlockTimer timer;
  FirstFailure failure;
};

/// What each worker does until the blocks are closed.
void compute_blocks(LocalWork& local, const Work& work, int worker);

/// What the calling thread does between two looks at MPI: it sleeps. On a simulated cluster
/// it plays the workers meanwhile.
class SpareTime {
 public:
  SpareTime(LocalWork& local, const RunOptions& options, const Work& work);

  /// Until somebody rings or a played worker has finished a block, `most` at the longest.
  void spend(std::chrono::microseconds most);

 private:
  struct Running {
    std::int64_t block = 0;
    double start = 0.0;
    double end = 0.0;  ///< by Communicator::seconds
  };
  void begin_blocks();

  LocalWork& local_;
  const RunOptions& options_;
  const Work& work_;
  std::vector<Running> running_;
};

/// True once no block is left to begin, none is in hand, and all rows are in `rows`.
bool all_computed(const LocalWork& local, int num_workers);

/// How long the calling thread sleeps between looks at MPI. MPI cannot wake it, and a wake-up
/// costs the worker on the same core 2 to 20 µs, so it looks every 4 ms: a fraction of the
/// 50 ms for which ranks ask ahead. Only while something is under way (eager) does it look
/// after 0.1 ms, 0.2 ms, ... up to 1 ms.
class Pause {
 public:
  static constexpr std::chrono::milliseconds kUsual{4};

  std::chrono::microseconds next(bool eager, std::chrono::microseconds longest = kUsual) {
    constexpr std::chrono::microseconds kShortest{100};
    constexpr std::chrono::microseconds kEager{1000};
    const bool begins = eager && !was_eager_;
    pause_ = begins ? kShortest : std::min(2 * pause_, eager ? kEager : longest);
    was_eager_ = eager;
    return pause_;
  }

 private:
  std::chrono::microseconds pause_{100};
  bool was_eager_ = false;
};

}  // namespace merit
