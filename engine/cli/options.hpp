// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "engine/fit/fit_result.hpp"
#include "engine/model/family.hpp"
#include "engine/report/fit_rows.hpp"
#include "engine/resample/cases.hpp"
#include "engine/resample/intervals.hpp"
#include "engine/simd/level.hpp"
#include "io/result_store.hpp"

namespace merit {

enum class Format { table, json, csv };
enum class ProgressMode { automatic, plain, none };

/// Which model, on which rows of which table.
struct ModelOptions {
  std::string snapshot;
  std::string formula;
  std::string table = "/data";
  std::optional<std::string> where;
  std::optional<std::string> offset;
  std::optional<std::string> trials;
  std::string family = "gaussian";
  std::string link;                    ///< empty: the family's own
  std::string method;                  ///< empty: the family's own
  std::string nagq;                    ///< quadrature points or "auto"; empty: 7
  std::optional<Criterion> pql_inner;  ///< none: REML
  std::optional<bool> pql_free_scale;  ///< none: estimated
  bool drop_collinear = false;

  // Of a validated model.
  bool is_gaussian() const { return family == "gaussian"; }
  Family family_kind() const;
  Link link_kind() const;
  std::string method_name() const;
  Criterion criterion() const;
  int num_nodes() const;  ///< to begin with
  bool is_quasi() const { return method == "pql" || method == "mql"; }
};

/// How to run and what to show.
struct RunSettings {
  double level = 0.95;
  std::uint64_t seed = 1;
  std::optional<int> threads = {};  ///< none: one per CPU left to this rank
  std::optional<std::string> simd;  ///< none: x86-64-v3, or what a resumed job has used
  std::string output;
  bool overwrite = false;
  bool resume = false;
  std::optional<double> time_limit;  ///< seconds
  Format format = Format::table;
  ProgressMode progress = ProgressMode::automatic;
  bool dry_run = false;

  int num_threads() const;
  /// The level asked for, or the highest of this processor below it: bits are the same.
  SimdLevel simd_level() const;
};

struct FitCommand {
  ModelOptions model;
  RunSettings run;
  DfMethod df = DfMethod::normal;
  bool ranef = false;
};

enum class BootstrapType { parametric, cases };

struct BootstrapCommand {
  ModelOptions model;
  RunSettings run;
  BootstrapType type = BootstrapType::parametric;
  std::optional<ResampleUnit> resample;  ///< cases only; none given: groups
  std::int64_t replicates = 0;
  std::vector<IntervalType> intervals;
  bool keep_std_errors = true;
  double max_failed = 0.01;
  Shard shard;
  bool ranef = false;
};

struct SummarizeCommand {
  std::string results;
  std::vector<IntervalType> intervals;
  double level = 0.95;
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

/// Checks what no single option can. @throws UsageError
void validate(const FitCommand& command);
void validate(const BootstrapCommand& command);

std::string_view name(BootstrapType type);
std::string_view name(ResampleUnit unit);

}  // namespace merit
