// SPDX-License-Identifier: MIT
#include "engine/run/node_memory.hpp"

#include <algorithm>
#include <exception>
#include <new>

#include "engine/run/communicator_native.hpp"

namespace merit {
namespace {

constexpr std::int64_t kLine = 64;

std::shared_ptr<void> own_memory(std::int64_t bytes) {
  constexpr std::align_val_t kAtLines{kLine};
  return {::operator new(static_cast<std::size_t>(bytes), kAtLines),
          [](void* memory) { ::operator delete(memory, kAtLines); }};
}

}  // namespace

struct NodeMemory::Window {
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Win window = MPI_WIN_NULL;

  Window() = default;
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  Window(Window&&) = delete;
  Window& operator=(Window&&) = delete;
  /// Freeing is collective: while an exception ends this rank alone, nobody would come.
  ~Window() {
    if (!mpi_is_running() || std::uncaught_exceptions() > 0) return;
    if (window != MPI_WIN_NULL) {
      MPI_Win_unlock_all(window);
      MPI_Win_free(&window);
    }
    if (comm != MPI_COMM_NULL) MPI_Comm_free(&comm);
  }

  /// Begins on a cache line of rank 0's part, which is all there is; null if there is no room.
  void* allocate(std::int64_t bytes, int rank) {
    void* base = nullptr;
    const auto mine = static_cast<MPI_Aint>(rank == 0 ? bytes + kLine : 0);
    int status = MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, comm, &base, &window);
    int failed = status == MPI_SUCCESS ? 0 : 1, any = 0;
    check_mpi(MPI_Allreduce(&failed, &any, 1, MPI_INT, MPI_MAX, comm), "MPI_Allreduce");
    if (any != 0) return nullptr;
    MPI_Aint size = 0;
    int unit = 0;
    check_mpi(MPI_Win_shared_query(window, 0, &size, &unit, &base),
              "MPI_Win_shared_query");
    check_mpi(MPI_Win_lock_all(MPI_MODE_NOCHECK, window), "MPI_Win_lock_all");
    auto room = static_cast<std::size_t>(bytes + kLine);
    return std::align(kLine, static_cast<std::size_t>(bytes), base, room);
  }
};

NodeMemory::NodeMemory(const Communicator& comm, std::int64_t bytes) {
  bytes = std::max<std::int64_t>(bytes, kLine);
  if (comm.size() > 1) {
    auto window = std::make_shared<Window>();
    check_mpi(MPI_Comm_split_type(comm.native_->comm,
                                  MPI_COMM_TYPE_SHARED,
                                  comm.rank(),
                                  MPI_INFO_NULL,
                                  &window->comm),
              "MPI_Comm_split_type");
    check_mpi(MPI_Comm_set_errhandler(window->comm, MPI_ERRORS_RETURN),
              "MPI_Comm_set_errhandler");
    int rank = 0, size = 1;
    check_mpi(MPI_Comm_rank(window->comm, &rank), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(window->comm, &size), "MPI_Comm_size");
    void* shared = size > 1 ? window->allocate(bytes, rank) : nullptr;
    if (shared != nullptr) {
      rank_ = rank;
      size_ = size;
      window_ = window;
      memory_ = std::shared_ptr<void>(window, shared);
      return;
    }
  }
  memory_ = own_memory(bytes);
}

NodeMemory::NodeMemory(NodeMemory&&) noexcept = default;
NodeMemory& NodeMemory::operator=(NodeMemory&&) noexcept = default;
NodeMemory::~NodeMemory() = default;

void NodeMemory::fence() const {
  if (window_ == nullptr) return;
  check_mpi(MPI_Win_sync(window_->window), "MPI_Win_sync");
  check_mpi(MPI_Barrier(window_->comm), "MPI_Barrier");
  check_mpi(MPI_Win_sync(window_->window), "MPI_Win_sync");
}

}  // namespace merit
