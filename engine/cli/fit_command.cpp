// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/inference.hpp"
#include "engine/cli/layout_lines.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/null_test.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/run/agree.hpp"

namespace merit {

ExitCode run(const CommandContext& context, const FitCommand& command) {
  const Communicator& comm = context.comm;
  validate(command);
  const RunRecord record(comm, context.arguments, command.model.snapshot, command.run);
  const bool writes = !command.run.output.empty();
  root_or_none(comm, [&] {
    if (writes) check_output(command.model.snapshot, command.run);
  });
  const ModelData data =
      read_model_data(comm, command.model, command.run, needs(command.inference));
  const FittedModel fit = fit_model(command.model, data, command.run.simd_level());
  return root_or_none(comm, [&] {
    warn_of_layout(record);
    StoredFit stored = stored_fit(data, fit);
    add_inference(command.inference, command.run, data, fit, stored);
    if (command.model.null) {
      for (TestResult& test :
           test_null(command.model, data, fit, command.run.simd_level()))
        stored.tests.push_back(std::move(test));
    }
    const JobDescription job = describe_job(command.model, data);
    if (command.run.dry_run) {
      print(fmt::format("{}: {} rows used, {} groups, {} coefficients; nothing written\n",
                        command.model.formula,
                        data.counts.rows_used,
                        data.stats.num_groups(),
                        data.terms.size()));
      return ExitCode::done;
    }
    if (writes) {
      ResultWriter writer(command.run.output,
                          {.command = "fit",
                           .job = job,
                           .fit = stored,
                           .replicates = std::nullopt,
                           .provenance = record.at_start(),
                           .session = record.session()},
                          command.run.overwrite);
      writer.finish();
    }
    Report report = fit_report("fit",
                               stored,
                               job,
                               record.all(),
                               {.level = command.run.level, .ranef = command.ranef});
    report.notes.insert(report.notes.end(), data.notes.begin(), data.notes.end());
    show(report, command.run.format);
    const bool tested =
        std::none_of(stored.tests.begin(), stored.tests.end(), [](const TestResult& t) {
          return t.kind == "null" && std::isnan(t.statistic);
        });
    return fit.result.converged && tested ? ExitCode::done : ExitCode::needs_a_look;
  });
}

}  // namespace merit
