// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "engine/run/block_range.hpp"
#include "engine/run/doorbell.hpp"

namespace merit {

/// Blocks that no worker of this rank has begun: on rank 0 all that are left, elsewhere the
/// rest of the leases. Workers take, the calling thread does the rest; thread-safe.
class BlockQueue {
 public:
  /// Rings when a worker finds nothing, or leaves fewer blocks than the low water.
  explicit BlockQueue(Doorbell& bell) : bell_(bell) {}

  void add(BlockRange blocks);

  /// The next block; waits for one. Nothing once the queue is closed.
  std::optional<std::int64_t> take();

  /// The next block if there is one; never waits.
  std::optional<std::int64_t> take_at_once();

  /// One that waits for a block, in place of a worker that would wait in take().
  void set_idle(int idle);

  /// Takes the first run of consecutive blocks away, at most `most` of it; count = 0 if none.
  BlockRange cut(std::int64_t most);

  /// Forgets all blocks.
  void clear();

  /// Ends take() in all workers. Only when they are idle.
  void close();

  void set_low_water(std::int64_t blocks);

  struct Status {
    std::int64_t blocks_left = 0;
    int idle = 0;  ///< workers that wait in take()
  };
  Status status() const;

 private:
  std::int64_t take_first();

  Doorbell& bell_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<BlockRange> ranges_;
  Status status_;
  std::int64_t low_water_ = 0;
  bool closed_ = false;
};

}  // namespace merit
