// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/cli/inference_options.hpp"
#include "engine/cli/model_options.hpp"
#include "engine/cli/run_settings.hpp"
#include "engine/study/conclusions.hpp"
#include "engine/study/sensitivity.hpp"

namespace merit {

/// What all fits of a sensitivity analysis share.
struct SensitivityJob {
  SensitivityStudy study;
  /// From here; several if each is an imputation. What was found in each: io/snapshot.hpp.
  std::vector<std::string> snapshots, examined;
  ColumnLevels imputations;  ///< of the rows of one snapshot
  InferenceOptions inference;
  RunSettings run;
  std::vector<std::string> notes = {};  ///< on the data, for the report
};

/// How many data sets every analysis has.
std::size_t num_imputations(const SensitivityJob& job);

/// The options with which `merit fit` would make the fit.
ModelOptions options_of(const SensitivityJob& job,
                        const ModelSettings& model,
                        std::size_t imputation = 0);

/// What has been found in the snapshot that an imputation is read from.
const std::string& examined_for(const SensitivityJob& job, std::size_t imputation);

/// One fit, in this thread. A fit that the data refuse is a result too, unless it is the base.
/// @throws DataError of the base; IoError
AnalysisResult make_analysis(const SensitivityJob& job,
                             const Analysis& analysis,
                             std::size_t imputation);

}  // namespace merit
