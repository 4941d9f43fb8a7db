// SPDX-License-Identifier: MIT
#pragma once

#include "engine/cli/results.hpp"

namespace merit {

/// Whether a bootstrap's replicates are likelihood ratios of `--null`.
bool compares_models(const ResultFile& file);

/// The fit, and its test against the null model by χ², by the replicates, and by what their first
/// two moments say (engine/resample/null_bootstrap.hpp).
Report null_report(const ResultFile& file, const ReportOptions& options);

}  // namespace merit
