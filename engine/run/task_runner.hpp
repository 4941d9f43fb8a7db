// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/run/block_range.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/progress.hpp"

/// Many independent tasks (bootstrap replicates, simulated data sets) on ranks × threads.
///
/// *What, never where.* Tasks are numbered 0..num_tasks-1 and cut into blocks of block_tasks;
/// the rows of a block are a pure function of its first task and count. Which worker computes
/// it, and when, is decided here and cannot be seen in the rows: blocks arrive at the sink in
/// any order, each exactly once.
///
/// *Who does what.* Each rank has T workers (OpenMP threads) and the calling thread, which
/// alone talks to MPI and otherwise sleeps: workers never enter MPI, so one that computes for
/// minutes delays nobody, and no rank stands idle to coordinate.
///
///     rank 0                                      rank r
///       workers  <- blocks left (one list)          workers <- blocks leased <----+
///          | rows                                      | rows                     |
///          v                                           v                          | lease
///       queue -> writer thread -> Sink              outbox                        |
///          ^                                           |                          |
///          +--- calling thread <=== rows, requests === calling thread ============+
///
/// *Leases.* Rank 0's workers take blocks one by one from the list of those left. Other ranks
/// get runs of consecutive blocks that keep them busy for about lease_seconds by the block
/// time they measured, and never more than half of their fair share of what is left, so that
/// leases shrink towards the end (guided self-scheduling: Polychronopoulos & Kuck 1987, IEEE
/// Trans. Comput. C-36, 1425-1439). A rank asks for the next lease while it still has work
/// for 50 ms; with blocks longer than a second it asks when a worker is idle, because what it
/// hoards others may lack.
///
/// *Flow control.* Rows wait in bounded queues (buffer_bytes on each rank); sends are
/// synchronous, so that a slow disk holds up the workers instead of filling rank 0's memory.
///
/// *Errors.* If work, the sink or progress throws anywhere, all ranks drop what they have
/// not begun, wait for the blocks in hand, and throw the same exception; the text of a failed
/// block names its tasks and rank. Blocks that the sink took before stay with the sink.
namespace merit {

/// What there is to do. The block is the unit of work and of commitment: part of the result
/// file's contract, so independent of ranks and threads. It should take 10 ms or more.
struct TaskPlan {
  std::int64_t num_tasks = 0;
  std::int64_t block_tasks = 1;

  constexpr std::int64_t num_blocks() const {
    return (num_tasks + block_tasks - 1) / block_tasks;
  }
  /// Tasks of a block; the last may be short.
  constexpr BlockRange tasks(std::int64_t block) const {
    const std::int64_t first = block * block_tasks;
    return {first, std::min(block_tasks, num_tasks - first)};
  }
};

/// Computes tasks [first, first + count): their rows, as bytes. Called by several threads at
/// once; worker = 0..threads-1 is the thread's own number, for its workspace. Pure in
/// (first, count). A replicate that fails is a row with a status; throw only if the job
/// cannot go on.
using Work = std::function<Bytes(int worker, std::int64_t first, std::int64_t count)>;

/// Takes the rows of tasks [first, first + count), one call at a time, from one thread of
/// rank 0 that is not the caller's: it may use HDF5, which nothing else may do meanwhile, and
/// shares no state with progress without a lock. Returns how many of these tasks failed, for
/// progress and summary.
using Sink = std::function<std::int64_t(
    std::int64_t first, std::int64_t count, std::span<const std::byte> rows)>;

struct RunOptions {
  /// Workers of this rank, ≥ 1; ranks may differ.
  int threads = 1;

  /// On a simulated cluster (benchmarks/simgrid): how long a block takes a worker. No thread
  /// is made; work is called, at once and by the calling thread, when that time has passed by
  /// Communicator::seconds, and the sink likewise.
  std::function<double(BlockRange tasks)> simulated_seconds = {};

  /// Resume: whether a block's rows are stored already. Asked once per block, on rank 0,
  /// before the first task; empty means none is.
  std::function<bool(std::int64_t block)> is_done = {};

  /// Time limit and signals: asked on every rank about every 50 ms; once any says true, no
  /// new block is begun anywhere, blocks in hand are finished and delivered. Must not wait.
  std::function<bool()> stop_requested = {};

  /// Called on rank 0 if blocks in hand are not finished so long after the stop: it keeps
  /// what is there and ends the program, for a worker cannot be interrupted.
  std::function<void()> abandon = {};
  std::chrono::milliseconds stop_grace{6000};

  /// Called on rank 0 by the calling thread, about every 0.2 s and once at the end. Must
  /// return soon.
  std::function<void(const Progress&)> progress = {};

  double lease_seconds = 0.5;              ///< how long a lease shall last
  std::int64_t buffer_bytes = 64ll << 20;  ///< finished rows that may wait on a rank
};

/// The same on all ranks.
struct RunSummary {
  std::int64_t num_tasks = 0;             ///< in the plan
  std::int64_t skipped = 0;               ///< tasks in blocks that were done before
  std::int64_t computed = 0;              ///< tasks whose rows the sink took in this run
  std::int64_t failed = 0;                ///< of these, as counted by the sink
  bool stopped = false;                   ///< skipped + computed < num_tasks, on request
  double seconds = 0.0;                   ///< wall time
  double busy_seconds = 0.0;              ///< time inside work, summed over all workers
  int num_workers = 0;                    ///< on all ranks
  std::vector<std::int64_t> rank_blocks;  ///< blocks computed by each rank
};

/// Runs every block of the plan that is not done, once. Plan, is_done, abandon,
/// progress and sink are rank 0's; threads, stop_requested and work each rank's own. *Collective*
///
/// @throws UsageError if threads < 1, or num_tasks < 0 or block_tasks < 1
/// @throws on all ranks what work, sink, or a function of the options threw on any
RunSummary run_tasks(const Communicator& comm,
                     const TaskPlan& plan,
                     const RunOptions& options,
                     const Work& work,
                     const Sink& sink);

}  // namespace merit
