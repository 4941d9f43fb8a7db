// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/resample/intervals.hpp"

namespace CLI {
class App;
}

namespace merit {

/// What is shown of a job's replicates.
struct TableOptions {
  std::vector<IntervalType> intervals = {IntervalType::perc};
  std::vector<std::string> quantities = {};
};

/// --intervals, --quantity
void add_tables(CLI::App& app, TableOptions& tables);

/// @throws UsageError if other tables than the usual ones are asked for, of replicates that are no
///         estimates
void refuse_tables(const TableOptions& tables, const std::string& why);

}  // namespace merit
