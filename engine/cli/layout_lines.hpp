// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/cli/provenance.hpp"
#include "engine/cli/run_settings.hpp"

/// Lines on stderr, by rank 0, that say where a command runs.
namespace merit {

/// Loudly, what does not fit: more threads than CPUs.
void warn_of_layout(const RunRecord& record);

/// "merit: 2 ranks × 2 threads on 2 nodes, 2 CPUs per rank" and what else is to be known
/// then, unless no progress is wanted; and loudly what does not fit.
void say_layout(const RunRecord& record,
                ProgressMode progress,
                const std::string& what_else = "");

}  // namespace merit
