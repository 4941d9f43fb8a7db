// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "engine/cli/column_levels.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/inference.hpp"
#include "engine/cli/input_text.hpp"
#include "engine/cli/layout_lines.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/progress_display.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/model/formula.hpp"
#include "engine/model/text.hpp"
#include "engine/report/sensitivity_report.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/task_runner.hpp"
#include "engine/study/imputations.hpp"
#include "engine/study/influence.hpp"
#include "engine/study/problems.hpp"
#include "engine/study/sensitivity_file.hpp"
#include "io/snapshot.hpp"

namespace merit {
namespace {

/// What all fits of a job share.
struct Job {
  SensitivityStudy study;
  /// From here; several if each is an imputation. What was found in each: io/snapshot.hpp.
  std::vector<std::string> snapshots, examined;
  ColumnLevels imputations;  ///< of the rows of one snapshot
  InferenceOptions inference;
  RunSettings run;
};

std::optional<std::string> given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

bool is_text(const Table& table, const std::string& column) {
  for (const ColumnInfo& info : table.columns()) {
    if (info.name == column) return info.kind == ColumnKind::categorical;
  }
  return false;
}

std::vector<std::string> snapshots_of(const SensitivityStudy& study) {
  if (study.imputations && !study.imputations->snapshots.empty())
    return study.imputations->snapshots;
  return {study.snapshot};
}

/// How many data sets every analysis has.
std::size_t num_imputations(const Job& job) {
  return std::max(job.snapshots.size(), job.imputations.levels.size());
}

/// The snapshot of an imputation.
std::size_t snapshot_of(const Job& job, std::size_t imputation) {
  return job.snapshots.size() == 1 ? 0 : imputation;
}

ModelOptions options_of(const Job& job,
                        const ModelSettings& model,
                        std::size_t imputation = 0) {
  ModelOptions options;
  options.snapshot = job.snapshots[snapshot_of(job, imputation)];
  options.formula = model.formula;
  const ModelSettings settings =
      in_imputation(job.study, job.imputations, imputation, model);
  options.where = given(settings.where);
  options.offset = given(settings.offset);
  options.trials = given(settings.trials);
  options.family = settings.family;
  options.link = settings.link;
  options.method = settings.method;
  options.nagq = settings.nagq;
  return options;
}

/// Everything that can be said of a fit's options without the data.
void validate(const Job& job, const ModelSettings& settings) {
  const ModelOptions options = options_of(job, settings);
  validate(options);
  validate(job.inference, options);
  parse_formula(settings.formula);
  if (!settings.where.empty()) parse_expression({"where", settings.where});
}

/// @throws UsageError if a term whose conclusions are to be followed is no coefficient
void check_terms(const std::string& file,
                 const SensitivityStudy& study,
                 const std::vector<std::string>& coefficients) {
  Problems problems;
  for (const std::string& term : study.terms) {
    if (std::find(coefficients.begin(), coefficients.end(), term) == coefficients.end())
      problems.add(0,
                   fmt::format("terms: the base has no coefficient '{}'{}",
                               term,
                               did_you_mean(term, coefficients)));
  }
  problems.throw_if_any(file);
}

/// All that is wrong, each thing once, with the fits that have it.
void validate(const Job& job, const std::string& file, const std::vector<Analysis>& all) {
  std::map<std::string, std::vector<std::string>> wrong;  // and where
  for (const Analysis& analysis : all) {
    try {
      validate(job, analysis.model);
    } catch (const UsageError& error) {
      wrong[error.what()].push_back(analysis.label());
    }
  }
  Problems problems;
  for (const auto& [what, labels] : wrong)
    problems.add(0, fmt::format("{}: {}", labels_text(labels), what));
  problems.throw_if_any(file);
}

double value_or_nan(const std::optional<double>& value) {
  return value.value_or(AnalysisTerm::kNone);
}

/// That each coefficient of the base is the same in all waves, as --contrast takes it.
std::vector<std::string> equality_contrasts(const Analysis& analysis,
                                            const std::vector<std::string>& terms) {
  std::vector<std::string> out;
  std::string before;
  for (const std::string& term : terms) {
    const std::size_t at = term.rfind(":" + analysis.factor);
    if (analysis.factor.empty() || at == std::string::npos) continue;
    const std::string coefficient = term.substr(0, at);
    if (out.empty() || coefficient != before) {
      out.emplace_back();
      before = coefficient;
    } else {
      out.back() += ", ";
    }
    out.back() += fmt::format("`{}` = 0", term);
  }
  return out;
}

AnalysisTerm term_of(const TidyRow& row) {
  return {.effect = row.effect,
          .term = row.term,
          .estimate = value_or_nan(row.estimate),
          .std_error = value_or_nan(row.std_error),
          .statistic = value_or_nan(row.statistic),
          .df = value_or_nan(row.df),
          .p_value = value_or_nan(row.p_value),
          .conf_low = value_or_nan(row.conf_low),
          .conf_high = value_or_nan(row.conf_high)};
}

/// A test that some coefficients of waves are 0, under the name of what they belong to.
AnalysisTerm equality_of(const Analysis& analysis, const TestResult& test) {
  const std::string& text = test.hypothesis;
  return {.effect = "equality",
          .term = text.substr(1, text.find(":" + analysis.factor) - 1),
          .statistic = test.statistic,
          .df = value_or_nan(test.den_df),
          .p_value = test.p_value};
}

AnalysisResult result_of(const Job& job,
                         const Analysis& analysis,
                         std::size_t imputation) {
  const ModelOptions options = options_of(job, analysis.model, imputation);
  RunSettings run = job.run;
  run.threads = 1;  // of this fit; others are made beside it
  const ModelData data = read_model_data(Communicator::single(),
                                         options,
                                         run,
                                         needs(job.inference),
                                         &job.examined[snapshot_of(job, imputation)]);
  const FittedModel fit = fit_model(options, data, run.simd_level());
  StoredFit stored = stored_fit(data, fit);
  InferenceOptions inference = job.inference;
  inference.contrasts = equality_contrasts(analysis, data.terms);
  add_inference(inference, run, data, fit, stored);
  const Report report =
      fit_report("fit", stored, describe_job(options, data), {}, {.level = run.level});
  AnalysisResult result;
  result.message = report.glance.message;
  result.num_obs = report.glance.num_obs;
  result.num_groups = report.glance.num_groups;
  result.converged = report.glance.converged;
  result.boundary = report.glance.boundary;
  result.log_likelihood = report.glance.log_likelihood;
  for (const TidyRow& row : report.tidy) {
    if (row.effect != "contrast") result.terms.push_back(term_of(row));
  }
  for (const TestResult& test : report.tests) {
    if (test.kind == "contrast") result.terms.push_back(equality_of(analysis, test));
  }
  result.vcov = report.vcov.matrix;
  if (analysis.kind == "wave") result.groups = data.group_level;
  return result;
}

/// A fit that the data refuse is a result too, unless it is the base.
AnalysisResult result_or_failure(const Job& job,
                                 const Analysis& analysis,
                                 std::size_t imputation) {
  try {
    return result_of(job, analysis, imputation);
  } catch (const DataError& error) {
    if (analysis.kind == "base") throw;
    AnalysisResult failed;
    failed.failure = error.what();
    return failed;
  }
}

/// Reads what of the data decides which fits there are. *Collective*
std::vector<Analysis> plan(const Communicator& comm,
                           const SensitivityCommand& command,
                           Job& job) {
  for (const std::string& snapshot : job.snapshots) {
    std::string examined;
    root_or_none(comm, [&] { examined = examine_snapshot(snapshot); });
    job.examined.push_back(comm.broadcast_text(examined));
  }
  const SensitivityStudy& study = job.study;
  const auto table = all_or_none(comm, [&] {
    return open_examined_snapshot(job.snapshots.front(), "/data", job.examined.front());
  });
  ColumnLevels waves;
  all_or_none(comm, [&] {
    if (study.imputations && !study.imputations->column.empty())
      job.imputations = levels_of(*table, study.imputations->column);
    if (study.waves) waves = levels_of(*table, study.waves->column);
    validate(job, command.study, {Analysis{"base", {}, study.base}});
  });
  const ModelData base = read_model_data(
      comm, options_of(job, study.base), job.run, {}, &job.examined.front());
  return all_or_none(comm, [&] {
    check_terms(command.study, study, base.terms);
    const ColumnLevels groups{.is_text = is_text(*table, base.group),
                              .levels = base.group_level};
    std::vector<Analysis> all =
        analyses_of(study, base.group, groups, waves, command.max_tasks);
    validate(job, command.study, all);
    return all;
  });
}

/// On rank 0 all results, in the order of the analyses. *Collective*
std::vector<AnalysisResult> run_all(const Communicator& comm,
                                    const Job& job,
                                    const std::vector<Analysis>& analyses) {
  ProgressDisplay display(comm.is_root() ? job.run.progress : ProgressMode::none, "fits");
  const std::size_t m = num_imputations(job);
  std::vector<AnalysisResult> fits(m * analyses.size());
  RunOptions options{.threads = job.run.num_threads()};
  options.progress = [&](const Progress& progress) { display.show(progress); };
  const Work work = [&](int, std::int64_t first, std::int64_t) {
    const auto task = static_cast<std::size_t>(first);
    return pack(result_or_failure(job, analyses[task / m], task % m));
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

void show(const SensitivityReport& report, Format format) {
  switch (format) {
    case Format::json:
      return print(sensitivity_json(report));
    case Format::csv:
      return print(sensitivity_csv(report));
    case Format::table:
      break;
  }
  print(sensitivity_table(report));
}

}  // namespace

ExitCode run(const CommandContext& context, const SensitivityCommand& command) {
  const Communicator& comm = context.comm;
  validate(command);
  const std::string text = read_text(comm, command.study, "a study file (TOML)");
  Job job{.study = read_sensitivity(text, command.study),
          .snapshots = {},
          .examined = {},
          .imputations = {},
          .inference = {},
          .run = command.run};
  // A path in the file is from where the file lies.
  const std::filesystem::path place = std::filesystem::path(command.study).parent_path();
  for (const std::string& snapshot : snapshots_of(job.study))
    job.snapshots.push_back((place / snapshot).string());
  job.inference.df = job.study.df;
  const RunRecord record(comm, context.arguments, command.study, command.run);
  const std::vector<Analysis> analyses = plan(comm, command, job);
  if (command.run.dry_run) {
    root_or_none(comm, [&] {
      std::string list =
          fmt::format("{} fits; nothing done\n", with_separators(std::ssize(analyses)));
      for (const Analysis& analysis : analyses)
        list += fmt::format("  {}\n", analysis.label());
      print(list);
    });
    return ExitCode::done;
  }
  const std::vector<AnalysisResult> results = run_all(comm, job, analyses);
  bool fine = true;
  root_or_none(comm, [&] {
    warn_of_layout(record);
    show({.version = program_version().version,
          .file = command.study,
          .level = command.run.level,
          .study = job.study,
          .num_imputations = static_cast<std::int64_t>(num_imputations(job)),
          .analyses = analyses,
          .results = results,
          .provenance = record.all()},
         command.run.format);
    for (const AnalysisResult& result : results)
      fine = fine && result.failure.empty() && result.converged;
  });
  const bool all_fine = comm.broadcast_value(fine);
  return all_fine ? ExitCode::done : ExitCode::needs_a_look;
}

}  // namespace merit
