// SPDX-License-Identifier: MIT
#include "engine/cli/options.hpp"

#include <charconv>

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"

namespace merit {

void add_shard(CLI::App& app, Shard& shard) {
  app.add_option_function<std::string>(
         "--shard",
         [&shard](const std::string& given) {
           const char* const end = given.data() + given.size();
           const auto [slash, error] = std::from_chars(given.data(), end, shard.index);
           const bool split = error == std::errc() && slash != end && *slash == '/';
           const auto [stop, bad] =
               std::from_chars(split ? slash + 1 : end, end, shard.count);
           if (split && bad == std::errc() && stop == end && shard.index >= 1 &&
               shard.index <= shard.count && shard.count <= kMostShards) {
             return;
           }
           throw UsageError(fmt::format(
               "--shard {}: give I/N, the I-th of N parts (N up to {}), e.g. 3/8",
               given,
               kMostShards));
         },
         "only the I-th of N parts of the replicates; merit merge joins them")
      ->type_name("I/N");
}

void require_output(const RunSettings& run, Shard shard) {
  if (!run.output.empty() || run.dry_run) return;
  const char* given = run.resume        ? "--resume"
                      : run.time_limit  ? "--time-limit"
                      : shard.count > 1 ? "--shard"
                                        : nullptr;
  if (given == nullptr) return;
  throw UsageError(
      fmt::format("{} without --output: name the file that keeps what is done", given));
}

void add_options(CLI::App& app, FitCommand& command) {
  add_model(app, command.model);
  add_run(app, command.run);
  add_quasi(app, command.model);
  add_inference(app, command.inference);
  add_null(app, command.model);
  app.add_flag("--ranef", command.ranef, "the groups' modes as rows too");
}

void add_options(CLI::App& app, MergeCommand& command) {
  app.add_option("OUT", command.output, "result file to make")->required()->type_name("");
  app.add_option("SHARDS", command.shards, "result files of the parts of one job")
      ->required()
      ->type_name("");
  app.add_flag("--overwrite", command.overwrite, "replace an existing result file");
}

void add_options(CLI::App& app, SummarizeCommand& command) {
  app.add_option("RESULTS", command.results, "result file, finished or not")
      ->required()
      ->type_name("");
  add_number(app, "--level", command.level, "LEVEL", "confidence level (default 0.95)");
  add_tables(app, command.tables);
  app.add_flag("--ranef", command.ranef, "the groups' modes as rows too");
  add_format(app, command.format);
}

void add_options(CLI::App& app, InspectCommand& command) {
  app.add_option("FILE", command.file, "snapshot or result file")
      ->required()
      ->type_name("");
  app.add_option("--table", command.table, "data frame in the file (default /data)")
      ->type_name("PATH");
  add_format(app, command.format);
}

void validate(const FitCommand& command) {
  validate(command.model);
  validate(command.run);
  validate(command.inference, command.model);
}

}  // namespace merit
