// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/attributes.hpp"
#include "engine/study/conclusions.hpp"
#include "engine/study/sensitivity.hpp"

namespace merit {

/// What a sensitivity analysis has found.
struct SensitivityReport {
  std::string version;  ///< of merit
  std::string file;     ///< the study's
  double level = 0.95;
  SensitivityStudy study;
  std::int64_t num_imputations = 1;  ///< of every fit
  std::vector<Analysis> analyses;
  std::vector<AnalysisResult> results;  ///< as many
  std::vector<std::string> notes = {};
  Attributes provenance;
};

/// One object: study, conclusions, analyses (each with its model, tidy rows and glance),
/// provenance.
std::string sensitivity_json(const SensitivityReport& report);

/// A row per analysis and parameter, and one for an analysis without a fit: analysis (from 1),
/// kind, label, a column per thing that is changed, effect, term, estimate, std.error, df, p.value,
/// conf.low, conf.high, conf.type (wald; perc, … of replicates), fmi, dfbetas, decision (negative, none, positive, at 1 − level), differs (from the
/// base), nobs, ngroups, converged, boundary, logLik, cooks.distance, replicates, failed, message.
std::string sensitivity_csv(const SensitivityReport& report);

/// The conclusions in sentences, and a table of the fits for each term that is followed.
std::string sensitivity_table(const SensitivityReport& report);

}  // namespace merit
