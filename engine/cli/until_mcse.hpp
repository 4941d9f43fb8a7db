// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/cli/options.hpp"
#include "engine/report/report.hpp"
#include "engine/resample/stopping_rule.hpp"
#include "engine/run/communicator.hpp"
#include "io/result_store.hpp"

/// `--until-mcse X`: a job that goes on until its tables are exact enough.
namespace merit {

/// The least exact end of an interval, and by how many standard errors of its estimate another
/// so many replicates would move it.
struct LargestError {
  double standard_errors = 0.0;  ///< infinite: not known
  std::string of;                ///< "x, perc, 97.5 %"
};

/// Of all intervals that have ends. @param tidy  a bootstrap's
LargestError largest_error(const std::vector<TidyRow>& tidy, double level);

StoppingRule stopping_rule(const BootstrapCommand& command, std::int64_t block_rows);

/// Replicates of the first table that is looked at: enough for ends that are none of the extremes.
std::int64_t least_replicates(const BootstrapCommand& command, std::int64_t num_groups);

/// How many replicates the job has come to: those that a stored part of it is laid out for, or
/// those of the first table. *Collective*
std::int64_t replicates_begun(const Communicator& comm,
                              const BootstrapCommand& command,
                              std::int64_t first);

/// How many there shall be, now that those of `part` are all there. On rank 0.
std::int64_t replicates_needed(const ResultFile& part,
                               const BootstrapCommand& command,
                               const StoppingRule& rule);

/// Whether the rule has ended the job, with a note of the error that it has come to.
bool is_exact_enough(const BootstrapCommand& command, Report& report);

}  // namespace merit
