// SPDX-License-Identifier: MIT
#include "engine/cli/study_results.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/error.hpp"
#include "engine/report/text_table.hpp"
#include "engine/study/study_digest.hpp"
#include "engine/study/study_file.hpp"
#include "engine/study/study_scheme.hpp"
#include "io/digest.hpp"

namespace merit {
namespace {

/// Raised when the same study would give other numbers.
constexpr std::int64_t kStudyVersion = 1;

/// All rows of the study, those that are not in the file marked as missing.
ReplicateRows read_rows(const ResultFile& file, const Study& study) {
  ReplicateRows all;
  resize_rows(study, study.num_tasks(), all);
  std::fill(all.status.begin(), all.status.end(), kMissingRow);
  const ReplicatePlan& plan = *file.replicates();
  for (const BlockRange& blocks : file.committed_blocks()) {
    for (std::int64_t block = blocks.first; block < blocks.end(); ++block) {
      const ReplicateRows rows = file.read_block(block);
      const std::int64_t first = plan.rows({block, 1}).first;
      const auto place = [first](const auto& from, auto& to, std::int64_t width) {
        std::copy(from.begin(), from.end(), to.begin() + first * width);
      };
      place(rows.estimate, all.estimate, all.num_estimates);
      place(rows.std_error, all.std_error, all.num_std_errors);
      place(rows.log_likelihood, all.log_likelihood, 1);
      place(rows.status, all.status, 1);
    }
  }
  return all;
}

/// Of a job that went on until its measures were exact enough, or whose rows keep intervals; 0:
/// any other.
double level_of(const JobDescription& job) {
  for (const auto& [field, value] : job) {
    if (const double* level = std::get_if<double>(&value); level && field == "level")
      return *level;
  }
  return 0.0;
}

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

JobDescription describe_job(const Study& study,
                            const ReplicatePlan& plan,
                            const std::vector<WantedError>& until,
                            double level) {
  JobDescription job = {{"study", text_digest(canonical_text(study))},
                        {"formula", study.formula},
                        {"family", std::string(name(study.family))},
                        {"link", std::string(name(study.link))},
                        {"cells", study.num_cells()},
                        {"repetitions", study.repetitions},
                        {"estimators", study.num_estimators()},
                        {"seed", fmt::format("{}", study.seed)},
                        {"block_rows", plan.block_rows},
                        {"results_version", kStudyVersion}};
  if (!study.snapshots.empty()) {
    std::vector<std::string> digests;
    for (const SnapshotColumns& snapshot : study.snapshots)
      digests.push_back(snapshot.digest);
    job.emplace_back("digest", fmt::format("{}", fmt::join(digests, " ")));
  }
  if (!until.empty()) job.emplace_back("until_mcse", text_of(until));
  if (!until.empty() || study.keeps_intervals()) job.emplace_back("level", level);
  return job;
}

// Rungs are whole blocks of the file: data sets per block and cells have a common multiple.
StoppingRule stopping_rule(const Study& study, const ReplicatePlan& plan) {
  const std::int64_t data_sets = plan.block_rows / study.num_estimators();
  return {.error = 1.0,  // of what is wanted
          .most = study.repetitions,
          .block_rows = data_sets / std::gcd(data_sets, study.num_cells())};
}

StudyReport study_report(const ResultFile& file, std::optional<double> level) {
  if (!file.study() || !file.replicates())
    throw IoError(file.path() + ": damaged: no simulation study in it");
  const std::string source = file.path() + ": /study/file";
  StudyReport report{.version = program_version().version,
                     .file = file.path(),
                     .level = level.value_or(0.95),
                     .study = read_study(
                         *file.study(), source, std::numeric_limits<std::int64_t>::max()),
                     .performance = {},
                     .notes = {},
                     .provenance = file.provenance()};
  Study& study = report.study;
  study.seed = number_in(text_of(file.job(), "seed"));
  const std::string until = text_of(file.job(), "until_mcse");
  const JobDescription expected = describe_job(
      study,
      *file.replicates(),
      until.empty() ? std::vector<WantedError>() : parse_wanted_errors(until),
      level_of(file.job()));
  if (study.keeps_intervals()) {
    study.level = level_of(file.job());
    report.level = study.level;
    if (level && *level != study.level) {
      throw UsageError(fmt::format(
          "--level {}: {} keeps intervals of its data sets, made at level {}: leave "
          "--level out, or simulate again with it",
          *level,
          file.path(),
          study.level));
    }
  }
  const std::int64_t made = file.replicates()->num_replicates;
  const std::int64_t per_repetition = study.num_cells() * study.num_estimators();
  if (!differences(file.job(), expected).empty() ||
      (until.empty() ? made != num_rows(study)
                     : made > num_rows(study) || made % per_repetition != 0)) {
    throw IoError(fmt::format("{}: is not the study that its rows are of{}",
                              source,
                              difference_lines(file.job(), expected)));
  }
  study.repetitions = made / per_repetition;
  const DataGenerator generator(study, SimdLevel::v2);  // all levels: the same bits
  report.performance =
      performance_of(study, generator, read_rows(file, study), report.level);
  report.notes = study_notes(study);
  if (file.num_committed() < num_rows(study)) {
    report.notes.push_back(fmt::format("{} of {} fits are there",
                                       with_separators(file.num_committed()),
                                       with_separators(num_rows(study))));
  }
  return report;
}

std::vector<std::string> study_notes(const Study& study) {
  std::vector<std::string> notes;
  for (const SnapshotColumns& snapshot : study.snapshots) {
    if (snapshot.num_dropped == 0) continue;
    notes.push_back(fmt::format(
        "{}: {} of {} rows lack a value of a column that is used, and are left out",
        snapshot.request.file,
        with_separators(snapshot.num_dropped),
        with_separators(snapshot.num_dropped + snapshot.num_rows())));
  }
  for (const StudyEstimator& estimator : study.estimators) {
    const std::vector<std::string> taken = not_estimable(study, estimator);
    if (taken.empty()) continue;
    notes.push_back(fmt::format(
        "{} has no estimate of {}: constant within groups, whose dummies take "
        "what there is to tell of {}",
        estimator.name,
        fmt::join(taken, ", "),
        taken.size() == 1 ? "it" : "them"));
  }
  return notes;
}

bool is_exact_enough(const std::vector<WantedError>& until, StudyReport& report) {
  const LargestRatio largest = largest_ratio(report.study, report.performance, until);
  const bool enough = largest.ratio < 1.0;
  report.notes.push_back(fmt::format(
      "--until-mcse {}: {} with {} repetitions; the farthest from it is {}{}{}",
      text_of(until),
      enough ? "reached" : "not reached",
      with_separators(report.study.repetitions),
      largest.of,
      std::isfinite(largest.error) ? fmt::format(" ({:.2g})", largest.error) : "",
      enough ? "" : "; allow more repetitions in the study file"));
  return enough;
}

void show(const StudyReport& report, Format format) {
  print(format == Format::json  ? study_json(report)
        : format == Format::csv ? study_csv(report)
                                : study_table(report));
  if (format != Format::csv) return;
  for (const std::string& note : report.notes)
    fmt::print(stderr, "merit: {}\n", note);
}

}  // namespace merit
