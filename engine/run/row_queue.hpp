// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/run/block_range.hpp"

namespace merit {

/// The rows of one finished block. Several blocks of one message share its memory.
struct BlockRows {
  BlockRange tasks;
  std::span<const std::byte> rows;
  std::shared_ptr<const Bytes> memory;
};

BlockRows own_rows(BlockRange tasks, Bytes rows);

/// Several blocks as one message, and back without copying the rows.
Bytes pack_rows(const std::vector<BlockRows>& blocks);
std::vector<BlockRows> unpack_rows(Bytes message);

/// Finished blocks that wait for the disk (rank 0) or for being sent: a queue with room for
/// about `max_bytes`. Thread-safe.
class RowQueue {
 public:
  explicit RowQueue(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  /// Waits for room. A block larger than the whole queue is let in when it is empty.
  void push(BlockRows block);

  /// Never waits: the caller has asked has_room() before.
  void push_at_once(BlockRows block);
  bool has_room() const;

  /// The oldest block; waits for one. Nothing once the queue is closed and empty.
  std::optional<BlockRows> pop();

  /// The oldest blocks up to `bytes` together, at least one if there is any; never waits.
  std::vector<BlockRows> pop_batch(std::int64_t bytes);

  std::int64_t bytes() const;
  bool empty() const;

  /// Drops all blocks, those that are waiting to be pushed and those still to come.
  void discard();

  /// No block will come.
  void close();

 private:
  bool fits(const BlockRows& block) const;
  void append(BlockRows block);
  BlockRows remove_first();

  const std::int64_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::deque<BlockRows> blocks_;
  std::int64_t bytes_ = 0;
  bool discarding_ = false;
  bool closed_ = false;
};

}  // namespace merit
