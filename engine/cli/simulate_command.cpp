// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/input_text.hpp"
#include "engine/cli/layout_lines.hpp"
#include "engine/cli/progress_display.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/replicate_run.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/cli/stored_job.hpp"
#include "engine/cli/study_results.hpp"
#include "engine/cli/study_snapshots.hpp"
#include "engine/report/repetition_report.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"
#include "engine/run/task_runner.hpp"
#include "engine/study/data_set_inference.hpp"
#include "engine/study/study_file.hpp"
#include "engine/study/study_scheme.hpp"
#include "io/snapshot_writer.hpp"

namespace merit {
namespace {

std::string estimate_text(const Study& study,
                          const StudyScheme& scheme,
                          const ReplicatePlan& plan,
                          const RunRecord& record) {
  using Clock = std::chrono::steady_clock;
  const std::int64_t E = study.num_estimators();
  const Clock::time_point start = Clock::now();
  std::chrono::duration<double> spent{};
  std::int64_t made = 0;
  ReplicateRows rows;
  // A data set of every cell, and again while it takes no time.
  do {
    scheme.make((made % study.num_tasks()) * E, E, rows);
    ++made;
    spent = Clock::now() - start;
  } while (spent.count() < 0.3 || (made < study.num_cells() && spent.count() < 10.0));
  int workers = 0;
  for (const RankLayout& rank : record.layout())
    workers += rank.threads;
  const double rate = static_cast<double>(made) / spent.count();
  const std::int64_t here = plan.num_rows() / E;
  return fmt::format(
      "{} cells × {} repetitions × {} estimators: {} data sets{}\n"
      "about {} on {} ({:.3g} data sets/s per thread); nothing done\n",
      study.num_cells(),
      with_separators(study.repetitions),
      E,
      with_separators(study.num_tasks()),
      plan.shard.count > 1
          ? fmt::format(
                ", {} of them in shard {}", with_separators(here), text_of(plan.shard))
          : "",
      duration_text(static_cast<double>(here) / (rate * workers)),
      describe(record.layout()),
      rate);
}

/// Without a result file: all rows in rank 0's memory. *Collective*
ReplicateRows simulate_in_memory(const Communicator& comm,
                                 const RunSettings& run,
                                 const Study& study,
                                 const StudyScheme& scheme,
                                 const ReplicatePlan& plan,
                                 const RunRecord& record) {
  if (comm.is_root()) say_layout(record, run.progress);
  ProgressDisplay display(comm.is_root() ? run.progress : ProgressMode::none, "fits");
  ReplicateRows all;
  if (comm.is_root()) resize_rows(study, study.num_tasks(), all);
  RunOptions options{.threads = run.num_threads()};
  options.progress = [&](const Progress& progress) { display.show(progress); };
  const Work work = [&](int, std::int64_t first, std::int64_t count) {
    static thread_local ReplicateRows rows;
    scheme.make(first, count, rows);
    return pack(rows);
  };
  const Sink sink =
      [&](std::int64_t first, std::int64_t, std::span<const std::byte> bytes) {
        const ReplicateBytes rows = unpack_replicates(bytes);
        const auto place = [first](auto from, auto& to, std::int64_t width) {
          std::memcpy(to.data() + first * width, from.data(), from.size());
        };
        place(rows.estimate, all.estimate, all.num_estimates);
        place(rows.std_error, all.std_error, all.num_std_errors);
        place(rows.log_likelihood, all.log_likelihood, 1);
        place(rows.status, all.status, 1);
        return rows.num_failed();
      };
  run_tasks(comm, {plan.num_replicates, plan.block_rows}, options, work, sink);
  display.close();
  return all;
}

/// One data set, its fits, and the data as a snapshot if asked for. On rank 0.
void show_only(const SimulateCommand& command,
               const Study& study,
               const StudyScheme& scheme,
               SimdLevel simd) {
  const auto [cell, repetition] = *command.only;
  if (cell < 1 || cell > study.num_cells() || repetition < 1 ||
      repetition > study.repetitions) {
    throw UsageError(
        fmt::format("--only cell={},rep={}: the study has cells 1 to {} and "
                    "repetitions 1 to {}",
                    cell,
                    repetition,
                    study.num_cells(),
                    study.repetitions));
  }
  DataGenerator::Workspace work;
  DataSet data;
  DataGenerator(study, simd).make(cell - 1, repetition - 1, work, data);
  RepetitionReport report{.study = study,
                          .cell = cell - 1,
                          .repetition = repetition - 1,
                          .num_obs = data.num_obs(),
                          .seed = data_set_seed(study.seed, cell - 1, repetition - 1),
                          .rows = {}};
  const std::int64_t task = study.task(report.cell, report.repetition);
  const std::int64_t E = study.num_estimators();
  scheme.make(task * E, E, report.rows);
  if (!command.dump_data.empty()) {
    const auto n = static_cast<std::size_t>(report.num_obs);
    std::vector<double> group;
    for (std::size_t j = 0; j < data.size.size(); ++j)
      group.insert(group.end(),
                   static_cast<std::size_t>(data.size[j]),
                   static_cast<double>(j + 1));
    std::vector<NumberColumn> columns = {{study.response, std::span(data.y).first(n)}};
    for (std::size_t k = 0; k < study.covariates.size(); ++k)
      columns.push_back(
          {study.covariates[k].name, std::span(data.covariate[k]).first(n)});
    columns.push_back({study.group, group});
    write_snapshot(command.dump_data,
                   fmt::format("{}: simulated data, cell {}, repetition {}, seed {}",
                               command.study,
                               cell,
                               repetition,
                               study.seed),
                   columns);
  }
  const Format format = command.run.format;
  print(format == Format::json  ? repetition_json(report)
        : format == Format::csv ? repetition_csv(report)
                                : repetition_table(report));
}

/// Repetitions of the first look at a study that goes on until it is exact enough: a share of
/// them near 0 or 1 has been seen.
constexpr std::int64_t kFirstLook = 1000;

/// How many repetitions there shall be, now that those of `part` are all there. On rank 0.
std::int64_t repetitions_needed(const ResultFile& part,
                                const SimulateCommand& command,
                                const StoppingRule& rule) {
  const StudyReport report = study_report(part, command.run.level);
  return rule.next(
      report.study.repetitions,
      largest_ratio(report.study, report.performance, command.until_mcse).ratio);
}

/// Into the result file; true when all its rows are there. *Collective*
bool simulate_to_file(const Communicator& comm,
                      const SimulateCommand& command,
                      const RunSettings& run,
                      const Study& study,
                      const StudyScheme& scheme,
                      ResultContents contents,
                      const RunRecord& record,
                      StopSignals& signals) {
  ReplicatePlan plan = *contents.replicates;
  const std::int64_t per_repetition = study.num_cells() * study.num_estimators();
  const StoppingRule rule = stopping_rule(study, plan);
  const bool until = !command.until_mcse.empty();
  if (until) {
    plan.num_replicates = root_or_none(comm, [&] {
      const auto stored = run.resume ? find_stored(run.output) : std::nullopt;
      return stored ? stored->replicates()->num_replicates
                    : rule.first(kFirstLook) * per_repetition;
    });
    contents.replicates = plan;
  }
  std::optional<ResultWriter> writer;
  root_or_none(comm, [&] { writer.emplace(open_job(contents, run, record)); });
  signals.note_only();
  ResultWriter* const file = writer ? &*writer : nullptr;
  while (true) {
    ReplicateRun rows(comm, scheme, plan, run, nullptr, file, "fits");
    if (rows.run().stopped) {
      end_stopped_job(comm, plan, run, file, "fits");
      return false;
    }
    const std::int64_t needed = root_or_none(comm, [&] {
      if (!until) return plan.num_replicates;
      file->sync();
      return repetitions_needed(open_result(file->part_path()), command, rule) *
             per_repetition;
    });
    if (needed == plan.num_replicates) break;
    plan.num_replicates = needed;
    contents.replicates = plan;
    root_or_none(comm, [&] { file->extend(contents); });
  }
  root_or_none(comm, [&] { writer->finish(); });
  signals.end_at_once();
  return true;
}

}  // namespace

ExitCode run(const CommandContext& context, const SimulateCommand& command) {
  const Communicator& comm = context.comm;
  validate(command);
  RunSettings run = command.run;
  const bool keeps = !run.output.empty() && !command.only;
  std::optional<StopSignals> signals;  // without a file there is nothing to go on from
  if (keeps) signals.emplace(comm.is_root(), run.time_limit);
  const std::string text = read_text(comm, command.study, "a study file (TOML)");
  Study study = read_study(
      text, command.study, command.max_tasks, snapshot_source(comm, command.study));
  if (command.seed) study.seed = *command.seed;
  run.seed = study.seed;
  study.level = run.level;
  for (StudyEstimator& estimator : study.estimators)
    estimator.show_stderr = command.only.has_value();  // somebody looks
  const Found found =
      keeps ? find_job(comm, "simulate", command.study, run) : Found::nothing;
  const RunRecord record(comm, context.arguments, command.study, run);
  const StudyScheme scheme(study, run.simd_level());
  const ReplicatePlan plan{.num_replicates = num_rows(study),
                           .block_rows = block_rows(study),
                           .keep_std_errors = true,
                           .shard = command.shard};
  check_shard(plan, "fits");
  if (command.only) {
    root_or_none(comm, [&] { show_only(command, study, scheme, run.simd_level()); });
    return ExitCode::done;
  }
  if (run.dry_run) {
    root_or_none(comm, [&] {
      print(estimate_text(study, scheme, plan, record));
      for (const std::string& note : study_notes(study))
        print(note + "\n");
      if (command.until_mcse.empty()) return;
      print(fmt::format(
          "at most: --until-mcse {} ends it as soon as measures are that exact, "
          "first looked at after {} repetitions\n",
          text_of(command.until_mcse),
          with_separators(stopping_rule(study, plan).first(kFirstLook))));
    });
    return ExitCode::done;
  }
  if (run.output.empty()) {
    const ReplicateRows rows = simulate_in_memory(comm, run, study, scheme, plan, record);
    root_or_none(comm, [&] {
      const DataGenerator generator(study, run.simd_level());
      show({.version = program_version().version,
            .file = command.study,
            .level = run.level,
            .study = study,
            .performance = performance_of(study, generator, rows, run.level),
            .notes = study_notes(study),
            .provenance = record.all()},
           run.format);
    });
    return ExitCode::done;
  }

  const JobDescription job = describe_job(study, plan, command.until_mcse, run.level);
  check_found(comm, found, run.output, job, plan.shard);
  if (found == Found::finished) {
    if (comm.is_root()) remove_leftover_parts(run.output);
  } else {
    StoredFit terms;
    terms.terms = StudyColumns(study).names();
    ResultContents contents{.command = "simulate",
                            .job = job,
                            .fit = terms,
                            .replicates = plan,
                            .provenance = record.at_start(),
                            .session = record.session(),
                            .study = with_snapshots(text, study)};
    if (!simulate_to_file(
            comm, command, run, study, scheme, std::move(contents), record, *signals))
      return ExitCode::stopped;
  }
  return root_or_none(comm, [&] {
    StudyReport report = study_report(open_result(run.output), run.level);
    const bool fine =
        command.until_mcse.empty() || is_exact_enough(command.until_mcse, report);
    show(report, run.format);
    return fine ? ExitCode::done : ExitCode::needs_a_look;
  });
}

}  // namespace merit
