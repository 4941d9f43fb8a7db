// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "engine/cli/inference_options.hpp"
#include "engine/cli/model_options.hpp"
#include "engine/cli/run_settings.hpp"
#include "engine/resample/bootstrap_plan.hpp"
#include "engine/resample/intervals.hpp"
#include "io/result_store.hpp"

namespace merit {

struct FitCommand {
  ModelOptions model;
  RunSettings run;
  InferenceOptions inference;
  bool ranef = false;
};

/// What is shown of a job's replicates.
struct TableOptions {
  std::vector<IntervalType> intervals = {IntervalType::perc};
  std::vector<std::string> quantities = {};
};

struct BootstrapCommand {
  ModelOptions model;
  RunSettings run;
  BootstrapType type = BootstrapType::parametric;
  std::optional<ResampleUnit> resample;     ///< cases only; none given: groups
  std::optional<std::string> strata;        ///< cases only: column to draw groups within
  std::optional<RebType> reb_type;          ///< reb only; none given: scaled
  std::optional<WildHc> wild_hc;            ///< wild only; none given: HC2
  std::optional<WildWeights> wild_weights;  ///< wild only; none given: Rademacher
  std::int64_t replicates = 0;
  TableOptions tables;
  std::optional<std::int64_t> inner;  ///< replicates of each replicate; calibrated only
  bool wants(IntervalType interval) const;
  std::int64_t num_inner() const;    ///< 0: none
  std::optional<double> until_mcse;  ///< then `replicates` are the most
  bool keep_std_errors = true;
  double max_failed = 0.01;
  Shard shard;
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
void add_options(CLI::App& app, BootstrapCommand& command);
void add_options(CLI::App& app, SummarizeCommand& command);
void add_options(CLI::App& app, MergeCommand& command);
void add_options(CLI::App& app, InspectCommand& command);

/// @throws UsageError if other tables than the usual ones are asked for, of replicates that are no
///         estimates
void refuse_tables(const TableOptions& tables, const std::string& why);

/// --shard I/N
void add_shard(CLI::App& app, Shard& shard);

/// Of studies, whose --output is optional. @throws UsageError if an option needs it
void require_output(const RunSettings& run, Shard shard);

/// Checks what no single option can. @throws UsageError
void validate(const FitCommand& command);
void validate(const BootstrapCommand& command);

}  // namespace merit
