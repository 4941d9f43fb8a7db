// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/cli/model_options.hpp"
#include "engine/cli/run_settings.hpp"
#include "engine/cli/table_options.hpp"
#include "engine/resample/bootstrap_plan.hpp"
#include "io/result_store.hpp"

namespace CLI {
class App;
}

namespace merit {

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

/// Adds the command's arguments and options to `app`; the values are in `command` once parsed.
void add_options(CLI::App& app, BootstrapCommand& command);

/// Checks what no single option can. @throws UsageError
void validate(const BootstrapCommand& command);

}  // namespace merit
