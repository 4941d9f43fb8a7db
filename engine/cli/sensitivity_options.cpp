// SPDX-License-Identifier: MIT
#include "engine/cli/sensitivity_options.hpp"

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"

namespace merit {

void add_options(CLI::App& app, SensitivityCommand& command) {
  app.add_option("STUDY", command.study, "study file (TOML)")->required()->type_name("");
  add_level(app, command.run);
  add_layout(app, command.run);
  add_progress(app, command.run);
  add_format(app, command.run.format);
  add_number(app,
             "--max-tasks",
             command.max_tasks,
             "N",
             "refuse more fits than this (default 100000)");
  app.add_flag(
      "--dry-run", command.run.dry_run, "read and check, list the fits, do nothing");
}

void validate(const SensitivityCommand& command) {
  validate(command.run);
  if (command.max_tasks < 1)
    throw UsageError(fmt::format("--max-tasks {}: give 1 or more", command.max_tasks));
}

}  // namespace merit
