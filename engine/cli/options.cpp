// SPDX-License-Identifier: MIT
#include "engine/cli/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/time_limit.hpp"
#include "engine/error.hpp"
#include "engine/fit/quadrature_rule.hpp"
#include "engine/run/layout.hpp"

namespace merit {
namespace {

/// Far beyond any use, and small enough that sizes in bytes stay exact.
constexpr std::int64_t kMostReplicates = 1'000'000'000'000;

template <class T>
using Words = std::map<std::string, T>;

const Words<Format> kFormats = {
    {"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}};
const Words<ProgressMode> kProgressModes = {{"auto", ProgressMode::automatic},
                                            {"plain", ProgressMode::plain},
                                            {"none", ProgressMode::none}};
const Words<DfMethod> kDfMethods = {{"normal", DfMethod::normal},
                                    {"residual", DfMethod::residual}};
const Words<BootstrapType> kTypes = {{"parametric", BootstrapType::parametric},
                                     {"cases", BootstrapType::cases}};
const Words<Criterion> kCriteria = {{"ml", Criterion::ml}, {"reml", Criterion::reml}};
const Words<bool> kScales = {{"1", false}, {"free", true}};
const Words<ResampleUnit> kUnits = {{"groups", ResampleUnit::groups},
                                    {"rows", ResampleUnit::rows},
                                    {"both", ResampleUnit::both}};

/// An option whose value is one of some words; others are refused with the list.
template <class T, class Target>
CLI::Option* add_choice(CLI::App& app,
                        const std::string& option,
                        Target& target,
                        const Words<T>& words,
                        const std::string& help) {
  std::string list;
  for (const auto& [word, value] : words)
    list += (list.empty() ? "" : "|") + word;
  return app
      .add_option_function<std::string>(
          option,
          [&target, &words, option, list](const std::string& given) {
            const auto found = words.find(given);
            if (found == words.end()) {
              throw UsageError(fmt::format(
                  "{} {}: not one of {} in this version", option, given, list));
            }
            target = found->second;
          },
          help)
      ->type_name(list);
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
         "stop after this long, e.g. 55m; --resume goes on")
      ->type_name("TIME");
}

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

/// A number, written in full and in decimal.
template <class Number>
Number parse_number(const std::string& option, const std::string& given) {
  Number number{};
  const char* const end = given.data() + given.size();
  const auto [stop, error] = std::from_chars(given.data(), end, number);
  if (error == std::errc() && stop == end) return number;
  std::string accepted = "a number";
  if constexpr (std::is_integral_v<Number>) {
    accepted = fmt::format("a whole number up to {}", std::numeric_limits<Number>::max());
  }
  throw UsageError(fmt::format("{} {}: give {}", option, given, accepted));
}

template <class T>
struct NumberIn {
  using type = T;
};
template <class T>
struct NumberIn<std::optional<T>> {
  using type = T;
};

/// An option whose value is a number; the target is one, or an optional one.
template <class Target>
CLI::Option* add_number(CLI::App& app,
                        const std::string& option,
                        Target& target,
                        const std::string& type_name,
                        const std::string& help) {
  return app
      .add_option_function<std::string>(
          option,
          [&target, option](const std::string& given) {
            target = parse_number<typename NumberIn<Target>::type>(option, given);
          },
          help)
      ->type_name(type_name);
}

void add_format(CLI::App& app, Format& format) {
  add_choice(app, "--format", format, kFormats, "what stdout carries (default table)");
}

void add_model(CLI::App& app, ModelOptions& model) {
  app.add_option("SNAPSHOT", model.snapshot, "HDF5 file with the data")
      ->required()
      ->type_name("");
  app.add_option("FORMULA", model.formula, "R's: 'y ~ x + (1 | group)'")
      ->required()
      ->type_name("");
  app.add_option("--table", model.table, "data frame in the file (default /data)")
      ->type_name("PATH");
  app.add_option("--where", model.where, "rows to use, e.g. 'wave == 2019'")
      ->type_name("EXPR");
  app.add_option("--offset", model.offset, "column whose coefficient is fixed at 1")
      ->type_name("COLUMN");
  app.add_option("--trials", model.trials, "column of binomial trials of a proportion")
      ->type_name("COLUMN");
  app.add_option("--family",
                 model.family,
                 "gaussian (default), binomial, poisson, negbinomial, ordinal")
      ->type_name("FAMILY");
  app.add_option("--link",
                 model.link,
                 "identity, logit, probit, cloglog, log (default: the family's own)")
      ->type_name("LINK");
  app.add_option("--method",
                 model.method,
                 "gaussian: reml (default), ml; others: agq (default), laplace, pql, mql")
      ->type_name("METHOD");
  app.add_option(
         "--nagq", model.nagq, "quadrature points, or auto; 1 is Laplace (default 7)")
      ->type_name("K|auto");
  app.add_flag("--drop-collinear",
               model.drop_collinear,
               "leave out columns that earlier ones determine, as R does");
}

void add_run(CLI::App& app, RunSettings& run) {
  add_number(app, "--level", run.level, "LEVEL", "confidence level (default 0.95)");
  add_number(
      app, "--seed", run.seed, "N", "64-bit seed of all random numbers (default 1)");
  add_number(
      app, "--threads", run.threads, "N", "threads per rank (default: one per CPU)");
  app.add_option(
         "--simd", run.simd, "x86-64-v2, -v3 or -v4: speed only (default x86-64-v3)")
      ->type_name("LEVEL");
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
  add_choice(app,
             "--progress",
             run.progress,
             kProgressModes,
             "a bar on a terminal, a line every 30 s in a log (default auto)");
  app.add_flag(
      "--dry-run", run.dry_run, "read and check, estimate time and memory, do nothing");
}

void add_intervals(CLI::App& app, std::vector<IntervalType>& intervals) {
  app.add_option_function<std::vector<std::string>>(
         "--intervals",
         [&intervals](const std::vector<std::string>& words) {
           intervals.clear();
           for (const std::string& word : words) {
             const std::optional<IntervalType> type = interval_type(word);
             if (!type) {
               throw UsageError(fmt::format(
                   "--intervals {}: not one of norm, basic, perc in this version", word));
             }
             if (std::find(intervals.begin(), intervals.end(), *type) ==
                 intervals.end()) {
               intervals.push_back(*type);
             }
           }
         },
         "norm, basic, perc, separated by commas (default perc)")
      ->delimiter(',')
      ->type_name("LIST");
}

void validate_nagq(const ModelOptions& model) {
  if (model.nagq.empty()) return;
  const std::string method = model.method_name();
  if (method != "agq" && !(method == "laplace" && model.nagq == "1")) {
    throw UsageError(
        fmt::format("--nagq {} goes with --method agq, not {}", model.nagq, method));
  }
  if (model.nagq == "auto") return;
  int points = 0;
  const char* const end = model.nagq.data() + model.nagq.size();
  const auto [stop, error] = std::from_chars(model.nagq.data(), end, points);
  if (error != std::errc() || stop != end || points < 1 || points > kMostNodes) {
    throw UsageError(
        fmt::format("--nagq {}: give a number of points from 1 to {}, or auto",
                    model.nagq,
                    kMostNodes));
  }
}

void validate(const ModelOptions& model) {
  if (model.snapshot.empty()) {
    throw UsageError("SNAPSHOT has no name: give the HDF5 file with the data");
  }
  const Family family = parse_family(model.family);
  parse_link(family, model.link);
  const std::vector<std::string> methods =
      family == Family::gaussian
          ? std::vector<std::string>{"reml", "ml"}
          : std::vector<std::string>{"agq", "laplace", "pql", "mql"};
  if (!model.method.empty() &&
      std::find(methods.begin(), methods.end(), model.method) == methods.end()) {
    throw UsageError(fmt::format("--method {}: family {} takes method {}",
                                 model.method,
                                 model.family,
                                 fmt::join(methods, " or ")));
  }
  if (model.trials && family != Family::binomial) {
    throw UsageError(
        fmt::format("--trials {}: only --family binomial has trials", *model.trials));
  }
  const bool quasi_family = family == Family::binomial || family == Family::poisson;
  if (model.is_quasi() && !quasi_family) {
    throw UsageError(
        fmt::format("--method {}: quasi-likelihood is for binomial and poisson; family "
                    "{} takes agq or "
                    "laplace",
                    model.method,
                    model.family));
  }
  if ((model.pql_inner || model.pql_free_scale) && !model.is_quasi()) {
    throw UsageError(fmt::format("{} goes with --method pql or mql, not {}",
                                 model.pql_inner ? "--pql-inner" : "--pql-scale",
                                 model.method_name()));
  }
  validate_nagq(model);
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

}  // namespace

Family ModelOptions::family_kind() const {
  return parse_family(family);
}

Link ModelOptions::link_kind() const {
  return parse_link(family_kind(), link);
}

std::string ModelOptions::method_name() const {
  return !method.empty() ? method : is_gaussian() ? "reml" : "agq";
}

int ModelOptions::num_nodes() const {
  if (method == "laplace") return 1;
  return nagq.empty() || nagq == "auto" ? 7 : std::stoi(nagq);
}

Criterion ModelOptions::criterion() const {
  return method == "ml" ? Criterion::ml : Criterion::reml;
}

int RunSettings::num_threads() const {
  return threads.value_or(default_threads());
}

SimdLevel RunSettings::simd_level() const {
  return std::min(parse_simd_level(simd.value_or("x86-64-v3")), highest_simd_level());
}

std::string_view name(BootstrapType type) {
  return type == BootstrapType::parametric ? "parametric" : "cases";
}

std::string_view name(ResampleUnit unit) {
  switch (unit) {
    case ResampleUnit::groups:
      return "groups";
    case ResampleUnit::rows:
      return "rows";
    case ResampleUnit::both:
      return "both";
  }
  return "";
}

void add_options(CLI::App& app, FitCommand& command) {
  add_model(app, command.model);
  add_run(app, command.run);
  add_choice(app,
             "--pql-inner",
             command.model.pql_inner,
             kCriteria,
             "of pql's and mql's working model (default reml)");
  add_choice(app,
             "--pql-scale",
             command.model.pql_free_scale,
             kScales,
             "its residual sd: estimated or 1 (default free)");
  add_choice(app,
             "--df",
             command.df,
             kDfMethods,
             "reference distribution of the tests (default normal)");
  app.add_flag("--ranef", command.ranef, "the groups' modes as rows too");
}

void add_options(CLI::App& app, BootstrapCommand& command) {
  command.intervals = {IntervalType::perc};
  add_model(app, command.model);
  add_run(app, command.run);
  add_number(app, "--replicates", command.replicates, "R", "how many")->required();
  add_choice(app, "--type", command.type, kTypes, "(default parametric)");
  add_choice(app,
             "--resample",
             command.resample,
             kUnits,
             "what a cases bootstrap draws (default groups)");
  add_intervals(app, command.intervals);
  app.add_option_function<std::string>(
         "--keep",
         [&command](const std::string& word) {
           if (word != "estimates" && word != "all") {
             throw UsageError("--keep " + word + ": give estimates or all");
           }
           command.keep_std_errors = word == "all";
         },
         "all: the replicates' standard errors too (default)")
      ->type_name("estimates|all");
  add_number(app,
             "--max-failed",
             command.max_failed,
             "SHARE",
             "share of failed replicates that ends with exit code 1 (default 0.01)");
  add_resume(app, command.run);
  add_shard(app, command.shard);
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
  command.intervals = {IntervalType::perc};
  app.add_option("RESULTS", command.results, "result file, finished or not")
      ->required()
      ->type_name("");
  add_number(app, "--level", command.level, "LEVEL", "confidence level (default 0.95)");
  add_intervals(app, command.intervals);
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
}

void validate(const BootstrapCommand& command) {
  validate(command.model);
  validate(command.run);
  if (command.model.is_quasi()) {
    throw UsageError("--method " + command.model.method +
                     ": merit bootstrap refits by agq or laplace");
  }
  if (command.replicates < 1) {
    throw UsageError(fmt::format("--replicates {}: give 1 or more", command.replicates));
  }
  if (command.replicates > kMostReplicates) {
    throw UsageError(fmt::format(
        "--replicates {}: give at most {}", command.replicates, kMostReplicates));
  }
  if (command.resample && command.type != BootstrapType::cases) {
    throw UsageError(fmt::format("--resample {} goes with --type cases, not --type {}",
                                 name(*command.resample),
                                 name(command.type)));
  }
  if (!(command.max_failed >= 0.0 && command.max_failed <= 1.0)) {
    throw UsageError(
        fmt::format("--max-failed {}: give a share between 0 and 1", command.max_failed));
  }
  if (command.run.output.empty() && !command.run.dry_run) {
    throw UsageError("--output is missing: name the file for the replicates");
  }
}

}  // namespace merit
