// SPDX-License-Identifier: MIT
#include "engine/cli/simulate_options.hpp"

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"

namespace merit {
namespace {

/// "cell=7,rep=132"
OnlyRepetition parse_only(const std::string& given) {
  OnlyRepetition only;
  const std::string what = "--only " + given;
  const std::size_t comma = given.find(',');
  const bool split = given.starts_with("cell=") && comma != std::string::npos &&
                     given.compare(comma + 1, 4, "rep=") == 0;
  if (!split) throw UsageError(what + ": give a cell and a repetition: cell=7,rep=132");
  only.cell = parse_number<std::int64_t>("--only cell", given.substr(5, comma - 5));
  only.repetition = parse_number<std::int64_t>("--only rep", given.substr(comma + 5));
  return only;
}

}  // namespace

void add_options(CLI::App& app, SimulateCommand& command) {
  app.add_option("STUDY", command.study, "study file (TOML)")->required()->type_name("");
  add_number(app, "--seed", command.seed, "N", "64-bit seed (default: the study's)");
  add_run_without_seed(app, command.run);
  add_number(app,
             "--max-tasks",
             command.max_tasks,
             "N",
             "refuse more data sets than this (default 10000000)");
  app.add_option_function<std::string>(
         "--until-mcse",
         [&command](const std::string& given) {
           command.until_mcse = parse_wanted_errors(given);
         },
         "stop when Monte-Carlo standard errors are below these, e.g. coverage=0.002; "
         "the "
         "study's repetitions are then the most")
      ->type_name("MEASURE=X,…");
  app.add_option_function<std::string>(
         "--only",
         [&command](const std::string& given) { command.only = parse_only(given); },
         "make one data set alone and show its fits, counted from 1, e.g. cell=7,rep=132")
      ->type_name("cell=C,rep=R");
  app.add_option("--dump-data",
                 command.dump_data,
                 "with --only: write that data set as a snapshot")
      ->type_name("FILE");
  add_resume(app, command.run);
  add_shard(app, command.shard);
}

void validate(const SimulateCommand& command) {
  validate(command.run);
  const RunSettings& run = command.run;
  if (!command.dump_data.empty() && !command.only)
    throw UsageError("--dump-data without --only: say which data set");
  if (command.only && !run.output.empty())
    throw UsageError(
        "--only with --output: one data set has no result file; see --dump-data");
  require_output(run, command.shard);
  if (!command.until_mcse.empty()) {
    if (command.only)
      throw UsageError("--until-mcse with --only: one data set is asked for");
    if (command.shard.count > 1) {
      throw UsageError(
          "--until-mcse goes by all repetitions, which a shard does not have: leave out "
          "--shard, and use mpirun or srun to share the work");
    }
    if (run.output.empty() && !run.dry_run) {
      throw UsageError(
          "--until-mcse without --output: name the file that keeps the repetitions");
    }
  }
  if (command.max_tasks < 1) {
    throw UsageError(fmt::format("--max-tasks {}: give 1 or more", command.max_tasks));
  }
}

}  // namespace merit
