// SPDX-License-Identifier: MIT
#include "engine/run/row_writer.hpp"

namespace merit {

RowWriter::RowWriter(const Sink& sink, RowQueue& queue, Doorbell& bell)
    : sink_(sink), queue_(queue), bell_(bell), thread_([this] { write_all(); }) {}

RowWriter::~RowWriter() {
  queue_.close();
  thread_.join();
}

RowWriter::Status RowWriter::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void RowWriter::write_all() {
  while (const std::optional<BlockRows> block = queue_.pop()) {
    try {
      write(*block);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      status_.failure = current_failure();
      queue_.discard();
      bell_.ring();
    }
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
