// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <mutex>

/// How much work to hand out at once (task_runner.hpp, *Leases*): pure arithmetic.
namespace merit {

/// What a rank says when it asks for blocks.
struct LeaseRequest {
  int threads = 1;             ///< its workers
  int idle = 0;                ///< of these, waiting for a block now
  double block_seconds = 0.0;  ///< time one worker needs per block; 0: not known yet
};

/// Blocks to lease, 1..blocks_left: work for lease_seconds on all its workers, but at most
/// half of the rank's share (threads / total_threads) of what is left; at least one block for
/// each idle worker. While block_seconds is unknown, one block per worker.
std::int64_t lease_blocks(const LeaseRequest& request,
                          std::int64_t blocks_left,
                          std::int64_t total_threads,
                          double lease_seconds);

/// A rank asks for more when fewer than this many blocks wait: work for 50 ms, far longer
/// than a question takes. 0 for blocks of a second or more (and while their time is
/// unknown): then an idle worker asks, which costs a few ms, and no rank hoards long blocks
/// at the end while others are idle.
std::int64_t low_water(int threads, double block_seconds);

/// How long rows wait on a rank for company, and the least time for which a lease should
/// last: 50 ms, and so long that all ranks together send rank 0 no more than 5,000 messages
/// of a kind per second.
double message_seconds(int num_ranks);

/// Recent mean time per block; workers add, the calling thread reads.
class BlockTimer {
 public:
  void add(double seconds);
  double mean() const;   ///< over about the last 16 blocks; 0 if none
  double total() const;  ///< seconds, all blocks
  std::int64_t num_blocks() const;

 private:
  mutable std::mutex mutex_;
  std::int64_t num_blocks_ = 0;
  double mean_ = 0.0;
  double total_ = 0.0;
};

}  // namespace merit
