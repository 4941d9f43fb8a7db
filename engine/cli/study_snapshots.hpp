// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/run/communicator.hpp"
#include "engine/study/snapshot_columns.hpp"

namespace merit {

/// Reads the snapshots that a study file names: their paths are from where that file lies. Each
/// rank reads what rank 0 has examined. What it returns is *Collective*, and needs `comm`.
ReadSnapshot snapshot_source(const Communicator& comm, const std::string& study_file);

}  // namespace merit
