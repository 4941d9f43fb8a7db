// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "engine/cli/bootstrap_report.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/draw_report.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/sensitivity_results.hpp"
#include "engine/cli/study_results.hpp"
#include "engine/run/agree.hpp"

namespace merit {
namespace {

/// Its fits have their intervals already.
void show_sensitivity(const ResultFile& file, const SummarizeCommand& command) {
  const SensitivityReport report = sensitivity_report(file);
  if (command.level && *command.level != report.level) {
    throw UsageError(fmt::format(
        "--level {}: the fits in {} have intervals of level {}; for others give "
        "--level to merit sensitivity",
        *command.level,
        file.path(),
        report.level));
  }
  show(report, command.format);
}

}  // namespace

ExitCode run(const CommandContext& context, const SummarizeCommand& command) {
  const double level = command.level.value_or(0.95);
  if (!(level > 0.0 && level < 1.0))
    throw UsageError(fmt::format("--level {}: give a number between 0 and 1", level));
  root_or_none(context.comm, [&] {
    const ResultFile file = open_result(command.results);
    if (file.command() == "sensitivity") return show_sensitivity(file, command);
    if (file.study()) return show(study_report(file, command.level), command.format);
    const ReportOptions options{.level = level, .ranef = command.ranef};
    const Report report =
        file.posterior() ? draw_report(file, options)
        : file.replicates()
            ? bootstrap_report(file, command.tables, options)
            : fit_report(
                  file.command(), file.fit(), file.job(), file.provenance(), options);
    show(report, command.format);
  });
  return ExitCode::done;
}

}  // namespace merit
