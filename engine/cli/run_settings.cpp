// SPDX-License-Identifier: MIT
#include "engine/cli/run_settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/cli/time_limit.hpp"
#include "engine/error.hpp"
#include "engine/run/layout.hpp"

namespace merit {
namespace {

const Words<Format> kFormats = {
    {"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}};
const Words<ProgressMode> kProgressModes = {{"auto", ProgressMode::automatic},
                                            {"plain", ProgressMode::plain},
                                            {"none", ProgressMode::none}};

}  // namespace

void add_format(CLI::App& app, Format& format) {
  add_choice(app, "--format", format, kFormats, "what stdout carries (default table)");
}

void add_level(CLI::App& app, RunSettings& run) {
  add_number(app, "--level", run.level, "LEVEL", "confidence level (default 0.95)");
}

void add_layout(CLI::App& app, RunSettings& run) {
  add_number(
      app, "--threads", run.threads, "N", "threads per rank (default: one per CPU)");
  app.add_option(
         "--simd", run.simd, "x86-64-v2, -v3 or -v4: speed only (default x86-64-v3)")
      ->type_name("LEVEL");
}

void add_progress(CLI::App& app, RunSettings& run) {
  add_choice(app,
             "--progress",
             run.progress,
             kProgressModes,
             "a live line on a terminal, one every 30 s in a log (default auto)");
}

void add_run(CLI::App& app, RunSettings& run) {
  add_number(
      app, "--seed", run.seed, "N", "64-bit seed of all random numbers (default 1)");
  add_run_without_seed(app, run);
}

void add_run_without_seed(CLI::App& app, RunSettings& run) {
  add_level(app, run);
  add_layout(app, run);
  app.add_option_function<std::string>(
         "--output",
         [&run](const std::string& path) {
           if (path.empty()) throw UsageError("--output: its file has no name");
           run.output = path;
         },
         "result file (HDF5)")
      ->type_name("FILE");
  app.add_flag("--overwrite", run.overwrite, "replace an existing result file");
  add_format(app, run.format);
  add_progress(app, run);
  app.add_flag(
      "--dry-run", run.dry_run, "read and check, estimate time and memory, do nothing");
}

void add_resume(CLI::App& app, RunSettings& run) {
  app.add_flag("--resume",
               run.resume,
               "start, or go on where --output stopped; a finished job ends at once");
  app.add_option_function<std::string>(
         "--time-limit",
         [&run](const std::string& given) {
           run.time_limit = parse_duration(given);
           if (!run.time_limit) {
             throw UsageError("--time-limit " + given +
                              ": give a time such as 55m, 90s, 2h30m, 3600 (seconds) or "
                              "1-12:00:00 (days-hours:minutes:seconds)");
           }
         },
         "stop after this long, e.g. 55m (a plain number is seconds); --resume goes on")
      ->type_name("TIME");
}

void validate(const RunSettings& run) {
  if (!(run.level > 0.0 && run.level < 1.0)) {
    throw UsageError(fmt::format("--level {}: give a number between 0 and 1", run.level));
  }
  if (run.threads) {
    // More than a few per CPU only wait for each other, and may be more than the system gives.
    const int most = std::max(64, 4 * default_threads());
    if (*run.threads < 1 || *run.threads > most) {
      throw UsageError(
          fmt::format("--threads {}: give 1 to {} (this rank may use {} CPU{})",
                      *run.threads,
                      most,
                      default_threads(),
                      default_threads() == 1 ? "" : "s"));
    }
  }
  if (run.simd) parse_simd_level(*run.simd);
  if (run.overwrite && run.output.empty()) {
    throw UsageError("--overwrite without --output: name the file to replace");
  }
  if (run.overwrite && run.resume) {
    throw UsageError(
        "--overwrite with --resume: the one starts anew, the other goes on; give one");
  }
}

int RunSettings::num_threads() const {
  return threads.value_or(default_threads());
}

SimdLevel RunSettings::simd_level() const {
  return std::min(parse_simd_level(simd.value_or("x86-64-v3")), highest_simd_level());
}

}  // namespace merit
