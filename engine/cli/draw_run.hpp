// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/cli/posterior.hpp"
#include "engine/cli/run_settings.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/task_runner.hpp"
#include "io/result_store.hpp"

namespace merit {

/// What is stored of a job that goes on, as its chains need it.
struct StoredDraws {
  /// Whether each row is a new draw (0) or the one before again (1); −1: not stored.
  std::vector<std::int8_t> status;
  /// Of each chain, the last row before the first block that is not stored; empty: none.
  std::vector<std::vector<double>> last_row;
};

/// Exact draws, or proposals: what needs no row before.
void make_rows(const Posterior& posterior,
               std::int64_t first,
               std::int64_t count,
               ReplicateRows& rows);

/// On rank 0, before the file is opened for writing. @param output  empty: nothing is stored
/// @throws IoError
StoredDraws stored_draws(const std::string& output,
                         const ReplicatePlan& plan,
                         const Posterior& posterior);

/// Makes the draws that are not stored.
///
/// Exact draws and proposals are made in any order. Slices follow each other: in rounds of a
/// second or so, each chain that is not done is a task, and goes on from the row that it
/// has left.
///
/// @param writer, stored  rank 0's
/// *Collective*
RunSummary make_draws(const Communicator& comm,
                      const RunSettings& run,
                      const Posterior& posterior,
                      const ReplicatePlan& plan,
                      ResultWriter* writer,
                      StoredDraws stored);

}  // namespace merit
