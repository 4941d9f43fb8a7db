// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cli/run_settings.hpp"
#include "engine/report/study_report.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/resample/stopping_rule.hpp"
#include "engine/study/precision.hpp"
#include "engine/study/study.hpp"
#include "io/result_store.hpp"

namespace merit {

/// Everything that a study's rows and their number depend on.
/// @param until  Monte-Carlo errors that end it, or empty; these are looked at with `level`
JobDescription describe_job(const Study& study,
                            const ReplicatePlan& plan,
                            const std::vector<WantedError>& until,
                            double level);

/// When a study with such errors ends, in repetitions.
StoppingRule stopping_rule(const Study& study, const ReplicatePlan& plan);

/// The report of a result file, finished or not: the study is read from it again, with the
/// repetitions that it has come to.
/// @param level  of the intervals; none: that of those in the file, or 0.95
/// @throws IoError if its study and its rows do not belong together, UsageError if its rows keep
///         intervals of another level
StudyReport study_report(const ResultFile& file, std::optional<double> level);

/// What a reader should know of a study besides its table: rows of snapshots that are left out,
/// terms that an estimator cannot have. A sentence each.
std::vector<std::string> study_notes(const Study& study);

/// Whether the errors that were asked for are reached, with a note of it.
bool is_exact_enough(const std::vector<WantedError>& until, StudyReport& report);

/// To stdout; notes that CSV has no place for to stderr. @throws IoError
void show(const StudyReport& report, Format format);

}  // namespace merit
