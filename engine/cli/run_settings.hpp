// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/simd/level.hpp"

namespace CLI {
class App;
}

namespace merit {

enum class Format { table, json, csv };
enum class ProgressMode { automatic, plain, none };

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

void add_format(CLI::App& app, Format& format);
void add_level(CLI::App& app, RunSettings& run);
void add_layout(CLI::App& app, RunSettings& run);  ///< --threads, --simd
void add_progress(CLI::App& app, RunSettings& run);

/// All of these, --seed, --output, --overwrite and --dry-run.
void add_run(CLI::App& app, RunSettings& run);
/// The same but --seed, whose default is elsewhere.
void add_run_without_seed(CLI::App& app, RunSettings& run);

/// --resume and --time-limit, of jobs that can go on later.
void add_resume(CLI::App& app, RunSettings& run);

/// @throws UsageError if a value is out of range or options contradict each other
void validate(const RunSettings& run);

}  // namespace merit
