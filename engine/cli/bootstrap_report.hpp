// SPDX-License-Identifier: MIT
#pragma once

#include "engine/cli/results.hpp"
#include "engine/report/bootstrap_rows.hpp"

namespace merit {

/// What a table of a job's replicates asks of them.
/// @param plan  which standard errors of replicates are kept
/// @param studentised  quantities that are among them
/// @throws UsageError if the job has not kept what an interval needs, or a quantity cannot be
///         read or is undefined at the estimates
SummaryRequest summary_request(const StoredFit& fit,
                               const ReplicatePlan& plan,
                               const std::vector<StudentisedQuantity>& studentised,
                               const TableOptions& tables,
                               double level);

/// A report of a bootstrap: the replicates' intervals instead of the fit's own; of `--null` the
/// tests by its replicates (null_report.hpp).
/// @param known  of all replicates in the file, if somebody has kept them
/// @throws UsageError as summary_request
Report bootstrap_report(const ResultFile& file,
                        const TableOptions& tables,
                        const ReportOptions& options,
                        const ReplicateSummaries* known = nullptr);

}  // namespace merit
