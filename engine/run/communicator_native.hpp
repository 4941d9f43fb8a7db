// SPDX-License-Identifier: MIT
#pragma once

// MPI behind Communicator, for the sources that talk to it: communicator.cpp and
// node_memory.cpp.

#include <mpi.h>

#include "engine/run/communicator.hpp"

namespace merit {

/// @throws Error that names the call, unless it succeeded
void check_mpi(int status, const char* call);

/// Whether it has been initialised and not yet finalised.
bool mpi_is_running();

struct Communicator::Native {
  MPI_Comm comm = MPI_COMM_NULL;

  Native() = default;
  Native(const Native&) = delete;
  Native& operator=(const Native&) = delete;
  Native(Native&&) = delete;
  Native& operator=(Native&&) = delete;
  ~Native() {
    if (comm != MPI_COMM_NULL && mpi_is_running()) MPI_Comm_free(&comm);
  }
};

}  // namespace merit
