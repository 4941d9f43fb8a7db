// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/cli/run_settings.hpp"
#include "engine/report/study_report.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/study/study.hpp"
#include "io/result_store.hpp"

namespace merit {

/// Everything that a study's rows depend on.
JobDescription describe_job(const Study& study, const ReplicatePlan& plan);

/// The report of a result file, finished or not: the study is read from it again.
/// @throws IoError if its study and its rows do not belong together
StudyReport study_report(const ResultFile& file, double level);

/// To stdout; notes that CSV has no place for to stderr. @throws IoError
void show(const StudyReport& report, Format format);

}  // namespace merit
