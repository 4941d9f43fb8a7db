// SPDX-License-Identifier: MIT
#pragma once

#include "engine/cli/results.hpp"
#include "engine/report/report.hpp"
#include "io/result_store.hpp"

namespace merit {

/// A report of the draws in a file, finished or not. @param options  `ranef`: the group
/// intercepts as well, if their draws are stored
/// @throws UsageError if there are fewer than four draws of each chain
Report draw_report(const ResultFile& file, const ReportOptions& options);

}  // namespace merit
