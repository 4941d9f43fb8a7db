// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "engine/cli/analysis_replicates.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/input_text.hpp"
#include "engine/cli/layout_lines.hpp"
#include "engine/cli/progress_display.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/replicate_run.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/cli/sensitivity_plan.hpp"
#include "engine/cli/sensitivity_results.hpp"
#include "engine/cli/sensitivity_tables.hpp"
#include "engine/cli/stored_job.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"
#include "engine/run/task_runner.hpp"
#include "engine/study/imputations.hpp"
#include "engine/study/influence.hpp"
#include "engine/study/sensitivity_file.hpp"

namespace merit {
namespace {

std::vector<std::string> snapshots_of(const SensitivityStudy& study) {
  if (study.imputations && !study.imputations->snapshots.empty())
    return study.imputations->snapshots;
  return {study.snapshot};
}

/// On rank 0 all results, in the order of the analyses. *Collective*
std::vector<AnalysisResult> run_all(const Communicator& comm,
                                    const SensitivityJob& job,
                                    const std::vector<Analysis>& analyses) {
  ProgressDisplay display(comm.is_root() ? job.run.progress : ProgressMode::none, "fits");
  const std::size_t m = num_imputations(job);
  std::vector<AnalysisResult> fits(m * analyses.size());
  RunOptions options{.threads = job.run.num_threads()};
  options.progress = [&](const Progress& progress) { display.show(progress); };
  const Work work = [&](int, std::int64_t first, std::int64_t) {
    const auto task = static_cast<std::size_t>(first);
    return pack(make_analysis(job, analyses[task / m], task % m));
  };
  const Sink sink =
      [&](std::int64_t first, std::int64_t, std::span<const std::byte> bytes) {
        AnalysisResult& fit = fits[static_cast<std::size_t>(first)];
        fit = unpack_analysis(bytes);
        return static_cast<std::int64_t>(fit.failure.empty() ? 0 : 1);
      };
  run_tasks(comm, {std::ssize(fits), 1}, options, work, sink);
  display.close();
  std::vector<AnalysisResult> results;
  if (!comm.is_root()) return results;
  for (std::size_t a = 0; a < analyses.size(); ++a)
    results.push_back(pool(std::span(fits).subspan(a * m, m), job.run.level));
  add_influence(analyses, results);
  return results;
}

/// What is bootstrapped.
struct Replicates {
  std::vector<Analysis> analyses;
  std::vector<std::string> columns;
  ReplicatePlan plan;
};

/// @param largest  rows of the largest data set
ReplicatePlan plan_of(const SensitivityJob& job,
                      std::size_t num_fits,
                      bool gaussian,
                      std::int64_t largest,
                      Shard shard) {
  const std::int64_t R = job.study.bootstrap->replicates;
  const ReplicatePlan plan{.num_replicates = R * static_cast<std::int64_t>(num_fits),
                           .block_rows = replicates_at_once(R, gaussian, largest),
                           .shard = shard};
  check_shard(plan, "replicates");
  return plan;
}

bool is_gaussian(const Analysis& analysis) {
  return analysis.model.family == "gaussian";
}

/// @param results  rank 0's. *Collective*
Replicates plan_replicates(const Communicator& comm,
                           const SensitivityJob& job,
                           const std::vector<Analysis>& analyses,
                           const std::vector<AnalysisResult>& results,
                           Shard shard) {
  ByteWriter writer;
  if (comm.is_root()) {
    const std::vector<std::size_t> numbers = bootstrapped(analyses, results);
    const std::vector<std::string> columns = coefficients_of(results, numbers);
    std::int64_t largest = 1;
    for (const std::size_t number : numbers)
      largest = std::max(largest, results[number].num_obs);
    writer.put(largest);
    writer.put_all(std::span(numbers));
    writer.put(std::ssize(columns));
    for (const std::string& column : columns)
      writer.put_text(column);
  }
  Bytes bytes = writer.take();
  comm.broadcast(bytes);
  ByteReader reader(bytes);
  const auto largest = reader.take<std::int64_t>();
  Replicates out;
  bool gaussian = true;
  for (const std::size_t number : reader.take_vector<std::size_t>()) {
    out.analyses.push_back(analyses[number]);
    gaussian = gaussian && is_gaussian(analyses[number]);
  }
  out.columns.resize(static_cast<std::size_t>(reader.take<std::ptrdiff_t>()));
  for (std::string& column : out.columns)
    column = reader.take_text();
  if (out.analyses.empty())
    throw DataError("no fit of the study converged, so there is nothing to bootstrap");
  out.plan = plan_of(job, out.analyses.size(), gaussian, largest, shard);
  return out;
}

/// A file with the fits, and what there is of their replicates.
ResultContents contents_of(const SensitivityJob& job,
                           const std::string& text,
                           const std::vector<Analysis>& analyses,
                           const std::vector<AnalysisResult>& results,
                           const Replicates* replicates,
                           const RunRecord& record) {
  const ReplicatePlan* plan = replicates == nullptr ? nullptr : &replicates->plan;
  ResultContents contents{
      .command = "sensitivity",
      .job = describe_job(job, analyses, results, plan),
      .fit = {},
      .replicates = plan == nullptr ? std::nullopt : std::optional(*plan),
      .provenance = record.at_start(),
      .session = record.session(),
      .study = text,
      .tables = tables_of(analyses,
                          results,
                          job.notes,
                          plan == nullptr ? 0 : job.study.bootstrap->replicates)};
  if (replicates != nullptr) contents.fit.terms = replicates->columns;
  return contents;
}

/// Into the file; true when all is there. *Collective*
bool store(const Communicator& comm,
           const SensitivityJob& job,
           const ResultContents& contents,
           const Replicates* replicates,
           const RunRecord& record,
           StopSignals& signals) {
  std::optional<ResultWriter> writer;
  root_or_none(comm, [&] { writer.emplace(open_job(contents, job.run, record)); });
  if (replicates != nullptr) {
    signals.note_only();
    ResultWriter* const file = writer ? &*writer : nullptr;
    const AnalysisReplicates scheme(job, replicates->analyses, replicates->columns);
    ReplicateRun rows(comm, scheme, replicates->plan, job.run, nullptr, file);
    if (rows.run().stopped) {
      end_stopped_job(comm, replicates->plan, job.run, file, "replicates");
      return false;
    }
  }
  root_or_none(comm, [&] { writer->finish(); });
  signals.end_at_once();
  return true;
}

/// What all bootstraps would take if every fit were like the base.
std::string estimate_bootstraps(const SensitivityJob& job,
                                const std::string& text,
                                const std::vector<Analysis>& analyses,
                                Shard shard,
                                const RunRecord& record) {
  const Analysis& base = analyses.front();
  const std::vector<AnalysisResult> results = {make_analysis(job, base, 0)};
  const auto num_fits = static_cast<std::size_t>(
      std::count_if(analyses.begin(), analyses.end(), [](const Analysis& analysis) {
        return analysis.model.priors.empty();
      }));
  const Replicates all{
      .analyses = std::vector<Analysis>(num_fits + 1, base),  // the pilot may run over
      .columns = coefficients_of(results, {0}),
      .plan = plan_of(job, num_fits, is_gaussian(base), results.front().num_obs, shard)};
  const AnalysisReplicates scheme(job, all.analyses, all.columns);
  const auto make = [&](std::int64_t first, std::int64_t count, ReplicateRows& rows) {
    scheme.make(first % all.plan.num_replicates, count, rows);
  };
  return fmt::format("{} fits, each bootstrapped {} times; if all are like the base:\n",
                     num_fits,
                     with_separators(job.study.bootstrap->replicates)) +
         estimate_job(make,
                      contents_of(job, text, {base}, results, &all, record),
                      record,
                      "replicates");
}

/// What would be done. On rank 0.
void list(const SensitivityJob& job,
          const std::string& text,
          const std::vector<Analysis>& analyses,
          Shard shard,
          const RunRecord& record) {
  std::string lines =
      job.study.bootstrap
          ? estimate_bootstraps(job, text, analyses, shard, record)
          : fmt::format("{} fits; nothing done\n", with_separators(std::ssize(analyses)));
  for (const Analysis& analysis : analyses)
    lines += fmt::format("  {}\n", analysis.label());
  print(lines);
}

SensitivityJob read_job(const SensitivityCommand& command, const std::string& text) {
  SensitivityJob job{.study = read_sensitivity(text, command.study),
                     .snapshots = {},
                     .examined = {},
                     .imputations = {},
                     .inference = {},
                     .run = command.run};
  SensitivityStudy& study = job.study;
  if (study.bootstrap) {
    if (command.seed) study.bootstrap->seed = *command.seed;
    job.run.seed = study.bootstrap->seed;
  }
  // A path in the file is from where the file lies.
  const std::filesystem::path place = std::filesystem::path(command.study).parent_path();
  for (const std::string& snapshot : snapshots_of(study))
    job.snapshots.push_back((place / snapshot).string());
  job.inference.df = study.df;
  const RunSettings& run = job.run;
  if (study.bootstrap && run.output.empty() && !run.dry_run) {
    throw UsageError(command.study +
                     ": [bootstrap] without --output: name the file that keeps the "
                     "replicates");
  }
  return job;
}

}  // namespace

ExitCode run(const CommandContext& context, const SensitivityCommand& command) {
  const Communicator& comm = context.comm;
  validate(command);
  const bool keeps = !command.run.output.empty();
  std::optional<StopSignals> signals;  // without a file there is nothing to go on from
  if (keeps) signals.emplace(comm.is_root(), command.run.time_limit);
  const std::string text = read_text(comm, command.study, "a study file (TOML)");
  SensitivityJob job = read_job(command, text);
  const Found found =
      keeps ? find_job(comm, "sensitivity", command.study, job.run) : Found::nothing;
  const RunRecord record(comm, context.arguments, command.study, job.run);
  const std::vector<Analysis> analyses = plan_analyses(comm, command, job);
  if (command.run.dry_run) {
    root_or_none(comm, [&] { list(job, text, analyses, command.shard, record); });
    return ExitCode::done;
  }
  const std::vector<AnalysisResult> results = run_all(comm, job, analyses);
  if (keeps) {
    std::optional<Replicates> replicates;
    if (job.study.bootstrap)
      replicates = plan_replicates(comm, job, analyses, results, command.shard);
    const Replicates* const rows = replicates ? &*replicates : nullptr;
    ResultContents contents;  // rank 0's, who has the fits
    root_or_none(comm, [&] {
      contents = contents_of(job, text, analyses, results, rows, record);
    });
    check_found(comm, found, job.run.output, contents.job, command.shard);
    if (found == Found::finished) {
      if (comm.is_root()) remove_leftover_parts(job.run.output);
    } else if (!store(comm, job, contents, rows, record, *signals)) {
      return ExitCode::stopped;
    }
  }
  bool fine = true;
  root_or_none(comm, [&] {
    warn_of_layout(record);
    const SensitivityReport report =
        keeps ? sensitivity_report(open_result(job.run.output))
              : SensitivityReport{
                    .version = program_version().version,
                    .file = command.study,
                    .level = job.run.level,
                    .study = job.study,
                    .num_imputations = static_cast<std::int64_t>(num_imputations(job)),
                    .analyses = analyses,
                    .results = results,
                    .notes = job.notes,
                    .provenance = record.all()};
    show(report, job.run.format);
    fine = is_fine(report);
  });
  return comm.broadcast_value(fine) ? ExitCode::done : ExitCode::needs_a_look;
}

}  // namespace merit
