// SPDX-License-Identifier: MIT
#include "engine/run/block_loop.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include <omp.h>

namespace merit {

namespace {

/// Blocks that a thread takes at once: few, and towards the end one.
constexpr std::int64_t kMostInRun = 4;

class BlockLoop {
 public:
  BlockLoop(BlockRange blocks,
            const BlockLoopOptions& options,
            const std::function<void(std::int64_t, int)>& use)
      : blocks_(blocks),
        options_(options),
        use_(use),
        next_(blocks.first),
        first_failed_(blocks.end()) {}

  void work(int thread) {
    while (true) {
      const BlockRange run = take();
      if (run.count == 0) return;
      for (std::int64_t block = run.first; block < run.end(); ++block) {
        if (block >= first_failed_) return;
        use(block, thread);
      }
    }
  }

  void finish() const {
    if (failure_) std::rethrow_exception(failure_);
    if (options_.progress) options_.progress(blocks_.count, blocks_.count);
  }

 private:
  BlockRange take() {
    const std::lock_guard lock(mutex_);
    const std::int64_t left = blocks_.end() - next_;
    const std::int64_t share = left / (4 * std::int64_t{options_.threads});
    const std::int64_t count =
        std::min(left, std::clamp<std::int64_t>(share, 1, kMostInRun));
    next_ += count;
    return {next_ - count, count};
  }

  void use(std::int64_t block, int thread) {
    try {
      use_(block, thread);
      const std::int64_t done = ++done_;
      if (thread == 0 && options_.progress && done < blocks_.count) {
        options_.progress(done, blocks_.count);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (block >= first_failed_) return;
      first_failed_ = block;
      failure_ = std::current_exception();
    }
  }

  const BlockRange blocks_;
  const BlockLoopOptions& options_;
  const std::function<void(std::int64_t, int)>& use_;
  std::int64_t next_;  // guarded by the mutex, like failure_
  std::atomic<std::int64_t> done_ = 0;
  std::atomic<std::int64_t> first_failed_;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

int threads_for(BlockRange blocks, const BlockLoopOptions& options) {
  return static_cast<int>(std::clamp<std::int64_t>(blocks.count, 1, options.threads));
}

void for_each_block(BlockRange blocks,
                    const BlockLoopOptions& options,
                    const std::function<void(std::int64_t, int)>& use) {
  BlockLoop loop(blocks, options, use);
  const int threads = threads_for(blocks, options);
#pragma omp parallel num_threads(threads) default(none) shared(loop)
  loop.work(omp_get_thread_num());
  loop.finish();
}

}  // namespace merit
