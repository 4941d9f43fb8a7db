// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/cli/model_options.hpp"
#include "engine/cli/run_settings.hpp"

namespace CLI {
class App;
}

namespace merit {

/// What is stored of the group intercepts.
enum class SaveGroups { none, summary, draws };

/// What is left out, one at a time: rows given their groups' intercepts, whole groups.
enum class Loo { none, rows, groups, both };

struct SampleCommand {
  ModelOptions model;
  RunSettings run;
  std::int64_t draws = 1000;  ///< per chain
  std::int64_t chains = 4;
  std::optional<std::int64_t> warmup;  ///< per chain, before the draws; none given: 200
  std::vector<std::string> priors;     ///< as given, in order
  std::string prior_grid;              ///< a file of several; empty: none
  bool prior_only = false;             ///< nothing is drawn but the prior
  SaveGroups save_groups = SaveGroups::none;
  Loo loo = Loo::none;
  bool ppc = false;         ///< posterior predictive checks
  std::string cmdstan_csv;  ///< directory; empty: none
  std::string netcdf;       ///< file; empty: none
};

void add_options(CLI::App& app, SampleCommand& command);

/// Checks what no single option can. @throws UsageError
void validate(const SampleCommand& command);

std::string_view name(SaveGroups save);
std::string_view name(Loo loo);

}  // namespace merit
