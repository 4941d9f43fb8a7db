// SPDX-License-Identifier: MIT
#include "engine/cli/simulate_options.hpp"

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"

namespace merit {

void add_options(CLI::App& app, SimulateCommand& command) {
  RunSettings& run = command.run;
  app.add_option("STUDY", command.study, "study file (TOML)")->required()->type_name("");
  add_level(app, run);
  add_number(app, "--seed", command.seed, "N", "64-bit seed (default: the study's)");
  add_layout(app, run);
  add_number(app,
             "--max-tasks",
             command.max_tasks,
             "N",
             "refuse more data sets than this (default 10000000)");
  add_format(app, run.format);
  add_progress(app, run);
  app.add_flag(
      "--dry-run", run.dry_run, "check the study, estimate the time, do nothing");
}

void validate(const SimulateCommand& command) {
  validate(command.run);
  if (command.max_tasks < 1) {
    throw UsageError(fmt::format("--max-tasks {}: give 1 or more", command.max_tasks));
  }
}

}  // namespace merit
