// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "engine/cli/bootstrap_report.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/draw_report.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/study_results.hpp"
#include "engine/run/agree.hpp"

namespace merit {

ExitCode run(const CommandContext& context, const SummarizeCommand& command) {
  if (!(command.level > 0.0 && command.level < 1.0)) {
    throw UsageError(
        fmt::format("--level {}: give a number between 0 and 1", command.level));
  }
  root_or_none(context.comm, [&] {
    const ResultFile file = open_result(command.results);
    if (file.study()) return show(study_report(file, command.level), command.format);
    const ReportOptions options{.level = command.level, .ranef = command.ranef};
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
