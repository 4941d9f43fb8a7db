// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/cli/model_data.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/sample_options.hpp"
#include "engine/report/draw_rows.hpp"

namespace merit {

/// The posterior that `merit sample` would draw with these options, in this thread and in
/// memory: `rows`, which are the fit's, get its means, sds, equal-tailed intervals and
/// diagnostics. The draws are, to the bit, those of that command.
/// @throws UsageError, DataError for priors that do not fit the model
DrawRemarks summarize_posterior(const SampleCommand& command,
                                const ModelData& data,
                                const FittedModel& fit,
                                std::vector<TidyRow>& rows);

}  // namespace merit
