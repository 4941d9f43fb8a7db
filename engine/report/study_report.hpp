// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/attributes.hpp"
#include "engine/study/performance.hpp"
#include "engine/study/study.hpp"

namespace merit {

/// What a simulation study has found.
struct StudyReport {
  std::string version;  ///< of merit
  std::string file;     ///< the study's
  double level = 0.95;
  Study study;
  std::vector<Performance> performance;
  std::vector<std::string> notes;  ///< sentences that a reader should not miss
  Attributes provenance;
};

/// One object: study, performance (a row per cell, estimator, interval and estimand),
/// provenance.
std::string study_json(const StudyReport& report);
/// The performance rows: cell (from 1), a column per factor, estimator, df, term, truth, nsim,
/// counts of failed repetitions by reason (no_interval: an estimate, of the nsim, without an
/// interval of the row's kind), measures and behind each its Monte-Carlo standard error: "bias",
/// "bias_mcse", ….
std::string study_csv(const StudyReport& report);
std::string study_table(const StudyReport& report);

}  // namespace merit
