// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/progress_display.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/report/study_report.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"
#include "engine/run/task_runner.hpp"
#include "engine/study/data_generator.hpp"
#include "engine/study/estimate.hpp"
#include "engine/study/study_file.hpp"

namespace merit {
namespace {

/// The file's text, on every rank. *Collective*
std::string read_text(const Communicator& comm, const std::string& path) {
  std::string text;
  root_or_none(comm, [&] {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream all;
    if (file) all << file.rdbuf();
    if (!file || !all) {
      throw InputError(fmt::format("{}: cannot be read: {}; give a study file (TOML)",
                                   path,
                                   std::strerror(errno)));
    }
    text = all.str();
  });
  return comm.broadcast_text(text);
}

/// What a thread needs to make data sets and fit them.
struct Worker {
  Worker(const Study& study, SimdLevel simd) : bench(study, simd) {}
  EstimatorBench bench;
  DataGenerator::Workspace work;
  DataSet data;
  ReplicateRows rows;
};

/// Tasks [first, first + count) into worker.rows.
void make_tasks(const Study& study,
                const DataGenerator& generator,
                std::int64_t first,
                std::int64_t count,
                Worker& worker) {
  resize_rows(study, count, worker.rows);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t task = first + i;
    generator.make(
        task / study.repetitions, task % study.repetitions, worker.work, worker.data);
    worker.bench.estimate_all(worker.data, i * study.num_estimators(), worker.rows);
  }
}

/// Data sets per block: some 10 ms of work by a rough guess, a function of the study alone.
std::int64_t block_tasks(const Study& study) {
  double rows = 1.0;
  for (const StudyCell& cell : study.cells)
    rows = std::max(rows, static_cast<double>(cell.num_groups) * cell.size.mean);
  const double cost = rows * static_cast<double>(study.num_estimators()) *
                      (study.is_gaussian() ? 0.02 : 0.2);  // µs
  const auto some = static_cast<std::int64_t>(10'000.0 / cost);
  return std::clamp<std::int64_t>(
      some, 1, std::max<std::int64_t>(1, study.repetitions / 4));
}

std::string estimate_text(const Study& study,
                          const DataGenerator& generator,
                          SimdLevel simd,
                          const RunRecord& record) {
  using Clock = std::chrono::steady_clock;
  Worker worker(study, simd);
  const Clock::time_point start = Clock::now();
  std::chrono::duration<double> spent{};
  std::int64_t made = 0;
  // Data sets from all over the grid.
  do {
    const std::int64_t task = (made * 7919 % study.num_cells()) * study.repetitions;
    make_tasks(study, generator, task, 1, worker);
    ++made;
    spent = Clock::now() - start;
  } while (spent.count() < 0.3 || made < study.num_cells());
  int workers = 0;
  for (const RankLayout& rank : record.layout())
    workers += rank.threads;
  const double rate = static_cast<double>(made) / spent.count();
  return fmt::format(
      "{} cells × {} repetitions × {} estimators: {} data sets\n"
      "about {} on {} ({:.3g} data sets/s per thread); nothing done\n",
      study.num_cells(),
      with_separators(study.repetitions),
      study.num_estimators(),
      with_separators(study.num_tasks()),
      duration_text(static_cast<double>(study.num_tasks()) / (rate * workers)),
      describe(record.layout()),
      rate);
}

/// Copies the rows of a block to where they belong among all.
void place_rows(const ReplicateBytes& from, std::int64_t first, ReplicateRows& to) {
  const auto copy = [first](std::span<const std::byte> bytes, auto& target, auto width) {
    std::memcpy(target.data() + first * width, bytes.data(), bytes.size());
  };
  copy(from.estimate, to.estimate, to.num_estimates);
  copy(from.std_error, to.std_error, to.num_std_errors);
  copy(from.log_likelihood, to.log_likelihood, std::int64_t{1});
  copy(from.status, to.status, std::int64_t{1});
}

/// All rows on rank 0. *Collective*
RunSummary simulate(const Communicator& comm,
                    const SimulateCommand& command,
                    const Study& study,
                    const DataGenerator& generator,
                    ReplicateRows& all) {
  ProgressDisplay display(comm.is_root() ? command.run.progress : ProgressMode::none,
                          "data sets");
  if (comm.is_root()) resize_rows(study, study.num_tasks(), all);
  RunOptions options{.threads = command.run.num_threads()};
  options.progress = [&](const Progress& progress) { display.show(progress); };
  const SimdLevel simd = command.run.simd_level();
  std::vector<std::unique_ptr<Worker>> workers(static_cast<std::size_t>(options.threads));
  const Work work = [&](int number, std::int64_t first, std::int64_t count) {
    std::unique_ptr<Worker>& worker = workers[static_cast<std::size_t>(number)];
    if (!worker) worker = std::make_unique<Worker>(study, simd);
    make_tasks(study, generator, first, count, *worker);
    Bytes bytes;
    pack_into(worker->rows, bytes);
    return bytes;
  };
  const Sink sink =
      [&](std::int64_t first, std::int64_t, std::span<const std::byte> bytes) {
        const ReplicateBytes rows = unpack_replicates(bytes);
        place_rows(rows, first * study.num_estimators(), all);
        return rows.num_failed();
      };
  const RunSummary summary =
      run_tasks(comm, {study.num_tasks(), block_tasks(study)}, options, work, sink);
  display.close();
  return summary;
}

void show(const StudyReport& report, Format format) {
  print(format == Format::json  ? study_json(report)
        : format == Format::csv ? study_csv(report)
                                : study_table(report));
}

}  // namespace

ExitCode run(const CommandContext& context, const SimulateCommand& command) {
  const Communicator& comm = context.comm;
  validate(command);
  Study study =
      read_study(read_text(comm, command.study), command.study, command.max_tasks);
  if (command.seed) study.seed = *command.seed;
  RunSettings run = command.run;
  run.seed = study.seed;
  const RunRecord record(comm, context.arguments, command.study, run);
  const DataGenerator generator(study, run.simd_level());
  if (run.dry_run) {
    root_or_none(
        comm, [&] { print(estimate_text(study, generator, run.simd_level(), record)); });
    return ExitCode::done;
  }
  ReplicateRows rows;
  simulate(comm, command, study, generator, rows);
  root_or_none(comm, [&] {
    show({.version = program_version().version,
          .file = command.study,
          .level = run.level,
          .study = study,
          .performance = performance_of(study, generator, rows, run.level),
          .provenance = record.all()},
         run.format);
  });
  return ExitCode::done;
}

}  // namespace merit
