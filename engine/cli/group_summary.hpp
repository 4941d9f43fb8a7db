// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "engine/cli/model_data.hpp"
#include "engine/cli/posterior.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/sample_options.hpp"
#include "engine/report/report.hpp"
#include "engine/run/communicator.hpp"
#include "io/result_store.hpp"

namespace merit {

/// `--save-groups summary`: each group's intercept is drawn for every draw of the parameters that is
/// in the job's file, summarised and forgotten. A group is a task; a thread holds its S draws.
/// @return the table on rank 0; nothing if the job was stopped
/// *Collective*
std::optional<StoredTable> summarize_groups(const Communicator& comm,
                                            const SampleCommand& command,
                                            const ModelData& data,
                                            const FittedModel& fit,
                                            const Posterior& posterior);

/// As rows of a report. @param level  intervals for 0.5, 0.9 and 0.95 are there, no others
std::vector<TidyRow> group_summary_rows(const StoredFit& fit,
                                        const StoredTable& table,
                                        double level);

}  // namespace merit
