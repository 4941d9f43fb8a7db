// SPDX-License-Identifier: MIT
#pragma once

#include "engine/run/local_work.hpp"
#include "engine/run/mailbox.hpp"
#include "engine/run/protocol.hpp"

namespace merit {

/// The calling thread of a rank other than 0 during run_tasks: keeps the workers' queue
/// filled, sends their rows, and obeys rank 0.
class Member {
 public:
  /// @param workers  threads that take from local.blocks
  Member(const Communicator& comm,
         LocalWork& local,
         const RunOptions& options,
         int workers,
         SpareTime& spare);

  /// Until rank 0 says that the run has ended.
  void run();

 private:
  bool is_eager() const;
  void read_messages();
  void obey(Finish finish);
  void report_failure();
  void report_stop();
  void request_blocks();
  void send_rows();
  void report_end();

  LocalWork& local_;
  const RunOptions& options_;
  const int workers_;
  SpareTime& spare_;
  Inbox orders_;
  Outbox control_;
  Outbox rows_;
  double last_send_;  // by comm.seconds()
  bool waits_for_lease_ = false;
  bool failure_reported_ = false;
  bool stop_reported_ = false;
  bool end_reported_ = false;
  bool ended_ = false;
  Finish finish_ = Finish::not_yet;
  MemberReport report_;
};

}  // namespace merit
