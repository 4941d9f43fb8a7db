// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/cli/analysis_fit.hpp"
#include "engine/cli/sensitivity_options.hpp"
#include "engine/run/communicator.hpp"

namespace merit {

/// The fits that a study asks for of its data, the base first; everything that can be said
/// against them before any is made is said at once. Fills in what the job knows of its
/// snapshots. *Collective*
/// @throws UsageError, DataError, InputError
std::vector<Analysis> plan_analyses(const Communicator& comm,
                                    const SensitivityCommand& command,
                                    SensitivityJob& job);

}  // namespace merit
