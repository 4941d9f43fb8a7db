// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace merit {

/// "Open MPI v4.1.4" and the like: the MPI library in use. Works without MpiSession.
std::string mpi_version();

}  // namespace merit
