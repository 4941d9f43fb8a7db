// SPDX-License-Identifier: MIT
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/draw_report.hpp"
#include "engine/cli/draw_run.hpp"
#include "engine/cli/group_summary.hpp"
#include "engine/cli/input_text.hpp"
#include "engine/cli/loo_run.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/posterior.hpp"
#include "engine/cli/ppc_run.hpp"
#include "engine/cli/prior_grid.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/cli/stored_job.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"
#include "io/arviz_netcdf.hpp"
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
  if (command.prior_only) job.emplace_back("prior_only", true);
  if (command.loo != Loo::none) job.emplace_back("loo", std::string(name(command.loo)));
  if (command.ppc) job.emplace_back("ppc", true);
  job.emplace_back("block_rows", plan.block_rows);
  return job;
}

/// Whether few draws are no worse than few: exact ones need no look at their chains.
bool posterior_is_exact(const ResultFile& file) {
  return text_of(file.posterior()->sampler, "method") == "exact independent draws";
}

/// Draws of a finished file as a report, and whether it needs a look.
struct DrawResult {
  Report report;
  bool fine = true;
};

DrawResult result_of(const SampleCommand& command,
                     const std::vector<std::string>& notes) {
  const ResultFile file = open_result(command.run.output);
  if (!command.cmdstan_csv.empty()) write_cmdstan_csv(file, command.cmdstan_csv);
  if (!command.netcdf.empty()) write_netcdf(file, command.netcdf);
  DrawResult out;
  out.report = draw_report(
      file,
      {.level = command.run.level, .ranef = command.save_groups != SaveGroups::none});
  out.fine = out.report.glance.draws->converged || posterior_is_exact(file);
  out.report.notes.insert(out.report.notes.end(), notes.begin(), notes.end());
  return out;
}

/// One posterior of the command, and what is known of its file.
struct SampleJob {
  std::string name;  ///< of its priors; empty: the only one
  SampleCommand command;
  Found found = Found::nothing;
};

/// The command, or one for each of its prior grid. *Collective*
std::vector<SampleJob> jobs_of(const Communicator& comm, const SampleCommand& command) {
  std::vector<SampleJob> jobs;
  if (command.prior_grid.empty()) {
    jobs.push_back({"", command});
  } else {
    const std::string text =
        read_text(comm, command.prior_grid, "a file of named priors (TOML)");
    for (const NamedPriors& entry : read_prior_grid(text, command.prior_grid)) {
      SampleJob& job = jobs.emplace_back(SampleJob{entry.name, command});
      std::vector<std::string>& priors = job.command.priors;
      priors.insert(priors.end(), entry.priors.begin(), entry.priors.end());
      job.command.run.output = output_of(command.run.output, entry.name);
    }
  }
  for (SampleJob& job : jobs)
    job.found = find_job(comm, "sample", job.command.model.snapshot, job.command.run);
  return jobs;
}

/// What all jobs share.
struct SampleData {
  const ModelData& data;
  const FittedModel& fit;
  StopSignals& signals;
};

bool describes_draws(const SampleCommand& command) {
  return command.loo != Loo::none || command.save_groups == SaveGroups::summary ||
         command.ppc;
}

/// What is made of all draws once they are there; false if it was stopped. *Collective*
/// @param stored  rank 0's gets it
bool describe_draws(const Communicator& comm,
                    const SampleCommand& command,
                    const SampleData& of,
                    const Posterior& posterior,
                    StoredPosterior& stored) {
  if (command.save_groups == SaveGroups::summary) {
    const auto summary = summarize_groups(comm, command, of.data, of.fit, posterior);
    if (!summary) return false;
    stored.summary = {*summary};
  }
  if (command.loo != Loo::none) {
    const auto loo = make_loo(comm, command, of.data, of.fit, posterior);
    if (!loo) return false;
    stored.loo = *loo;
  }
  if (command.ppc) {
    const auto ppc = make_ppc(comm, command, of.data, of.fit, posterior);
    if (!ppc) return false;
    stored.ppc = *ppc;
  }
  return true;
}

