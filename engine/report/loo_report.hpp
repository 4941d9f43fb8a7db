// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/posterior/leave_one_out.hpp"
#include "engine/report/text_table.hpp"

namespace merit {

/// Two lines for each kind of unit (and prior): PSIS-LOO with counts of Pareto k, and WAIC.
TextTable loo_table(const std::vector<LeaveOneOut>& loo);

/// Units that cannot be relied upon, and what to do about them.
void append_loo_notes(const std::vector<LeaveOneOut>& loo,
                      std::vector<std::string>& notes);

}  // namespace merit
