// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/run/first_failure.hpp"
#include "engine/run/local_work.hpp"
#include "engine/run/mailbox.hpp"
#include "engine/run/protocol.hpp"
#include "engine/run/row_writer.hpp"

namespace merit {

/// The calling thread of rank 0 during run_tasks: leases blocks to the other ranks, hands
/// their rows to the writer, reports progress, and decides how and when the run ends. (Rank
/// 0's own workers help themselves from local.blocks and push into local.rows.)
class Coordinator {
 public:
  struct Job {
    const RunOptions& options;
    std::int64_t total_threads = 1;  ///< workers of all ranks
    std::int64_t skipped = 0;        ///< tasks in blocks done before
  };

  Coordinator(const Communicator& comm,
              LocalWork& local,
              RowWriter& writer,
              Job job,
              int workers,
              SpareTime& spare);

  /// Until all rows are with the sink, or the run has failed and nobody is computing; then
  /// lets the other ranks go.
  void run();

  /// After run(): what happened; on rank 0 only.
  RunSummary summary() const;
  std::optional<Failure> failure() const { return failure_.get(); }

 private:
  struct MemberState {
    std::int64_t row_messages = 0;  // received
    bool finished = false;
    MemberReport report;
  };

  void serve();
  void read_control();
  void read_rows();
  void lease_to(int member, const LeaseRequest& request);
  void ask_options();
  void finish(Finish how);
  bool is_over() const;
  Progress progress() const;

  const Communicator& comm_;
  LocalWork& local_;
  RowWriter& writer_;
  const Job job_;
  const int workers_;
  SpareTime& spare_;
  Inbox control_in_;
  Inbox rows_in_;
  Outbox control_out_;
  std::vector<MemberState> members_;  // by rank; [0] unused
  FirstFailure failure_;
  Finish finish_ = Finish::not_yet;
  std::int64_t blocks_received_ = 0;
  double start_;  // this and the next: by comm_.seconds()
  double last_asked_;
  double stopped_ = 0.0;  ///< when finish_ was last set
  double last_progress_;
};

}  // namespace merit
