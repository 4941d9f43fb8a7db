// SPDX-License-Identifier: MIT
#include "engine/cli/bootstrap_options.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/cli/options.hpp"
#include "engine/error.hpp"

namespace merit {
namespace {

/// Far beyond any use, and small enough that sizes in bytes stay exact.
constexpr std::int64_t kMostReplicates = 1'000'000'000'000;
constexpr std::int64_t kInnerReplicates = 500;

const Words<BootstrapType> kTypes = {{"parametric", BootstrapType::parametric},
                                     {"cases", BootstrapType::cases},
                                     {"residual", BootstrapType::residual},
                                     {"reb", BootstrapType::reb},
                                     {"wild", BootstrapType::wild},
                                     {"transformation", BootstrapType::transformation}};
const Words<RebType> kRebTypes = {
    {"0", RebType::raw}, {"1", RebType::scaled}, {"2", RebType::adjusted}};
const Words<WildHc> kWildHcs = {{"2", WildHc::hc2}, {"3", WildHc::hc3}};
const Words<WildWeights> kWildWeights = {{"rademacher", WildWeights::rademacher},
                                         {"mammen", WildWeights::mammen},
                                         {"webb", WildWeights::webb}};
const Words<ResampleUnit> kUnits = {{"groups", ResampleUnit::groups},
                                    {"rows", ResampleUnit::rows},
                                    {"both", ResampleUnit::both}};

}  // namespace

void add_options(CLI::App& app, BootstrapCommand& command) {
  add_model(app, command.model);
  add_quasi(app, command.model);
  add_run(app, command.run);
  add_number(app,
             "--replicates",
             command.replicates,
             "R",
             "how many (with --until-mcse: at most)")
      ->required();
  add_choice(app, "--type", command.type, kTypes, "(default parametric)");
  add_choice(app,
             "--resample",
             command.resample,
             kUnits,
             "what a cases bootstrap draws (default groups)");
  app.add_option("--strata",
                 command.strata,
                 "column of strata: a cases bootstrap draws groups within each")
      ->type_name("COLUMN");
  add_choice(
      app,
      "--reb-type",
      command.reb_type,
      kRebTypes,
      "residuals of the random-effect block bootstrap: as they are (0), centred and "
      "rescaled (1), or as they are and the replicates adjusted afterwards (2; default "
      "1)");
  add_choice(app,
             "--wild-hc",
             command.wild_hc,
             kWildHcs,
             "how a wild bootstrap makes up for leverage (default 2)");
  add_choice(app,
             "--wild-weights",
             command.wild_weights,
             kWildWeights,
             "what a wild bootstrap multiplies a group's residuals with (default "
             "rademacher)");
  add_tables(app, command.tables);
  add_number(
      app,
      "--inner",
      command.inner,
      "R2",
      "calibrated intervals: bootstrap replicates of each replicate (default 500)");
  add_number(
      app,
      "--until-mcse",
      command.until_mcse,
      "X",
      "stop when the Monte-Carlo error of every interval's ends is below X standard "
      "errors of its estimate; --replicates are then the most");
  add_null(app, command.model);
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

bool BootstrapCommand::wants(IntervalType interval) const {
  return std::find(tables.intervals.begin(), tables.intervals.end(), interval) !=
         tables.intervals.end();
}

std::int64_t BootstrapCommand::num_inner() const {
  if (!wants(IntervalType::calibrated)) return 0;
  return inner.value_or(kInnerReplicates);
}

namespace {

/// @throws UsageError
void validate_inner(const BootstrapCommand& command) {
  if (!command.wants(IntervalType::calibrated)) {
    if (command.inner) {
      throw UsageError(
          "--inner goes with --intervals calibrated, which alone looks at inner "
          "replicates");
    }
    return;
  }
  if (command.num_inner() < 1 || command.num_inner() > kMostReplicates) {
    throw UsageError(fmt::format("--inner {}: give 1 or more, and at most {}",
                                 command.num_inner(),
                                 kMostReplicates));
  }
  if (command.type == BootstrapType::reb && command.reb_type == RebType::adjusted) {
    throw UsageError(
        "--intervals calibrated goes by single replicates, and those of --reb-type 2 are "
        "adjusted when all are there: give --reb-type 1, or another interval");
  }
}

/// @throws UsageError
void validate_strata(const BootstrapCommand& command) {
  if (command.type != BootstrapType::cases) {
    throw UsageError(fmt::format(
        "--strata {} goes with --type cases, which draws groups, not --type {}",
        *command.strata,
        name(command.type)));
  }
  if (command.resample == ResampleUnit::rows) {
    throw UsageError(
        fmt::format("--strata {} goes with --resample groups or both: --resample rows "
                    "keeps every group, so there is nothing to draw within strata",
                    *command.strata));
  }
}

/// @throws UsageError
void validate_until_mcse(const BootstrapCommand& command) {
  const double error = *command.until_mcse;
  if (!(error > 0.0 && std::isfinite(error))) {
    throw UsageError(fmt::format(
        "--until-mcse {}: give a number above 0, in standard errors of the estimates, "
        "e.g. 0.02",
        error));
  }
  if (command.shard.count > 1) {
    throw UsageError(
        "--until-mcse goes by the intervals of all replicates, which a shard does not "
        "have: leave out --shard, and use mpirun or srun to share the work");
  }
  if (command.model.null) {
    throw UsageError(
        "--until-mcse goes by the ends of intervals, which the likelihood ratios of "
        "--null do not have: give --replicates alone");
  }
}

}  // namespace

void validate(const BootstrapCommand& command) {
  refuse_sampling_weights(command.model,
                          "no bootstrap here draws as the survey did; merit fit has "
                          "standard errors for them");
  validate(command.model);
  validate(command.run);
  if (command.wants(IntervalType::stud) && !command.keep_std_errors) {
    throw UsageError(
        "--intervals stud needs the replicates' standard errors, which --keep estimates "
        "leaves "
        "out; give --keep all");
  }
  validate_inner(command);
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
  if (command.strata) validate_strata(command);
  if (command.until_mcse) validate_until_mcse(command);
  const auto belongs = [&](bool given, const char* option, BootstrapType type) {
    if (given && command.type != type) {
      throw UsageError(fmt::format("{} goes with --type {}, not --type {}",
                                   option,
                                   name(type),
                                   name(command.type)));
    }
  };
  belongs(command.reb_type.has_value(), "--reb-type", BootstrapType::reb);
  belongs(command.wild_hc.has_value(), "--wild-hc", BootstrapType::wild);
  belongs(command.wild_weights.has_value(), "--wild-weights", BootstrapType::wild);
  const bool draws_residuals =
      command.type != BootstrapType::parametric && command.type != BootstrapType::cases;
  if (draws_residuals && !command.model.is_gaussian()) {
    throw UsageError(fmt::format(
        "--type {} draws residuals, which family {} does not have on the scale "
        "of the response; it takes --type parametric or cases",
        name(command.type),
        command.model.family));
  }
  if (command.model.null) {
    if (command.type != BootstrapType::parametric) {
      throw UsageError(
          fmt::format("--null draws from the null model, which is --type parametric, not "
                      "--type {}",
                      name(command.type)));
    }
    refuse_tables(command.tables, "--null makes likelihood ratios");
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
