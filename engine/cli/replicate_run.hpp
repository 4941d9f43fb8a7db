// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/cli/options.hpp"
#include "engine/report/bootstrap_rows.hpp"
#include "engine/resample/replicate_summary.hpp"
#include "engine/resample/scheme.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/task_runner.hpp"
#include "io/result_store.hpp"
#include "io/shared_part.hpp"

namespace merit {

/// Makes the replicates of a job on ranks × threads and brings them into its file.
///
/// *Rows take the shortest way.* Workers on rank 0's machine write their blocks to the file
/// themselves (io/shared_part.hpp), and what travels to rank 0 is the notice that a block is
/// there; rows made on other machines travel whole. So one machine's ranks neither copy rows
/// to rank 0 nor wait for it. MERIT_ROWS=message in the environment sends all rows to rank 0,
/// for machines whose processes do not see one file system.
///
/// *Tables on the way.* Each worker counts what it makes (ReplicateTally), and all ranks that
/// see the file share the second pass. Neither changes a bit of the tables.
class ReplicateRun {
 public:
  /// @param summary  the tables that will be asked for; null: none
  /// @param writer  rank 0's; null elsewhere
  /// @param what  the rows' name
  /// *Collective*
  ReplicateRun(const Communicator& comm,
               const Scheme& scheme,
               const ReplicatePlan& plan,
               const RunSettings& settings,
               const SummaryRequest* summary,
               ResultWriter* writer,
               std::string what = "replicates");

  /// Makes the replicates that are not stored. *Collective*
  RunSummary run();

  /// Summaries on rank 0, if this run made all of the file's replicates. *Collective*
  std::optional<ReplicateSummaries> summarize();

 private:
  Bytes make(int worker, std::int64_t first, std::int64_t count);
  std::int64_t store(std::int64_t first, std::span<const std::byte> bytes);
  BlockRange share_of_second_pass() const;

  const Communicator& comm_;
  const Scheme& scheme_;
  const ReplicatePlan plan_;
  const RunSettings& settings_;
  const SummaryRequest* summary_;
  ResultWriter* writer_;
  const std::string what_;
  std::int64_t shift_;  ///< the first replicate of this file
  std::optional<SharedPart> part_;
  std::vector<ReplicateTally> tallies_;  ///< per worker
  bool made_all_ = false;
};

}  // namespace merit
