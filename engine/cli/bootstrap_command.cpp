// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <sys/resource.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/progress_display.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/resample/glmm_bootstrap.hpp"
#include "engine/resample/parametric.hpp"
#include "engine/resample/replicate_tally.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/task_runner.hpp"

namespace merit {
namespace {

ResampleUnit unit(const BootstrapCommand& command) {
  return command.resample.value_or(ResampleUnit::groups);
}

bool is_cases(const BootstrapCommand& command) {
  return command.type == BootstrapType::cases;
}

ModelNeeds needs(const BootstrapCommand& command) {
  const bool groups = is_cases(command) && unit(command) == ResampleUnit::groups;
  if (!command.model.is_gaussian()) return {.rows = true};
  return {.within = groups ? WithinDetail::per_group : WithinDetail::pooled,
          .rows = is_cases(command) && !groups};
}

std::unique_ptr<Scheme> make_scheme(const BootstrapCommand& command,
                                    const ModelData& data,
                                    const FittedModel& fitted) {
  const SchemeOptions options{.seed = command.run.seed,
                              .criterion = command.model.criterion(),
                              .keep_std_errors = command.keep_std_errors,
                              .simd = command.run.simd_level()};
  if (data.glmm != nullptr) {
    if (!is_cases(command))
      return glmm_parametric_bootstrap(data.glmm, *fitted.glmm, options);
    if (unit(command) == ResampleUnit::groups)
      return glmm_group_bootstrap(data.glmm, *fitted.glmm, options);
    return glmm_row_bootstrap(data.glmm, unit(command), *fitted.glmm, options);
  }
  const FitResult& fit = fitted.result;
  if (!is_cases(command)) return parametric_bootstrap(data.stats, fit, options);
  if (unit(command) == ResampleUnit::groups) {
    return group_bootstrap(data.stats, fit, options);
  }
  return row_bootstrap(data.stats, data.rows, unit(command), fit, options);
}

/// Replicates per block of work and of the file: some 10 ms of work, a function of the job
/// alone, and small enough that few replicates keep many workers busy too.
std::int64_t block_rows(const BootstrapCommand& command, const ModelData& data) {
  if (data.glmm != nullptr) {
    const std::int64_t rows_times = std::int64_t{64'000};
    const std::int64_t fits =
        std::max<std::int64_t>(1, rows_times / data.counts.rows_used);
    return std::clamp<std::int64_t>(command.replicates / 64, 1, fits);
  }
  const std::int64_t most = !is_cases(command)                      ? 16'384
                            : unit(command) == ResampleUnit::groups ? 4'096
                                                                    : 256;
  const std::int64_t share = (command.replicates / 64 + 7) / 8 * 8;
  return std::clamp<std::int64_t>(share, 8, most);
}

JobDescription describe_job(const BootstrapCommand& command,
                            const ModelData& data,
                            const ReplicatePlan& plan) {
  JobDescription job = describe_job(command.model, data);
  job.emplace_back("type", std::string(name(command.type)));
  if (is_cases(command)) job.emplace_back("resample", std::string(name(unit(command))));
  job.emplace_back("replicates", plan.num_replicates);
  job.emplace_back("seed", fmt::format("{}", command.run.seed));
  job.emplace_back("keep", std::string(plan.keep_std_errors ? "all" : "estimates"));
  job.emplace_back("block_rows", plan.block_rows);
  return job;
}

ReplicateTally empty_tally(const StoredFit& stored) {
  const FitResult& fit = stored.fit;
  std::vector<double> origin(fit.beta.data(), fit.beta.data() + fit.beta.size());
  origin.insert(origin.end(), {fit.tau, fit.sigma});
  return ReplicateTally(std::move(origin));
}

/// What a job would take, from replicates made and thrown away.
std::string estimate(const Scheme& scheme,
                     const ResultContents& contents,
                     const RunRecord& record) {
  using Clock = std::chrono::steady_clock;
  const ReplicatePlan& plan = *contents.replicates;
  ReplicateRows rows;
  std::int64_t made = 0;
  const Clock::time_point start = Clock::now();
  std::chrono::duration<double> spent{};
  do {
    const std::int64_t count = std::min<std::int64_t>(plan.block_rows, 256);
    scheme.make(made, count, rows);
    made += count;
    spent = Clock::now() - start;
  } while (spent.count() < 0.3);
  int workers = 0;
  for (const RankLayout& rank : record.layout())
    workers += rank.threads;
  const double rate = static_cast<double>(made) / spent.count();
  const double seconds = static_cast<double>(plan.num_replicates) / (rate * workers);
  // What reading and the pilot took, and rows that may wait to be written.
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const double megabytes =
      static_cast<double>(usage.ru_maxrss) / 1024.0 +
      static_cast<double>(std::min(expected_bytes(contents), RunOptions{}.buffer_bytes)) /
          1e6;
  return fmt::format(
      "{} replicates: about {} on {} ({:.3g} replicates/s per thread)\n"
      "memory: about {:.0f} MB per rank\n"
      "result file: {:.1f} MB; nothing written\n",
      plan.num_replicates,
      duration_text(seconds),
      describe(record.layout()),
      rate,
      megabytes,
      static_cast<double>(expected_bytes(contents)) / 1e6);
}

}  // namespace

ExitCode run(const CommandContext& context, const BootstrapCommand& command) {
  const Communicator& comm = context.comm;
  validate(command);
  const RunRecord record(comm, context.arguments, command.model.snapshot, command.run);
  all_or_none(comm, [&] {
    if (comm.is_root() && !command.run.dry_run) {
      check_output(command.model, command.run);
    }
  });
  const ModelData data =
      read_model_data(comm, command.model, command.run, needs(command));
  const FittedModel fit = fit_model(command.model, data);
  const std::unique_ptr<Scheme> scheme =
      all_or_none(comm, [&] { return make_scheme(command, data, fit); });

  const ReplicatePlan plan{.num_replicates = command.replicates,
                           .block_rows = block_rows(command, data),
                           .keep_std_errors = command.keep_std_errors};
  const ResultContents contents{.command = "bootstrap",
                                .job = describe_job(command, data, plan),
                                .fit = stored_fit(data, fit),
                                .replicates = plan,
                                .provenance = record.at_start()};
  if (command.run.dry_run) {
    all_or_none(comm, [&] {
      if (comm.is_root()) print(estimate(*scheme, contents, record));
    });
    return ExitCode::done;
  }

  std::optional<ResultWriter> writer;
  ProgressDisplay display(comm.is_root() ? command.run.progress : ProgressMode::none,
                          "replicates");
  all_or_none(comm, [&] {
    if (!comm.is_root()) return;
    for (const std::string& warning : layout_warnings(record.layout())) {
      fmt::print(stderr, "merit: {}\n", warning);
    }
    writer.emplace(command.run.output, contents, command.run.overwrite);
  });
  const Work work = [&](int, std::int64_t first, std::int64_t count) {
    static thread_local ReplicateRows rows;
    scheme->make(first, count, rows);
    return pack(rows);
  };
  // While the rows are at hand: the tables then need one pass over the file, not many.
  ReplicateTally tally = empty_tally(contents.fit);
  const Sink sink = [&](std::int64_t first,
                        std::int64_t,
                        std::span<const std::byte> bytes) {
    const ReplicateRows rows = unpack_replicate_rows(bytes);
    writer->write_block(first, rows);
    tally.add(first, rows.estimate, rows.status);
    return std::count_if(rows.status.begin(), rows.status.end(), [](std::uint8_t code) {
      return failed(static_cast<ReplicateStatus>(code));
    });
  };
  const RunSummary summary =
      run_tasks(comm,
                {plan.num_replicates, plan.block_rows},
                {.threads = command.run.num_threads(),
                 .progress = [&](const Progress& progress) { display.show(progress); }},
                work,
                sink);
  display.close();
  all_or_none(comm, [&] {
    if (!comm.is_root()) return;
    writer->finish(record.at_end());
    Report report = bootstrap_report(open_result(command.run.output),
                                     command.intervals,
                                     {.level = command.run.level, .ranef = command.ranef},
                                     &tally);
    report.notes.insert(report.notes.end(), data.notes.begin(), data.notes.end());
    show(report, command.run.format);
  });
  const double failed_share =
      static_cast<double>(summary.failed) / static_cast<double>(plan.num_replicates);
  const bool fine = fit.result.converged && failed_share <= command.max_failed;
  return fine ? ExitCode::done : ExitCode::needs_a_look;
}

}  // namespace merit
