// SPDX-License-Identifier: MIT
#include "engine/run/block_queue.hpp"

#include <algorithm>

namespace merit {

void BlockQueue::add(BlockRange blocks) {
  if (blocks.count == 0) return;
  const std::lock_guard lock(mutex_);
  ranges_.push_back(blocks);
  status_.blocks_left += blocks.count;
  changed_.notify_all();
}

std::optional<std::int64_t> BlockQueue::take() {
  std::unique_lock lock(mutex_);
  while (ranges_.empty() && !closed_) {
    ++status_.idle;
    bell_.ring();
    changed_.wait(lock);
    --status_.idle;
  }
  if (ranges_.empty()) return std::nullopt;
  return take_first();
}

std::optional<std::int64_t> BlockQueue::take_at_once() {
  const std::lock_guard lock(mutex_);
  if (ranges_.empty()) return std::nullopt;
  return take_first();
}

void BlockQueue::set_idle(int idle) {
  const std::lock_guard lock(mutex_);
  status_.idle = idle;
}

std::int64_t BlockQueue::take_first() {
  BlockRange& first = ranges_.front();
  const std::int64_t block = first.first;
  ++first.first;
  --first.count;
  if (first.count == 0) ranges_.pop_front();
  if (--status_.blocks_left < low_water_) bell_.ring();
  return block;
}

BlockRange BlockQueue::cut(std::int64_t most) {
  const std::lock_guard lock(mutex_);
  if (ranges_.empty()) return {};
  BlockRange& first = ranges_.front();
  const BlockRange taken{first.first, std::min(most, first.count)};
  first.first += taken.count;
  first.count -= taken.count;
  if (first.count == 0) ranges_.pop_front();
  status_.blocks_left -= taken.count;
  return taken;
}

void BlockQueue::clear() {
  const std::lock_guard lock(mutex_);
  ranges_.clear();
  status_.blocks_left = 0;
}

void BlockQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void BlockQueue::set_low_water(std::int64_t blocks) {
  const std::lock_guard lock(mutex_);
  low_water_ = blocks;
}

BlockQueue::Status BlockQueue::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace merit
