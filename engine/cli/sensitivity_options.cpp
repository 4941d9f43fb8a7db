// SPDX-License-Identifier: MIT
#include "engine/cli/sensitivity_options.hpp"

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"

namespace merit {

void add_options(CLI::App& app, SensitivityCommand& command) {
  app.add_option("STUDY", command.study, "study file (TOML)")->required()->type_name("");
  add_number(app,
             "--seed",
             command.seed,
             "N",
             "64-bit seed of the bootstrap (default: the study's)");
  add_run_without_seed(app, command.run);
  add_number(app,
             "--max-tasks",
             command.max_tasks,
             "N",
             "refuse more fits than this (default 100000)");
  add_resume(app, command.run);
  add_shard(app, command.shard);
}

void validate(const SensitivityCommand& command) {
  validate(command.run);
  if (command.max_tasks < 1)
    throw UsageError(fmt::format("--max-tasks {}: give 1 or more", command.max_tasks));
  require_output(command.run, command.shard);
}

}  // namespace merit
