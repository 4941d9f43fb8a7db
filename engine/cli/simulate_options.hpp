// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "engine/cli/run_settings.hpp"
#include "engine/study/study_file.hpp"

namespace merit {

struct SimulateCommand {
  std::string study;
  RunSettings run;
  std::optional<std::uint64_t> seed;  ///< none: the study's
  std::int64_t max_tasks = kUsualMaxTasks;
};

void add_options(CLI::App& app, SimulateCommand& command);

/// @throws UsageError
void validate(const SimulateCommand& command);

}  // namespace merit
