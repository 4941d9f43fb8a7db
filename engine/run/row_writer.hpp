// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/run/agree.hpp"
#include "engine/run/doorbell.hpp"
#include "engine/run/row_queue.hpp"
#include "engine/run/task_runner.hpp"

namespace merit {

/// The one thread that calls the sink, fed by a queue: neither workers nor messages wait for
/// the disk until the queue is full. If the sink throws, later rows are dropped.
class RowWriter {
 public:
  /// Rings when the sink has thrown.
  /// @param own_thread  false: rows are written by write_waiting() alone
  RowWriter(const Sink& sink, RowQueue& queue, Doorbell& bell, bool own_thread);
  ~RowWriter();  ///< writes what is in the queue, then ends
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  RowWriter(RowWriter&&) = delete;
  RowWriter& operator=(RowWriter&&) = delete;

  /// Writes what waits in the queue, on the calling thread.
  void write_waiting();

  struct Status {
    std::int64_t num_tasks = 0;  ///< that the sink has taken
    std::int64_t failed = 0;     ///< of these, as the sink says
    std::int64_t num_blocks = 0;
    std::optional<Failure> failure;  ///< what the sink threw
  };
  Status status() const;

 private:
  void write_all();
  void try_to_write(const BlockRows& block);
  void write(const BlockRows& block);

  const Sink& sink_;
  RowQueue& queue_;
  Doorbell& bell_;
  mutable std::mutex mutex_;
  Status status_;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace merit
