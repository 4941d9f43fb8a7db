// SPDX-License-Identifier: MIT
#include "engine/run/mpi_version.hpp"

#include <mpi.h>

namespace merit {

std::string mpi_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string version(text);
  return version.substr(0, version.find_first_of(",\n"));  // the rest is its build
}

}  // namespace merit
