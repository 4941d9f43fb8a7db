// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "engine/cli/results.hpp"
#include "engine/report/bootstrap_rows.hpp"

namespace merit {

/// What a table of a job's replicates asks of them.
/// @throws UsageError if the job has not kept what an interval needs
SummaryRequest summary_request(const StoredFit& fit,
                               std::span<const IntervalType> types,
                               double level);

/// A report of a bootstrap: the replicates' intervals instead of the fit's own.
/// @param known  of all replicates in the file, if somebody has kept them
/// @throws UsageError as summary_request
Report bootstrap_report(const ResultFile& file,
                        std::span<const IntervalType> intervals,
                        const ReportOptions& options,
                        const ReplicateSummaries* known = nullptr);

}  // namespace merit
