// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "engine/run/communicator.hpp"

namespace merit {

/// Memory that is there once per node, whatever the number of ranks on it: what one rank
/// writes, all ranks of its node read, after fence().
///
/// An MPI window of shared memory; a rank that is alone on its node, and a build without MPI,
/// allocate as usual. Where the system has no room for a window (a container with a small
/// /dev/shm), every rank gets memory of its own and is told that it shares with nobody: so
/// always divide the work by rank() and size().
class NodeMemory {
 public:
  /// At least `bytes` bytes, on a cache line, with any contents. *Collective*
  NodeMemory(const Communicator& comm, std::int64_t bytes);
  NodeMemory(NodeMemory&&) noexcept;
  NodeMemory& operator=(NodeMemory&&) noexcept;
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;
  ~NodeMemory();

  /// The memory. It lives as long as any pointer to it; the last one must go on all ranks of the
  /// node, or on none.
  const std::shared_ptr<void>& memory() const { return memory_; }

  int rank() const { return rank_; }  ///< of this process among those that share
  int size() const { return size_; }  ///< how many share

  /// Afterwards all that the ranks wrote before is seen by all. *Collective among those that
  /// share*
  void fence() const;

 private:
  struct Window;
  std::shared_ptr<Window> window_;  // null: not shared
  std::shared_ptr<void> memory_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace merit
