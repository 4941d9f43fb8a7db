// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/posterior/predictive_check.hpp"
#include "engine/report/text_table.hpp"

namespace merit {

/// A line for each statistic (and prior).
TextTable ppc_table(const std::vector<PredictiveChecks>& ppc);

/// A line for each group (and prior). @param group  the grouping column
TextTable ppc_group_table(const std::vector<PredictiveChecks>& ppc,
                          const std::string& group);

/// Sentences on what the model hardly ever produces.
void append_ppc_notes(const std::vector<PredictiveChecks>& ppc,
                      std::vector<std::string>& notes);

}  // namespace merit
