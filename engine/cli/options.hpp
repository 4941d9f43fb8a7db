// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cli/bootstrap_options.hpp"
#include "engine/cli/inference_options.hpp"
#include "engine/cli/model_options.hpp"
#include "engine/cli/run_settings.hpp"
#include "engine/cli/table_options.hpp"
#include "io/result_store.hpp"

namespace CLI {
class App;
}

namespace merit {

struct FitCommand {
  ModelOptions model;
  RunSettings run;
  InferenceOptions inference;
  bool ranef = false;
};

struct SummarizeCommand {
  std::string results;
  TableOptions tables;
  std::optional<double> level;  ///< none given: 0.95, or that of the file's intervals
  bool ranef = false;
  Format format = Format::table;
};

struct MergeCommand {
  std::string output;
  std::vector<std::string> shards;
  bool overwrite = false;
};

struct InspectCommand {
  std::string file;
  std::string table = "/data";
  Format format = Format::table;
};

/// Each adds the command's arguments and options to `app`; the values are in `command`
/// once parsed.
void add_options(CLI::App& app, FitCommand& command);
void add_options(CLI::App& app, SummarizeCommand& command);
void add_options(CLI::App& app, MergeCommand& command);
void add_options(CLI::App& app, InspectCommand& command);

/// --shard I/N
void add_shard(CLI::App& app, Shard& shard);

/// Of studies, whose --output is optional. @throws UsageError if an option needs it
void require_output(const RunSettings& run, Shard shard);

/// Checks what no single option can. @throws UsageError
void validate(const FitCommand& command);

}  // namespace merit
