// SPDX-License-Identifier: MIT
#include "engine/cli/sensitivity_results.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/sensitivity_tables.hpp"
#include "engine/error.hpp"
#include "engine/report/text_table.hpp"
#include "engine/study/sensitivity_file.hpp"
#include "io/digest.hpp"

namespace merit {
namespace {

using Texts = std::vector<std::string>;
using Counts = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

/// Raised when the same study would give other numbers.
constexpr std::int64_t kSensitivityVersion = 1;

constexpr double kMostFailed = 0.01;  ///< as --max-failed

/// Replicates of one fit that are in the file.
struct FitReplicates {
  std::int64_t failed = 0;
  std::vector<Numbers> column;  ///< of those with estimates
};

std::vector<FitReplicates> read_replicates(const ResultFile& file,
                                           std::int64_t per_fit,
                                           std::size_t num_fits) {
  const std::size_t width = file.columns().size();
  std::vector<FitReplicates> out(num_fits);
  file.for_each_block([&](std::int64_t first,
                          std::span<const double> estimates,
                          std::span<const double>,
                          std::span<const std::uint8_t> status) {
    for (std::size_t r = 0; r < status.size(); ++r) {
      const auto fit = (first + static_cast<std::int64_t>(r)) / per_fit;
      FitReplicates& of = out.at(static_cast<std::size_t>(fit));
      of.column.resize(width);
      if (!has_estimate(status[r])) {
        ++of.failed;
        continue;
      }
      for (std::size_t c = 0; c < width; ++c)
        of.column[c].push_back(estimates[r * width + c]);
    }
  });
  return out;
}

/// A row for each estimate, with the interval of its replicates.
void add_replicates(const SensitivityReport& report,
                    const Texts& columns,
                    FitReplicates& replicates,
                    AnalysisResult& result) {
  if (replicates.column.empty()) return;
  const IntervalType type = report.study.bootstrap->interval;
  result.failed = replicates.failed;
  result.replicates = std::ssize(replicates.column.front()) + replicates.failed;
  const std::size_t fits = result.terms.size();
  for (std::size_t k = 0; k < fits; ++k) {
    const AnalysisTerm& row = result.terms[k];
    const auto at = std::find(columns.begin(), columns.end(), row.term);
    if (row.effect == "equality" || at == columns.end()) continue;
    Numbers& values = replicates.column[static_cast<std::size_t>(at - columns.begin())];
    const BootstrapSummary summary = summarize_bootstrap(
        {.estimate = row.estimate}, std::span(values), {&type, 1}, report.level);
    const Interval& interval = summary.intervals.front();
    result.terms.push_back(
        {.effect = row.effect,
         .term = row.term,
         .conf_type = std::string(name(type)),
         .estimate = row.estimate,
         .std_error = summary.sd,
         .p_value = row.effect == "fixed" ? interval.p_value : AnalysisTerm::kNone,
         .conf_low = interval.low,
         .conf_high = interval.high});
  }
}

template <class T>
T value_of(const JobDescription& job, const std::string& field) {
  for (const auto& [name, value] : job) {
    if (name != field) continue;
    if (const T* found = std::get_if<T>(&value)) return *found;
  }
  throw IoError("damaged: its job has no " + field);
}

}  // namespace

JobDescription describe_job(const SensitivityJob& job,
                            const std::vector<Analysis>& analyses,
                            const std::vector<AnalysisResult>& results,
                            const ReplicatePlan* plan) {
  std::string fits;
  for (std::size_t a = 0; a < analyses.size(); ++a) {
    fits += analyses[a].kind + "\t" + analyses[a].label();
    fits += settings_text(analyses[a].model);
    fits += "\t" + results[a].digest + "\t" + results[a].failure + "\n";
  }
  JobDescription out = {{"fits", text_digest(fits)},
                        {"analyses", static_cast<std::int64_t>(analyses.size())},
                        {"imputations", static_cast<std::int64_t>(num_imputations(job))},
                        {"formula", job.study.base.formula},
                        {"family", job.study.base.family},
                        {"df", std::string(job.study.df ? name(*job.study.df) : "")},
                        {"level", job.run.level},
                        {"results_version", kSensitivityVersion}};
  if (plan == nullptr) return out;
  const StudyBootstrap& bootstrap = *job.study.bootstrap;
  out.emplace_back("type", bootstrap.type);
  if (!bootstrap.resample.empty()) out.emplace_back("resample", bootstrap.resample);
  out.emplace_back("replicates", bootstrap.replicates);
  out.emplace_back("interval", std::string(name(bootstrap.interval)));
  out.emplace_back("seed", fmt::format("{}", bootstrap.seed));
  out.emplace_back("block_rows", plan->block_rows);
  return out;
}

SensitivityReport sensitivity_report(const ResultFile& file) {
  try {
    SensitivityReport report{
        .version = program_version().version,
        .file = file.path(),
        .level = value_of<double>(file.job(), "level"),
        .study = read_sensitivity(*file.study(), file.path() + ": /study/file"),
        .num_imputations = value_of<std::int64_t>(file.job(), "imputations"),
        .analyses = read_analyses(file.tables()),
        .results = read_results(file.tables()),
        .notes = find_table(file.tables(), "notes").column<std::string>("text"),
        .provenance = file.provenance()};
    if (!file.replicates()) return report;
    const std::vector<std::int64_t>& first = first_replicates(file.tables());
    const auto per_fit = value_of<std::int64_t>(file.job(), "replicates");
    std::vector<FitReplicates> replicates =
        read_replicates(file, per_fit, report.results.size());
    for (std::size_t a = 0; a < first.size(); ++a) {
      if (first[a] < 0) continue;
      add_replicates(report,
                     file.columns(),
                     replicates.at(static_cast<std::size_t>(first[a] / per_fit)),
                     report.results[a]);
    }
    const std::int64_t all = file.replicates()->num_replicates;
    if (file.num_committed() < all) {
      report.notes.push_back(fmt::format("{} of {} replicates are there",
                                         with_separators(file.num_committed()),
                                         with_separators(all)));
    }
    return report;
  } catch (const std::out_of_range&) {
    throw IoError(file.path() + ": damaged: replicates of fits that are not there");
  }
}

bool is_fine(const SensitivityReport& report) {
  return std::all_of(
      report.results.begin(), report.results.end(), [](const AnalysisResult& result) {
        const double most = kMostFailed * static_cast<double>(result.replicates);
        return result.failure.empty() && result.converged &&
               static_cast<double>(result.failed) <= most;
      });
}

void show(const SensitivityReport& report, Format format) {
  print(format == Format::json  ? sensitivity_json(report)
        : format == Format::csv ? sensitivity_csv(report)
                                : sensitivity_table(report));
  if (format != Format::csv) return;
  for (const std::string& note : report.notes)
    fmt::print(stderr, "merit: {}\n", note);
}

}  // namespace merit
