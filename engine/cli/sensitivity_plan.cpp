// SPDX-License-Identifier: MIT
#include "engine/cli/sensitivity_plan.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "engine/cli/analysis_replicates.hpp"
#include "engine/cli/column_levels.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/model/formula.hpp"
#include "engine/model/text.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"
#include "engine/study/problems.hpp"
#include "io/snapshot.hpp"

namespace merit {
namespace {

bool is_text(const Table& table, const std::string& column) {
  for (const ColumnInfo& info : table.columns()) {
    if (info.name == column) return info.kind == ColumnKind::categorical;
  }
  return false;
}

/// Everything that can be said of a fit's options without the data.
void validate(const SensitivityJob& job, const ModelSettings& settings) {
  const ModelOptions options = options_of(job, settings);
  validate(options);
  validate(job.inference, options);
  if (job.study.bootstrap) bootstrap_of(job, {"base", {}, settings});
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
void validate(const SensitivityJob& job,
              const std::string& file,
              const std::vector<Analysis>& all) {
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

/// On rank 0, which reports.
void note_repeated_persons(Table& table, SensitivityJob& job) {
  const std::optional<WaveChecks>& waves = job.study.waves;
  if (!waves || waves->person.empty()) return;
  const std::int64_t repeated = num_in_several(table, waves->person, waves->column);
  if (repeated == 0) return;
  job.notes.push_back(fmt::format(
      "{} persons ({}) are in more than one {}: fits of pooled waves take their "
      "rows for those of different persons",
      with_separators(repeated),
      waves->person,
      waves->column));
}

}  // namespace

std::vector<Analysis> plan_analyses(const Communicator& comm,
                                    const SensitivityCommand& command,
                                    SensitivityJob& job) {
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
  root_or_none(comm, [&] { note_repeated_persons(*table, job); });
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

}  // namespace merit
