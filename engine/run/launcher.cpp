// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdlib>

#include "engine/run/communicator.hpp"

namespace merit {

namespace {

const char* variable(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

bool started_by_launcher() {
  // Open MPI and srun --mpi=pmix set the first two, MPICH's and Intel's launchers and
  // srun --mpi=pmi2 the next, Cray's the last. A step of several tasks without any of them
  // (srun --mpi=none) must not run as that many single ranks: MPI_Init then says what is
  // wrong.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE",
                           "PMIX_RANK",
                           "PMI_RANK",
                           "MPI_LOCALNRANKS",
                           "PALS_RANKID"}) {
    if (variable(name) != nullptr) return true;
  }
  return launched_processes() > 1;
}

int launched_processes() {
  int most = 1;
  for (const char* name :
       {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS", "SLURM_STEP_NUM_TASKS"}) {
    if (const char* text = variable(name)) most = std::max(most, std::atoi(text));
  }
  return most;
}

}  // namespace merit
