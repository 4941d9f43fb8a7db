// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/bytes.hpp"

namespace merit {

/// Whether mpirun, srun or another launcher started this process as one of its ranks
/// (seen by the variables they set), so that MPI has somebody to talk to.
bool started_by_launcher();

/// How many processes the launcher started, as far as its variables tell; 1 without one.
int launched_processes();

/// Initialises MPI for the life of this object (MPI_Init_thread with FUNNELED: only the
/// thread that made it calls MPI). One per process, in main.
///
/// Without a launcher it does nothing, and Communicator::world() is a single rank: a fit on
/// a login node or a laptop neither pays for MPI's start nor needs a working network.
///
/// Left by an exception it aborts all ranks instead of finalising: the others may be
/// waiting for this one for ever. So catch what can be told to the user before.
class MpiSession {
 public:
  /// @throws Error if MPI cannot be initialised; UsageError if merit was built without MPI
  ///         and a launcher has started several of it
  MpiSession(int& argc, char**& argv);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  MpiSession(MpiSession&&) = delete;
  MpiSession& operator=(MpiSession&&) = delete;

 private:
  // Unused without MPI.
  [[maybe_unused]] bool owns_mpi_ = false;
  [[maybe_unused]] int exceptions_at_start_ = 0;
};

/// One message on its way. A send is done when the receiver has taken it, a receive when
/// all bytes are here; until then the object must be kept and done() be asked now and then.
class Transfer {
 public:
  struct State;  // the MPI request and its buffer
  explicit Transfer(std::unique_ptr<State> state);
  Transfer(Transfer&&) noexcept;
  Transfer& operator=(Transfer&&) noexcept;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  /// Dropped before it is done, a transfer gives its buffer up to MPI (it leaks) and
  /// never waits: that happens only when an error is about to end the run.
  ~Transfer();

  bool done();
  int peer() const;           ///< the other rank
  std::int64_t size() const;  ///< bytes
  Bytes take();               ///< the bytes received; only when done()

 private:
  std::unique_ptr<State> state_;
};

/// The ranks of one job, as an explicit value; MPI stays behind it.
///
/// Functions that communicate take a Communicator and say *Collective* if every rank has to
/// call them. Messages of more than 2 GiB are allowed everywhere. An MPI error becomes an
/// exception (Error, ExitCode::internal) that names the call; after one, only abort() helps.
class Communicator {
 public:
  /// One rank, no MPI: works without mpirun and without MpiSession.
  static Communicator single();
  /// A duplicate of MPI_COMM_WORLD, so that our messages never meet anybody else's;
  /// single() if MPI is not initialised. *Collective*
  static Communicator world();

  Communicator(Communicator&&) noexcept;
  Communicator& operator=(Communicator&&) noexcept;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  ~Communicator();

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_root() const { return rank_ == 0; }

  /// Whether this rank runs on the same machine as rank 0 (shares memory with it).
  bool on_root_node() const { return on_root_node_; }

  /// Seconds since some moment in the past; those of a simulated cluster where MPI is one.
  /// Thread-safe.
  double seconds() const;

  /// Does nothing for about this long.
  void rest(std::chrono::microseconds time) const;

  /// *Collective*
  void barrier() const;

  /// On every rank, rank 0's bytes; the others need not know how many. *Collective*
  void broadcast(Bytes& bytes) const;

  /// On rank 0 the bytes of every rank, in rank order; empty elsewhere. *Collective*
  std::vector<Bytes> gather(std::span<const std::byte> mine) const;

  /// On every rank the bytes of every rank, in rank order. *Collective*
  std::vector<Bytes> all_gather(std::span<const std::byte> mine) const;

  /// The smallest value, the sum over ranks; on every rank. *Collective*
  std::int64_t all_min(std::int64_t mine) const;
  std::int64_t all_sum(std::int64_t mine) const;

  /// Rank 0's value, on every rank. *Collective*
  template <PlainValue T>
  T broadcast_value(const T& value) const {
    ByteWriter writer;
    writer.put(value);
    Bytes bytes = writer.take();
    broadcast(bytes);
    return ByteReader(bytes).take<T>();
  }
  std::string broadcast_text(const std::string& text) const;

  /// Starts to send `bytes`; between two ranks, messages of one tag arrive in order.
  /// @param tag  0 ≤ tag < 1000; others are used by the collectives
  Transfer start_send(int to, int tag, Bytes bytes) const;

  /// If a message with this tag has arrived from any rank, starts to receive it. Never waits.
  std::optional<Transfer> start_receive(int tag) const;

  /// Ends all ranks at once with this exit code, for what cannot be mended. `last_words` go
  /// to stderr: nobody will be left to print them.
  [[noreturn]] void abort(int code, const std::string& last_words) const;

 private:
  friend class NodeMemory;
  struct Native;
  Communicator();
  std::unique_ptr<Native> native_;  // null: a single rank, no MPI
  int rank_ = 0;
  int size_ = 1;
  bool on_root_node_ = true;
};

}  // namespace merit
