// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "io/part_blocks.hpp"
#include "io/part_file.hpp"
#include "io/result_layout.hpp"
#include "io/result_store.hpp"

namespace merit {

/// How replicates survive: the commit protocol of a result file.
///
/// *What may happen.* (a) Any process is killed at any instant: what it wrote is kept by the
/// operating system, in order. (b) The machine is lost (power, node): of the writes since the
/// last fsync any subset is kept, in any order, a write perhaps in part.
///
/// *Before the first row* the file is laid out under another name, whole: all of HDF5's
/// metadata, room for every row. It is fsynced, renamed to the part's name, and the directory
/// is fsynced. So a part that has its name is sound HDF5, and HDF5 never writes to it again.
///
/// *A block* is committed by three ordinary writes to its places, in this order:
///
///     rows        estimates, standard errors, log-likelihoods, statuses
///     checksum    of the rows (io/block_checksum.hpp)
///     mark        written (2)
///
/// by whichever thread or process of this machine has made it (io/shared_part.hpp); then the
/// process that holds the checkpoint is told.
///
/// *In the background*, every few seconds,
///
///     fsync       of the file
///     marks       durable (1), of the blocks that were `written` before the fsync began
///
/// *Whoever opens the file* believes durable blocks as they stand, `written` ones if their
/// checksum is right, and no others. That is enough:
///
///   (a) writes are kept in order, so a mark is there only if rows and checksum are;
///   (b) `durable` reaches the disk only after the fsync that covered its block. `written` may
///       get there without its rows or its checksum, and then they do not match. An old
///       `written` in place of `durable` is checked and found right. A block without mark is
///       computed again, and is the same bits.
///
/// Blocks to be checked are those of the last few seconds before the end, so that a resume
/// does not read what ten million replicates have left. It writes the ones it finds right
/// again: after an fsync that failed the kernel may hold them for clean while the disk lacks
/// them, and the next fsync would not know.
///
/// *The end.* fsync, all marks durable, fsync, rename to OUT.h5, fsync of the directory. The
/// finished file holds rows, their checksums and marks of 1: a function of the job alone.
///
/// Two jobs that wrote one part (where no lock works, io/job_lock.hpp) would write the same
/// bytes to the same places.
class Checkpoint {
 public:
  /// @param marks  as found in the file
  Checkpoint(PartFile& file, const PartBlocks& blocks, std::vector<std::uint8_t> marks);
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;
  Checkpoint(Checkpoint&&) = delete;
  Checkpoint& operator=(Checkpoint&&) = delete;
  ~Checkpoint();

  /// Decides about blocks that are marked as written. Before anything else. @throws IoError
  void recover();

  /// Syncs in the background from now on; `before_sync` is called by that thread, every few
  /// seconds also when there is nothing to sync, and may throw.
  void start(std::function<void()> before_sync);
  void stop();

  /// Commits a block, by its number in the file. Thread-safe. @throws IoError, also what the
  /// background met since the last call
  void write(std::int64_t index, const ReplicateBytes& rows);

  /// The same of a block that somebody else has written (PartBlocks::write).
  void note(std::int64_t index);

  /// Makes all that is committed durable. @throws IoError
  void sync();

  bool has(std::int64_t index) const;
  bool has_all() const;
  std::int64_t num_rows() const;  ///< in committed blocks
  std::optional<double> age() const;

 private:
  using Clock = std::chrono::steady_clock;
  void work_in_background();

  PartFile& file_;
  PartBlocks blocks_;
  std::function<void()> before_sync_;

  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::uint8_t> marks_;
  std::vector<std::int64_t> written_;  ///< blocks that are not durable yet
  std::int64_t num_rows_ = 0;
  std::optional<Clock::time_point> saved_;
  std::exception_ptr failure_;
  bool ending_ = false;
  std::condition_variable wake_;

  std::mutex sync_mutex_;  // one sync at a time
  std::thread thread_;
};

}  // namespace merit
