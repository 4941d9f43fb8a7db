// SPDX-License-Identifier: MIT
#include "engine/run/row_queue.hpp"

#include <utility>

namespace merit {

namespace {

/// What a block takes in memory, so that blocks without rows are bounded too.
std::int64_t cost(const BlockRows& block) {
  return static_cast<std::int64_t>(block.rows.size() + sizeof block);
}

}  // namespace

BlockRows own_rows(BlockRange tasks, Bytes rows) {
  auto memory = std::make_shared<const Bytes>(std::move(rows));
  const std::span<const std::byte> all(*memory);
  return {tasks, all, std::move(memory)};
}

Bytes pack_rows(const std::vector<BlockRows>& blocks) {
  ByteWriter writer;
  for (const BlockRows& block : blocks) {
    writer.put(block.tasks);
    writer.put_all(block.rows);
  }
  return writer.take();
}

std::vector<BlockRows> unpack_rows(Bytes message) {
  const auto memory = std::make_shared<const Bytes>(std::move(message));
  std::vector<BlockRows> blocks;
  for (ByteReader reader(*memory); !reader.at_end();) {
    const auto tasks = reader.take<BlockRange>();
    blocks.push_back({tasks, reader.take_bytes(), memory});
  }
  return blocks;
}

bool RowQueue::fits(const BlockRows& block) const {
  return blocks_.empty() || bytes_ + cost(block) <= max_bytes_;
}

void RowQueue::append(BlockRows block) {
  if (discarding_) return;
  bytes_ += cost(block);
  blocks_.push_back(std::move(block));
  filled_.notify_one();
}

BlockRows RowQueue::remove_first() {
  BlockRows block = std::move(blocks_.front());
  blocks_.pop_front();
  bytes_ -= cost(block);
  room_.notify_all();
  return block;
}

void RowQueue::push(BlockRows block) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return discarding_ || fits(block); });
  append(std::move(block));
}

void RowQueue::push_at_once(BlockRows block) {
  const std::lock_guard lock(mutex_);
  append(std::move(block));
}

bool RowQueue::has_room() const {
  const std::lock_guard lock(mutex_);
  return discarding_ || bytes_ < max_bytes_;
}

std::optional<BlockRows> RowQueue::pop() {
  std::unique_lock lock(mutex_);
  filled_.wait(lock, [this] { return !blocks_.empty() || closed_; });
  if (blocks_.empty()) return std::nullopt;
  return remove_first();
}

std::vector<BlockRows> RowQueue::pop_batch(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  std::vector<BlockRows> batch;
  std::int64_t taken = 0;
  while (!blocks_.empty() && (batch.empty() || taken + cost(blocks_.front()) <= bytes)) {
    taken += cost(blocks_.front());
    batch.push_back(remove_first());
  }
  return batch;
}

std::int64_t RowQueue::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool RowQueue::empty() const {
  const std::lock_guard lock(mutex_);
  return blocks_.empty();
}

void RowQueue::discard() {
  const std::lock_guard lock(mutex_);
  discarding_ = true;
  blocks_.clear();
  bytes_ = 0;
  room_.notify_all();
}

void RowQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  filled_.notify_all();
}

}  // namespace merit
