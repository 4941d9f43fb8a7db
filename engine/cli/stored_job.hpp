// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/cli/progress_display.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/run_settings.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/task_runner.hpp"
#include "io/result_store.hpp"

/// Jobs that make rows (replicates, draws) for a long time, block by block, into a file that
/// lets them go on: what the commands that run them have in common. `what` is the rows' name.
namespace merit {

/// What --resume finds at the output.
enum class Found : std::uint8_t { nothing, part, finished };

/// @throws UsageError if there are fewer blocks than shards
void check_shard(const ReplicatePlan& plan, const std::string& what);

/// Looks at the output before any data are read. A resumed job stays with the instruction-set
/// level that it has used, unless the command names one. *Collective*
/// @throws UsageError, IoError as check_output; UsageError if another command has made it
/// @param input  the file that the job reads, which --output must not be
Found find_job(const Communicator& comm,
               const std::string& command,
               const std::string& input,
               RunSettings& run);

/// @throws UsageError if another job's file was found. *Collective*
void check_found(const Communicator& comm,
                 Found found,
                 const std::string& output,
                 const JobDescription& job,
                 Shard shard);

/// What a job would take, from rows made and thrown away.
std::string estimate_job(
    const std::function<
        void(std::int64_t first, std::int64_t count, ReplicateRows& rows)>& make,
    const ResultContents& contents,
    const RunRecord& record,
    const std::string& what);

/// The file to write, new or as a stopped job has left it; says in one line where the job runs
/// and how it goes on. On rank 0.
ResultWriter open_job(const ResultContents& contents,
                      const RunSettings& run,
                      const RunRecord& record);

/// How the job's tasks run: threads, how it is stopped, progress of rows on `display`. It points
/// to its arguments.
RunOptions job_options(const Communicator& comm,
                       const ReplicatePlan& plan,
                       const RunSettings& run,
                       ResultWriter* writer,
                       const std::string& what,
                       ProgressDisplay& display);

/// Makes what is not stored, with progress on stderr; stops at the time limit and on signals.
/// @param writer  rank 0's; null elsewhere
/// *Collective*
RunSummary run_job(const Communicator& comm,
                   const ReplicatePlan& plan,
                   const RunSettings& run,
                   ResultWriter* writer,
                   const std::string& what,
                   const Work& work,
                   const Sink& sink);

/// After a run that was stopped: makes all durable and says how much there is. *Collective*
void end_stopped_job(const Communicator& comm,
                     const ReplicatePlan& plan,
                     const RunSettings& run,
                     ResultWriter* writer,
                     const std::string& what);

}  // namespace merit
