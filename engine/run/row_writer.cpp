// SPDX-License-Identifier: MIT
#include "engine/run/row_writer.hpp"

namespace merit {

RowWriter::RowWriter(const Sink& sink, RowQueue& queue, Doorbell& bell, bool own_thread)
    : sink_(sink), queue_(queue), bell_(bell) {
  if (own_thread) thread_ = std::thread([this] { write_all(); });
}

RowWriter::~RowWriter() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

RowWriter::Status RowWriter::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void RowWriter::write_all() {
  while (const std::optional<BlockRows> block = queue_.pop())
    try_to_write(*block);
}

void RowWriter::write_waiting() {
  for (const BlockRows& block : queue_.pop_batch(queue_.bytes()))
    try_to_write(block);
}

void RowWriter::try_to_write(const BlockRows& block) {
  try {
    write(block);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    status_.failure = current_failure();
    queue_.discard();
    bell_.ring();
  }
}

void RowWriter::write(const BlockRows& block) {
  const std::int64_t failed = sink_(block.tasks.first, block.tasks.count, block.rows);
  const std::lock_guard lock(mutex_);
  status_.num_tasks += block.tasks.count;
  status_.failed += failed;
  ++status_.num_blocks;
}

}  // namespace merit
