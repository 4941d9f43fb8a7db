// SPDX-License-Identifier: MIT
#include "engine/run/block_pipeline.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>

#include <omp.h>

namespace merit {

namespace {

using BlockAction = std::function<void(std::int64_t, std::size_t)>;

/// A block that waits in its slot to be used.
struct LoadedBlock {
  std::int64_t block = 0;
  std::size_t slot = 0;
};

class Pipeline {
 public:
  Pipeline(std::size_t num_slots, const BlockAction& use) : use_(use) {
    for (std::size_t slot = 0; slot < num_slots; ++slot)
      free_.push_back(slot);
  }

  void load_all(BlockRange blocks,
                const BlockAction& load,
                const PipelineOptions& options) {
    for (std::int64_t block = blocks.first; block < blocks.end(); ++block) {
      const std::size_t slot = acquire_slot();
      if (has_failed()) break;
      try {
        load(block, slot);
        if (options.progress) options.progress(block + 1 - blocks.first, blocks.count);
      } catch (...) {
        note_failure(block);
        break;
      }
      const std::lock_guard lock(mutex_);
      loaded_.push_back({block, slot});
      changed_.notify_one();
    }
    {
      const std::lock_guard lock(mutex_);
      all_loaded_ = true;
      changed_.notify_all();
    }
    use_loaded();
  }

  /// Uses loaded blocks until none will come.
  void use_loaded() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !loaded_.empty() || all_loaded_; });
      if (loaded_.empty()) return;
      use_first(lock);
    }
  }

  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  /// A free slot. If all are full the calling thread uses a block meanwhile; there is one to
  /// use because slots outnumber the other threads.
  std::size_t acquire_slot() {
    std::unique_lock lock(mutex_);
    while (free_.empty()) {
      if (loaded_.empty()) {
        changed_.wait(lock);
      } else {
        use_first(lock);
      }
    }
    const std::size_t slot = free_.back();
    free_.pop_back();
    return slot;
  }

  void use_first(std::unique_lock<std::mutex>& lock) {
    const LoadedBlock next = loaded_.front();
    loaded_.pop_front();
    if (next.block < first_failed_) {
      lock.unlock();
      try {
        use_(next.block, next.slot);
      } catch (...) {
        note_failure(next.block);
      }
      lock.lock();
    }
    free_.push_back(next.slot);
    changed_.notify_one();
  }

  bool has_failed() {
    const std::lock_guard lock(mutex_);
    return failure_ != nullptr;
  }

  void note_failure(std::int64_t block) {
    const std::lock_guard lock(mutex_);
    if (block >= first_failed_) return;
    first_failed_ = block;
    failure_ = std::current_exception();
  }

  const BlockAction& use_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<LoadedBlock> loaded_;
  std::vector<std::size_t> free_;
  bool all_loaded_ = false;
  std::int64_t first_failed_ = std::numeric_limits<std::int64_t>::max();
  std::exception_ptr failure_;
};

}  // namespace

void run_pipeline(BlockRange blocks,
                  std::size_t num_slots,
                  const PipelineOptions& options,
                  const BlockAction& load,
                  const BlockAction& use) {
  if (options.threads == 1) {
    for (std::int64_t block = blocks.first; block < blocks.end(); ++block) {
      load(block, 0);
      if (options.progress) options.progress(block + 1 - blocks.first, blocks.count);
      use(block, 0);
    }
    return;
  }
  Pipeline pipeline(num_slots, use);
#pragma omp parallel num_threads(options.threads) default(none) \
    shared(pipeline, blocks, load, options)
  {
    if (omp_get_thread_num() == 0) {
      pipeline.load_all(blocks, load, options);
    } else {
      pipeline.use_loaded();
    }
  }
  pipeline.rethrow_failure();
}

}  // namespace merit
