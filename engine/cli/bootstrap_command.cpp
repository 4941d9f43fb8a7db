// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/bootstrap_report.hpp"
#include "engine/cli/bootstrap_scheme.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/delete_one_fits.hpp"
#include "engine/cli/inner_bootstrap.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/null_test.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/replicate_run.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/cli/stored_job.hpp"
#include "engine/cli/studentised_quantities.hpp"
#include "engine/cli/until_mcse.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"

namespace merit {
namespace {

/// The fits without one group each, if an interval wants them. *Collective*
std::optional<DeleteOneFits> fit_without_groups(const Communicator& comm,
                                                const BootstrapCommand& command,
                                                const ModelData& data,
                                                const FittedModel& fitted) {
  if (!command.wants(IntervalType::bca) || command.run.dry_run) return std::nullopt;
  const std::unique_ptr<Scheme> scheme = make_delete_one_scheme(command, data, fitted);
  return make_delete_one_fits(
      comm, *scheme, data.stats.num_groups(), command.run.num_threads());
}

/// @throws UsageError if the job cannot give an interval
void check_intervals(const BootstrapCommand& command, const ModelData& data) {
  const std::int64_t J = data.stats.num_groups();
  if (command.wants(IntervalType::bca) && command.replicates < J) {
    throw UsageError(fmt::format(
        "--intervals bca: {} replicates are fewer than the {} groups, too few for "
        "it: give --replicates {} or more",
        command.replicates,
        J,
        J));
  }
}

/// Replicates per block of work and of the file: some 10 ms of work, a function of the job
/// alone, and small enough that few replicates keep many workers busy too.
std::int64_t block_rows(const BootstrapCommand& command, const ModelData& data) {
  // A job that may end early shall keep many workers busy by then, too.
  const std::int64_t replicates = command.until_mcse
                                      ? std::min<std::int64_t>(command.replicates, 64'000)
                                      : command.replicates;
  if (data.glmm != nullptr) {
    const std::int64_t rows_times = std::int64_t{64'000} / (command.num_inner() + 1);
    const std::int64_t fits =
        std::max<std::int64_t>(1, rows_times / data.counts.rows_used);
    return std::clamp<std::int64_t>(replicates / 64, 1, fits);
  }
  std::int64_t most = 256;  // draws row by row
  if (command.type == BootstrapType::parametric)
    most = command.model.null ? 1'024 : 16'384;
  if (command.type == BootstrapType::wild) most = 4'096;
  if (is_cases(command) && unit(command) == ResampleUnit::groups) most = 4'096;
  const std::int64_t share = (replicates / 64 + 7) / 8 * 8;
  // Inner replicates are work, too.
  most = std::max<std::int64_t>(8, most / (command.num_inner() + 1) / 8 * 8);
  return std::clamp<std::int64_t>(share, 8, most);
}

std::vector<std::string> inner_quantities(const BootstrapCommand& command) {
  return command.num_inner() > 0 ? command.tables.quantities : std::vector<std::string>();
}

JobDescription describe_job(const BootstrapCommand& command,
                            const ModelData& data,
                            const ReplicatePlan& plan) {
  JobDescription job = describe_job(command.model, data);
  job.emplace_back("type", std::string(name(command.type)));
  if (is_cases(command)) job.emplace_back("resample", std::string(name(unit(command))));
  if (command.strata) job.emplace_back("strata", *command.strata);
  if (command.type == BootstrapType::reb)
    job.emplace_back("reb_type", static_cast<std::int64_t>(reb_type(command)));
  if (command.type == BootstrapType::wild) {
    job.emplace_back("wild_hc", static_cast<std::int64_t>(wild_hc(command)));
    job.emplace_back("wild_weights", std::string(name(wild_weights(command))));
  }
  job.emplace_back("replicates", command.replicates);
  job.emplace_back("seed", fmt::format("{}", command.run.seed));
  job.emplace_back("keep", std::string(plan.keep_std_errors ? "all" : "estimates"));
  job.emplace_back("block_rows", plan.block_rows);
  if (command.wants(IntervalType::bca))
    job.emplace_back("delete_one", std::string("groups"));
  if (command.num_inner() > 0) {
    job.emplace_back("inner", command.num_inner());
    if (plan.num_inner_quantities > 0) {
      job.emplace_back("inner_quantities",
                       fmt::format("{}", fmt::join(inner_quantities(command), "; ")));
    }
  }
  if (plan.num_quantity_errors > 0) {
    job.emplace_back("studentised_quantities",
                     fmt::format("{}", fmt::join(studentised_texts(command), "; ")));
  }
  if (command.until_mcse) {
    // What it looks at decides where it ends.
    std::vector<std::string_view> intervals;
    for (const IntervalType type : command.tables.intervals)
      intervals.push_back(name(type));
    job.emplace_back("until_mcse", *command.until_mcse);
    job.emplace_back("level", command.run.level);
    job.emplace_back("intervals", fmt::format("{}", fmt::join(intervals, ",")));
    job.emplace_back("quantities",
                     fmt::format("{}", fmt::join(command.tables.quantities, "; ")));
  }
  return job;
}

/// Tables of a finished file; what the exit code says about them.
/// @param known  of all replicates in the file, or null
ExitCode report(const BootstrapCommand& command,
                const std::vector<std::string>& notes,
                const ReplicateSummaries* known) {
  const ResultFile file = open_result(command.run.output);
  Report report = bootstrap_report(
      file, command.tables, {.level = command.run.level, .ranef = command.ranef}, known);
  report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  const bool exact = !command.until_mcse || is_exact_enough(command, report);
  show(report, command.run.format);
  const ReplicateCounts& counts = *report.glance.replicates;
  std::int64_t num_failed = counts.num_failed();
  for (const auto& [quantity, undefined] : counts.undefined)
    num_failed = std::max(num_failed, counts.num_failed() + undefined);
  const double failed_share =
      static_cast<double>(num_failed) / static_cast<double>(file.num_committed());
  const bool fine =
      file.fit().fit.converged && failed_share <= command.max_failed && exact;
  return fine ? ExitCode::done : ExitCode::needs_a_look;
}

}  // namespace

ExitCode run(const CommandContext& context, const BootstrapCommand& given) {
  const Communicator& comm = context.comm;
  BootstrapCommand command = given;
  validate(command);
  if (command.model.null) command.keep_std_errors = false;  // there are none
  StopSignals signals(comm.is_root(), command.run.time_limit);
  const Found found = find_job(comm, "bootstrap", command.model.snapshot, command.run);
  const RunRecord record(comm, context.arguments, command.model.snapshot, command.run);
  const ModelData data =
      read_model_data(comm, command.model, command.run, needs(command));

  check_intervals(command, data);
  ReplicatePlan plan{.num_replicates = command.replicates,
                     .block_rows = block_rows(command, data),
                     .keep_std_errors = command.keep_std_errors,
                     .keep_sd_errors = command.keep_std_errors,
                     .keep_inner_shares = command.num_inner() > 0,
                     .num_inner_quantities = std::ssize(inner_quantities(command)),
                     .num_quantity_errors = std::ssize(studentised_texts(command)),
                     .shard = command.shard};
  check_shard(plan, "replicates");
  const JobDescription job = describe_job(command, data, plan);
  check_found(comm, found, command.run.output, job, plan.shard);
  const auto tables = [&](const ReplicateSummaries* known) {
    return root_or_none(comm, [&] { return report(command, data.notes, known); });
  };
  if (found == Found::finished) {
    if (comm.is_root()) remove_leftover_parts(command.run.output);
    return tables(
        nullptr);  // as when it was made: shards that were merged have it from here
  }

  const StoppingRule rule = stopping_rule(command, plan.block_rows);
  if (command.until_mcse && !command.run.dry_run) {
    plan.num_replicates = replicates_begun(
        comm, command, rule.first(least_replicates(command, data.stats.num_groups())));
  }
  const FittedModel fit = fit_model(command.model, data, command.run.simd_level());
  std::vector<TestResult> tests;
  const std::unique_ptr<Scheme> scheme = all_or_none(comm, [&] {
    if (!command.model.null) {
      return with_inner_bootstraps(
          command,
          data,
          fit,
          scheme_options(command),
          with_studentised_quantities(
              command, data, fit, make_scheme(command, data, fit)));
    }
    const ComparedFits fits =
        compare_fits(command.model, data, fit, command.run.simd_level());
    tests.push_back(likelihood_ratio_test(command.model, data, fits));
    return make_null_scheme(command, data, fits);
  });
  ResultContents contents{.command = "bootstrap",
                          .job = job,
                          .fit = stored_fit(data, fit),
                          .replicates = plan,
                          .provenance = record.at_start(),
                          .session = record.session(),
                          .inner_quantities = inner_quantities(command)};
  contents.studentised_quantities =
      all_or_none(comm, [&] { return studentised_quantities(command, data, fit); });
  if (command.model.null) {
    contents.fit.inference = normal_inference(fit.result);
    contents.fit.tests = tests;
  }
  contents.fit.delete_one = fit_without_groups(comm, command, data, fit);
  const SummaryRequest summary = all_or_none(comm, [&] {
    TableOptions asked = command.tables;
    if (command.model.null) return SummaryRequest{};
    // Some rest on what is not made then, or not yet.
    if (command.run.dry_run || command.num_inner() > 0) asked.intervals.clear();
    return summary_request(
        contents.fit, plan, contents.studentised_quantities, asked, command.run.level);
  });
  if (command.run.dry_run) {
    root_or_none(comm, [&] {
      const auto make = [&](std::int64_t first, std::int64_t count, ReplicateRows& rows) {
        scheme->make(first, count, rows);
      };
      print(estimate_job(make, contents, record, "replicates"));
      if (!command.until_mcse) return;
      print(fmt::format(
          "at most: --until-mcse {:g} ends it as soon as intervals are that exact, first "
          "looked at after {} replicates\n",
          *command.until_mcse,
          rule.first(least_replicates(command, data.stats.num_groups()))));
    });
    return ExitCode::done;
  }

  std::optional<ResultWriter> writer;
  root_or_none(comm, [&] { writer.emplace(open_job(contents, command.run, record)); });
  signals.note_only();
  ResultWriter* const rows = writer ? &*writer : nullptr;
  // Adjusted replicates are counted when all are there, and calibrated intervals rest on the
  // shares of all; whoever looks at tables on the way reads the file.
  const bool count_now =
      !command.model.null && command.num_inner() == 0 && !command.until_mcse &&
      !(command.type == BootstrapType::reb && reb_type(command) == RebType::adjusted);
  while (true) {
    ReplicateRun replicates(
        comm, *scheme, plan, command.run, count_now ? &summary : nullptr, rows);
    if (replicates.run().stopped) {
      end_stopped_job(comm, plan, command.run, rows, "replicates");
      return ExitCode::stopped;
    }
    const std::int64_t needed = root_or_none(comm, [&] {
      if (!command.until_mcse) return plan.num_replicates;
      rows->sync();
      return replicates_needed(open_result(rows->part_path()), command, rule);
    });
    if (needed == plan.num_replicates) {
      root_or_none(comm, [&] { rows->finish(); });
      signals.end_at_once();
      const auto summaries = replicates.summarize();
      return tables(summaries ? &*summaries : nullptr);
    }
    plan.num_replicates = needed;
    contents.replicates = plan;
    root_or_none(comm, [&] { rows->extend(contents); });
  }
}

}  // namespace merit
