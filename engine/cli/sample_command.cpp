// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/draw_report.hpp"
#include "engine/cli/draw_run.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/posterior.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/cli/stored_job.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"
#include "io/cmdstan_csv.hpp"

namespace merit {
namespace {

JobDescription describe_job(const SampleCommand& command,
                            const ModelData& data,
                            const Posterior& posterior,
                            const ReplicatePlan& plan) {
  JobDescription job = describe_job(command.model, data);
  std::vector<std::string> priors;
  for (const auto& [parameter, distribution] : posterior.stored.priors)
    priors.push_back(parameter + "~" + distribution);
  job.emplace_back("prior", fmt::format("{}", fmt::join(priors, "; ")));
  job.emplace_back("draws", command.draws);
  job.emplace_back("chains", command.chains);
  if (posterior.exact == nullptr) job.emplace_back("warmup", posterior.warmup);
  job.emplace_back("seed", fmt::format("{}", command.run.seed));
  job.emplace_back("save_groups", std::string(name(command.save_groups)));
  job.emplace_back("block_rows", plan.block_rows);
  return job;
}

/// Whether few draws are no worse than few: exact ones need no look at their chains.
bool posterior_is_exact(const ResultFile& file) {
  return text_of(file.posterior()->sampler, "method") == "exact independent draws";
}

ExitCode report(const SampleCommand& command, const std::vector<std::string>& notes) {
  const ResultFile file = open_result(command.run.output);
  if (!command.cmdstan_csv.empty()) write_cmdstan_csv(file, command.cmdstan_csv);
  Report report = draw_report(
      file,
      {.level = command.run.level, .ranef = command.save_groups == SaveGroups::draws});
  const bool fine = report.notes.empty() || posterior_is_exact(file);
  report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  show(report, command.run.format);
  return fine ? ExitCode::done : ExitCode::needs_a_look;
}

}  // namespace

ExitCode run(const CommandContext& context, const SampleCommand& given) {
  const Communicator& comm = context.comm;
  SampleCommand command = given;
  validate(command);
  StopSignals signals(comm.is_root(), command.run.time_limit);
  const Found found = find_job(comm, command.model.snapshot, command.run);
  if (!command.cmdstan_csv.empty() && !command.run.dry_run) {
    root_or_none(comm, [&] {
      check_cmdstan_directory(command.cmdstan_csv,
                              command.run.overwrite || command.run.resume);
    });
  }
  const RunRecord record(comm, context.arguments, command.model.snapshot, command.run);
  const ModelData data =
      read_model_data(comm, command.model, command.run, {.rows = true});
  const FittedModel fit = fit_model(command.model, data, command.run.simd_level());
  const Posterior posterior =
      all_or_none(comm, [&] { return make_posterior(command, data, fit); });
  std::vector<std::string> notes = data.notes;
  notes.insert(notes.end(), posterior.notes.begin(), posterior.notes.end());

  const ReplicatePlan plan{.num_replicates = posterior.shape.num_draws(),
                           .block_rows = block_rows(command, data, posterior),
                           .kind = RowKind::draws,
                           .num_chains = command.chains};
  const JobDescription job = describe_job(command, data, posterior, plan);
  check_found(comm, found, command.run.output, job, plan.shard);
  const auto tables = [&] {
    return root_or_none(comm, [&] { return report(command, notes); });
  };
  if (found == Found::finished) {
    if (comm.is_root()) remove_leftover_parts(command.run.output);
    return tables();
  }

  const ResultContents contents{.command = "sample",
                                .job = job,
                                .fit = stored_fit(data, fit),
                                .replicates = plan,
                                .provenance = record.at_start(),
                                .posterior = posterior.stored,
                                .session = record.session()};
  if (command.run.dry_run) {
    root_or_none(comm, [&] {
      const auto make = [&](std::int64_t first, std::int64_t count, ReplicateRows& rows) {
        if (posterior.slices == nullptr) return make_rows(posterior, first, count, rows);
        // Without the warm-up: from the second draw of a chain on.
        const std::vector<double> before = posterior.slices->some_row();
        posterior.slices->advance(1, count, before.data(), rows);
      };
      print(estimate_job(make, contents, record, "draws"));
    });
    return ExitCode::done;
  }
  std::optional<ResultWriter> writer;
  StoredDraws stored;
  root_or_none(comm, [&] {
    stored = stored_draws(command.run.resume ? command.run.output : "", plan, posterior);
    writer.emplace(open_job(contents, command.run, record));
  });
  signals.note_only();
  const RunSummary summary = make_draws(
      comm, command.run, posterior, plan, writer ? &*writer : nullptr, std::move(stored));
  if (summary.stopped) {
    end_stopped_job(comm, plan, command.run, writer ? &*writer : nullptr, "draws");
    return ExitCode::stopped;
  }
  root_or_none(comm, [&] { writer->finish(); });
  signals.end_at_once();
  return tables();
}

}  // namespace merit
