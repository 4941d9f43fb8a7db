// SPDX-License-Identifier: MIT
#include "engine/cli/study_results.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

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

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

JobDescription describe_job(const Study& study, const ReplicatePlan& plan) {
  return {{"study", text_digest(canonical_text(study))},
          {"formula", study.formula},
          {"family", std::string(name(study.family))},
          {"link", std::string(name(study.link))},
          {"cells", study.num_cells()},
          {"repetitions", study.repetitions},
          {"estimators", study.num_estimators()},
          {"seed", fmt::format("{}", study.seed)},
          {"block_rows", plan.block_rows},
          {"results_version", kStudyVersion}};
}

StudyReport study_report(const ResultFile& file, double level) {
  if (!file.study() || !file.replicates())
    throw IoError(file.path() + ": damaged: no simulation study in it");
  const std::string source = file.path() + ": /study/file";
  StudyReport report{.version = program_version().version,
                     .file = file.path(),
                     .level = level,
                     .study = read_study(
                         *file.study(), source, std::numeric_limits<std::int64_t>::max()),
                     .performance = {},
                     .notes = {},
                     .provenance = file.provenance()};
  Study& study = report.study;
  study.seed = number_in(text_of(file.job(), "seed"));
  const JobDescription expected = describe_job(study, *file.replicates());
  if (!differences(file.job(), expected).empty() ||
      num_rows(study) != file.replicates()->num_replicates) {
    throw IoError(fmt::format("{}: is not the study that its rows are of{}",
                              source,
                              difference_lines(file.job(), expected)));
  }
  const DataGenerator generator(study, SimdLevel::v2);  // all levels: the same bits
  report.performance = performance_of(study, generator, read_rows(file, study), level);
  if (file.num_committed() < num_rows(study)) {
    report.notes.push_back(fmt::format("{} of {} fits are there",
                                       with_separators(file.num_committed()),
                                       with_separators(num_rows(study))));
  }
  return report;
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
