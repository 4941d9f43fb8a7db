// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cli/model_data.hpp"
#include "engine/cli/posterior.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/sample_options.hpp"
#include "engine/posterior/leave_one_out.hpp"
#include "engine/run/communicator.hpp"
#include "io/result_store.hpp"

namespace merit {

/// Leaves out what `--loo` names, from the draws that are in the job's file: a group is a task,
/// and a rank holds the parameters' draws and some groups' intercepts at a time.
/// @return the tables of /loo on rank 0; nothing if the job was stopped
/// *Collective*
std::optional<std::vector<StoredTable>> make_loo(const Communicator& comm,
                                                 const SampleCommand& command,
                                                 const ModelData& data,
                                                 const FittedModel& fit,
                                                 const Posterior& posterior);

/// What those tables add up to.
std::vector<LeaveOneOut> loo_of(const StoredPosterior& posterior, std::int64_t num_draws);

}  // namespace merit
