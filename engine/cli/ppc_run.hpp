// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "engine/cli/model_data.hpp"
#include "engine/cli/posterior.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/sample_options.hpp"
#include "engine/posterior/predictive_check.hpp"
#include "engine/run/communicator.hpp"
#include "io/result_store.hpp"

namespace merit {

/// `--ppc`: replicates the responses under every draw that is in the job's file and compares. Some
/// groups are a task, which replicates them under all draws and keeps sums; rank 0 adds these up
/// in the order of the groups. With `--prior-only` the intercepts are new ones.
/// @return the tables of /ppc on rank 0; nothing if the job was stopped
/// *Collective*
std::optional<std::vector<StoredTable>> make_ppc(const Communicator& comm,
                                                 const SampleCommand& command,
                                                 const ModelData& data,
                                                 const FittedModel& fit,
                                                 const Posterior& posterior);

/// What those tables say.
PredictiveChecks ppc_of(const StoredPosterior& posterior, const StoredFit& fit);

}  // namespace merit
