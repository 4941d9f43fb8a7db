// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/cli/results.hpp"
#include "engine/report/report.hpp"
#include "io/result_store.hpp"

namespace merit {

/// Draws of each chain that its convergence can be told from.
inline constexpr std::int64_t kFewestDraws = 4;

/// A report of the draws in a file, finished or not. @param options  `ranef`: the group
/// intercepts as well, if their draws are stored
/// @throws UsageError if there are fewer than kFewestDraws of each chain
Report draw_report(const ResultFile& file, const ReportOptions& options);

}  // namespace merit
