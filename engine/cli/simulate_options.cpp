// SPDX-License-Identifier: MIT
#include "engine/cli/simulate_options.hpp"

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"

namespace merit {
namespace {

const Words<ProgressMode> kProgressModes = {{"auto", ProgressMode::automatic},
                                            {"plain", ProgressMode::plain},
                                            {"none", ProgressMode::none}};

}  // namespace

void add_options(CLI::App& app, SimulateCommand& command) {
  RunSettings& run = command.run;
  app.add_option("STUDY", command.study, "study file (TOML)")->required()->type_name("");
  add_number(app, "--level", run.level, "LEVEL", "confidence level (default 0.95)");
  add_number(app, "--seed", command.seed, "N", "64-bit seed (default: the study's)");
  add_number(
      app, "--threads", run.threads, "N", "threads per rank (default: one per CPU)");
  app.add_option(
         "--simd", run.simd, "x86-64-v2, -v3 or -v4: speed only (default x86-64-v3)")
      ->type_name("LEVEL");
  add_number(app,
             "--max-tasks",
             command.max_tasks,
             "N",
             "refuse more data sets than this (default 10000000)");
  add_format(app, run.format);
  add_choice(app,
             "--progress",
             run.progress,
             kProgressModes,
             "a bar on a terminal, a line every 30 s in a log (default auto)");
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
