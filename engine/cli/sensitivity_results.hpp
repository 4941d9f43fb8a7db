// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/cli/analysis_fit.hpp"
#include "engine/report/sensitivity_report.hpp"
#include "io/result_store.hpp"

/// Sensitivity analyses in result files: their fits as tables, the fits' replicates as rows.
namespace merit {

/// Everything that the fits and replicates depend on. @param plan  null: no replicates
JobDescription describe_job(const SensitivityJob& job,
                            const std::vector<Analysis>& analyses,
                            const std::vector<AnalysisResult>& results,
                            const ReplicatePlan* plan);

/// The report of a result file, finished or not. @throws IoError if it is damaged
SensitivityReport sensitivity_report(const ResultFile& file);

/// To stdout; notes that CSV has no place for to stderr. @throws IoError
void show(const SensitivityReport& report, Format format);

/// Whether all fits are there and converged, and at most 1% of any fit's replicates failed.
bool is_fine(const SensitivityReport& report);

}  // namespace merit
