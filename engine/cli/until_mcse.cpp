// SPDX-License-Identifier: MIT
#include "engine/cli/until_mcse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/cli/bootstrap_report.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"

namespace merit {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::infinity();
/// Replicates beyond either end of the first table's intervals.
constexpr double kTail = 25.0;

double in_standard_errors(std::optional<double> mcse, std::optional<double> std_error) {
  if (!mcse || !std_error) return kUnknown;
  if (*mcse == 0.0) return 0.0;  // at a boundary that many replicates share
  const double ratio = *mcse / *std_error;
  return std::isfinite(ratio) ? ratio : kUnknown;
}

}  // namespace

LargestError largest_error(const std::vector<TidyRow>& tidy, double level) {
  LargestError largest;
  const auto look = [&](const TidyRow& row,
                        std::optional<double> end,
                        std::optional<double> mcse,
                        double at) {
    if (!end || !std::isfinite(*end)) return;
    const double error = in_standard_errors(mcse, row.std_error);
    if (error < largest.standard_errors ||
        (!largest.of.empty() && error == largest.standard_errors))
      return;
    largest = {error, fmt::format("{}, {}, {:g} %", row.term, row.conf_type, 100.0 * at)};
  };
  for (const TidyRow& row : tidy) {
    if (row.effect == "ran_vals") continue;
    look(row, row.conf_low, row.conf_low_mcse, (1.0 - level) / 2.0);
    look(row, row.conf_high, row.conf_high_mcse, (1.0 + level) / 2.0);
  }
  return largest;
}

StoppingRule stopping_rule(const BootstrapCommand& command, std::int64_t block_rows) {
  return {.error = command.until_mcse.value_or(0.0),
          .most = command.replicates,
          .block_rows = block_rows};
}

std::int64_t least_replicates(const BootstrapCommand& command, std::int64_t num_groups) {
  const double beyond = std::ceil(2.0 * kTail / (1.0 - command.run.level));
  const double least = std::max(beyond, static_cast<double>(num_groups));
  return static_cast<std::int64_t>(
      std::min(std::max(1000.0, least), static_cast<double>(command.replicates)));
}

std::int64_t replicates_begun(const Communicator& comm,
                              const BootstrapCommand& command,
                              std::int64_t first) {
  return root_or_none(comm, [&] {
    if (!command.run.resume) return first;
    const std::optional<ResultFile> stored = find_stored(command.run.output);
    return stored ? stored->replicates()->num_replicates : first;
  });
}

std::int64_t replicates_needed(const ResultFile& part,
                               const BootstrapCommand& command,
                               const StoppingRule& rule) {
  const Report report =
      bootstrap_report(part, command.tables, {.level = command.run.level});
  const double error = largest_error(report.tidy, command.run.level).standard_errors;
  return rule.next(part.replicates()->num_replicates, error);
}

bool is_exact_enough(const BootstrapCommand& command, Report& report) {
  const LargestError largest = largest_error(report.tidy, command.run.level);
  const bool enough = largest.standard_errors < *command.until_mcse;
  report.notes.push_back(fmt::format(
      "--until-mcse {:g}: {} with {} replicates; the largest Monte-Carlo error is {} "
      "({}){}",
      *command.until_mcse,
      enough ? "reached" : "not reached",
      with_separators(report.glance.replicates->total()),
      std::isfinite(largest.standard_errors)
          ? fmt::format("{:.3g} standard errors", largest.standard_errors)
          : "not known",
      largest.of.empty() ? "no interval has ends" : largest.of,
      enough ? "" : "; give more --replicates"));
  return enough;
}

}  // namespace merit
