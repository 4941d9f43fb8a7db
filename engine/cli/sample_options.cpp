// SPDX-License-Identifier: MIT
#include "engine/cli/sample_options.hpp"

#include <fmt/format.h>

#include "engine/cli/draw_report.hpp"
#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"
#include "engine/model/formula.hpp"

namespace merit {
namespace {

/// Far beyond any use, and small enough that a draw's number fits beside its chain's.
constexpr std::int64_t kMostDraws = 1'000'000'000'000;
constexpr std::int64_t kMostChains = 10'000;

const Words<SaveGroups> kSaveGroups = {{"none", SaveGroups::none},
                                       {"summary", SaveGroups::summary},
                                       {"draws", SaveGroups::draws}};

const Words<Loo> kLoo = {{"none", Loo::none},
                         {"rows", Loo::rows},
                         {"groups", Loo::groups},
                         {"both", Loo::both}};

}  // namespace

std::string_view name(SaveGroups save) {
  return save == SaveGroups::none      ? "none"
         : save == SaveGroups::summary ? "summary"
                                       : "draws";
}

std::string_view name(Loo loo) {
  switch (loo) {
    case Loo::rows:
      return "rows";
    case Loo::groups:
      return "groups";
    case Loo::both:
      return "both";
    default:
      return "none";
  }
}

void add_options(CLI::App& app, SampleCommand& command) {
  add_model(app, command.model);
  app.get_option("--method")->description("other than gaussian: agq (default), laplace");
  add_run(app, command.run);
  add_number(app, "--draws", command.draws, "N", "of each chain (default 1000)");
  add_number(app, "--chains", command.chains, "N", "how many (default 4)");
  add_number(app,
             "--warmup",
             command.warmup,
             "N",
             "moves of each chain before its draws (default 200); exact draws need none");
  app.add_option_function<std::vector<std::string>>(
         "--prior",
         [&command](const std::vector<std::string>& given) { command.priors = given; },
         "brms (default), rstanarm, mlwin, flat, or PARAM~DIST, e.g. 'sd~half_t(3, "
         "2.5)'; "
         "repeatable, later ones count")
      ->type_name("SET|PARAM~DIST")
      ->allow_extra_args(false);
  app.add_option(
         "--prior-grid",
         command.prior_grid,
         "several priors, each `name = [\"PRIOR\", ...]` in FILE, beside those of "
         "--prior: a result file of each, one table")
      ->type_name("FILE");
  app.add_flag("--prior-only",
               command.prior_only,
               "draw from the prior, as if there were no responses");
  add_choice(app,
             "--save-groups",
             command.save_groups,
             kSaveGroups,
             "of the group intercepts too: a summary of each, or their draws (default "
             "none)");
  add_choice(app,
             "--loo",
             command.loo,
             kLoo,
             "leave-one-out (PSIS) and WAIC: rows given their groups' intercepts, or "
             "whole groups (default none)");
  app.add_flag("--ppc",
               command.ppc,
               "posterior predictive checks: mean, sd, zeros and group means of the "
               "responses against those of replicated ones");
  app.add_option("--cmdstan-csv",
                 command.cmdstan_csv,
                 "the draws as CmdStan writes them too, a file per chain")
      ->type_name("DIR");
  app.add_option("--netcdf",
                 command.netcdf,
                 "the draws as ArviZ keeps them too (netCDF-4), for xarray and ArviZ")
      ->type_name("FILE")
      ->each([](const std::string& given) {
        if (given.empty()) throw UsageError("--netcdf '': give the name of a file");
      });
  add_resume(app, command.run);
}

void validate(const SampleCommand& command) {
  refuse_sampling_weights(
      command.model,
      "a weighted likelihood has no posterior; merit fit has standard errors for it");
  validate(command.model);
  validate(command.run);
  if (command.model.is_quasi()) {
    throw UsageError("--method " + command.model.method +
                     ": there is no likelihood to draw from; give agq or laplace");
  }
  if (command.model.nagq == "auto") {
    throw UsageError("--nagq auto: give merit sample a number of points");
  }
  if (command.warmup && (*command.warmup < 0 || *command.warmup > 1'000'000)) {
    throw UsageError(fmt::format("--warmup {}: give 0 to 1000000", *command.warmup));
  }
  if (!command.model.is_gaussian() && command.warmup && *command.warmup > command.draws) {
    throw UsageError(fmt::format(
        "--warmup {}: longer than the run, --draws {}", *command.warmup, command.draws));
  }
  if (command.draws < kFewestDraws || command.draws > kMostDraws) {
    throw UsageError(fmt::format("--draws {}: give {} to {}; a summary needs {}",
                                 command.draws,
                                 kFewestDraws,
                                 kMostDraws,
                                 kFewestDraws));
  }
  if (command.chains < 1 || command.chains > kMostChains) {
    throw UsageError(
        fmt::format("--chains {}: give 1 to {}", command.chains, kMostChains));
  }
  if (command.draws > kMostDraws / command.chains) {
    throw UsageError(fmt::format("--draws {} --chains {}: give at most {} draws in all",
                                 command.draws,
                                 command.chains,
                                 kMostDraws));
  }
  if (command.prior_only && command.loo != Loo::none) {
    throw UsageError(fmt::format(
        "--loo {}: draws of the prior know of no data that could be left out; give it "
        "without --prior-only",
        name(command.loo)));
  }
  if (command.prior_only && command.save_groups == SaveGroups::summary) {
    throw UsageError(
        "--save-groups summary: intercepts of the prior are not given any data; with "
        "--prior-only give --save-groups draws");
  }
  if (command.ppc && command.model.is_gaussian() &&
      (command.model.offset || !parse_formula(command.model.formula).offsets.empty())) {
    throw UsageError(
        "--ppc: rows of a Gaussian model are kept less their offset, and the responses "
        "themselves cannot be checked; give a response that is less the offset already");
  }
  if (!command.prior_grid.empty() && !command.cmdstan_csv.empty()) {
    throw UsageError("--cmdstan-csv: give one prior at a time, without --prior-grid");
  }
  if (!command.prior_grid.empty() && !command.netcdf.empty()) {
    throw UsageError("--netcdf: give one prior at a time, without --prior-grid");
  }
  if (!command.prior_grid.empty() && command.run.dry_run) {
    throw UsageError("--dry-run: give one prior at a time, without --prior-grid");
  }
  if (command.run.output.empty() && !command.run.dry_run) {
    throw UsageError("--output is missing: name the file for the draws");
  }
}

}  // namespace merit
