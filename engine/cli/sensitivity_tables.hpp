// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/study/conclusions.hpp"
#include "engine/study/sensitivity.hpp"
#include "io/stored_table.hpp"

/// A sensitivity analysis as tables of a result file, and back.
namespace merit {

/// The fits that are bootstrapped: those that there are and that converged; no posteriors.
std::vector<std::size_t> bootstrapped(const std::vector<Analysis>& analyses,
                                      const std::vector<AnalysisResult>& results);

/// The coefficients that some of these fits have, in the order in which they come.
std::vector<std::string> coefficients_of(const std::vector<AnalysisResult>& results,
                                         const std::vector<std::size_t>& numbers);

/// All settings of a model, in one line.
std::string settings_text(const ModelSettings& model);

/// Tables `analyses`, `estimates`, `covariances`, `groups` and `notes` (io/FORMAT.md).
/// @param replicates  of each fit that is bootstrapped; 0: none
std::vector<StoredTable> tables_of(const std::vector<Analysis>& analyses,
                                   const std::vector<AnalysisResult>& results,
                                   const std::vector<std::string>& notes,
                                   std::int64_t replicates);

/// @throws IoError if they are damaged
std::vector<Analysis> read_analyses(const std::vector<StoredTable>& tables);
std::vector<AnalysisResult> read_results(const std::vector<StoredTable>& tables);

/// Where the replicates of each fit begin, −1 for none. @throws IoError
const std::vector<std::int64_t>& first_replicates(const std::vector<StoredTable>& tables);

}  // namespace merit