/// Draws what is not there yet; false if it was stopped. *Collective*
bool draw(const CommandContext& context,
          const SampleJob& job,
          const SampleData& of,
          const Posterior& posterior) {
  const Communicator& comm = context.comm;
  const SampleCommand& command = job.command;
  const RunRecord record(comm, context.arguments, command.model.snapshot, command.run);
  const ReplicatePlan plan{.num_replicates = posterior.shape.num_draws(),
                           .block_rows = block_rows(command, of.data, posterior),
                           .kind = RowKind::draws,
                           .num_chains = command.chains};
  ResultContents contents{.command = "sample",
                          .job = describe_job(command, of.data, posterior, plan),
                          .fit = stored_fit(of.data, of.fit),
                          .replicates = plan,
                          .provenance = record.at_start(),
                          .posterior = posterior.stored,
                          .session = record.session()};
  check_found(comm, job.found, command.run.output, contents.job, plan.shard);
  if (job.found == Found::finished) {
    if (comm.is_root()) remove_leftover_parts(command.run.output);
    return true;
  }
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
    return true;
  }
  std::optional<ResultWriter> writer;
  StoredDraws stored;
  root_or_none(comm, [&] {
    stored = stored_draws(command.run.resume ? command.run.output : "", plan, posterior);
    writer.emplace(open_job(contents, command.run, record));
  });
  of.signals.note_only();
  ResultWriter* const file = writer ? &*writer : nullptr;
  if (make_draws(comm, command.run, posterior, plan, file, std::move(stored)).stopped) {
    end_stopped_job(comm, plan, command.run, file, "draws");
    return false;
  }
  if (describes_draws(command)) {
    root_or_none(comm, [&] { writer->sync(); });
    if (!describe_draws(comm, command, of, posterior, *contents.posterior)) {
      end_stopped_job(comm, plan, command.run, file, "draws");
      return false;
    }
    root_or_none(comm, [&] { writer->describe(contents); });
  }
  root_or_none(comm, [&] { writer->finish(); });
  of.signals.end_at_once();
  return true;
}

}  // namespace

ExitCode run(const CommandContext& context, const SampleCommand& given) {
  const Communicator& comm = context.comm;
  SampleCommand command = given;
  validate(command);
  StopSignals signals(comm.is_root(), command.run.time_limit);
  const std::vector<SampleJob> jobs = jobs_of(comm, command);
  // Of a job that goes on its instruction-set level.
  command.run = jobs.front().command.run;
  if (!command.cmdstan_csv.empty() && !command.run.dry_run) {
    root_or_none(comm, [&] {
      check_cmdstan_directory(command.cmdstan_csv,
                              command.run.overwrite || command.run.resume);
    });
  }
  if (!command.netcdf.empty() && !command.run.dry_run) {
    root_or_none(comm, [&] {
      check_netcdf(command.netcdf,
                   command.run.overwrite || command.run.resume,
                   command.model.snapshot,
                   command.run.output);
    });
  }
  const ModelData data =
      read_model_data(comm, command.model, command.run, {.rows = true});
  const FittedModel fit = fit_model(command.model, data, command.run.simd_level());
  // All posteriors before the first draw: what is wrong with one is said at once.
  std::vector<Posterior> posteriors;
  for (const SampleJob& job : jobs) {
    posteriors.push_back(
        all_or_none(comm, [&] { return make_posterior(job.command, data, fit); }));
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!draw(context, jobs[i], {data, fit, signals}, posteriors[i]))
      return ExitCode::stopped;
  }
  if (command.run.dry_run) return ExitCode::done;
  return root_or_none(comm, [&] {
    bool fine = true;
    std::vector<NamedReport> reports;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      DrawResult result = result_of(jobs[i].command, posteriors[i].notes);
      fine = fine && result.fine;
      reports.push_back({jobs[i].name, std::move(result.report)});
    }
    Report report = command.prior_grid.empty() ? std::move(reports.front().report)
                                               : grid_report(std::move(reports));
    report.notes.insert(report.notes.end(), data.notes.begin(), data.notes.end());
    show(report, command.run.format);
    return fine ? ExitCode::done : ExitCode::needs_a_look;
  });
}

}  // namespace merit
