// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Dense>

#include "engine/bytes.hpp"
#include "engine/study/sensitivity.hpp"

/// What the fits of a sensitivity analysis say, and where they say something else than the base.
namespace merit {

/// One parameter of one fit; NaN: does not apply.
struct AnalysisTerm {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  /// "fixed", "ran_pars"; "equality": that a coefficient is the same in all waves
  std::string effect;
  std::string term;
  /// Of the interval: "wald"; "perc", … of replicates; "eti" of draws; or none.
  std::string conf_type = {};
  double estimate = kNone, std_error = kNone, statistic = kNone, df = kNone;
  double p_value = kNone;
  double conf_low = kNone, conf_high = kNone;
  double fmi = kNone;      ///< fraction of missing information, of imputations
  double dfbetas = kNone;  ///< without groups: study/influence.hpp
  /// "equality": the coefficients that are tested, all of them, to be 0. Not stored.
  std::vector<std::string> tested = {};
};

/// One fit, or why there is none.
struct AnalysisResult {
  std::string failure;  ///< empty: there is a fit
  std::string message;  ///< what a reader of the fit should know
  std::int64_t num_obs = 0, num_groups = 0;
  bool converged = false, boundary = false;
  double log_likelihood = AnalysisTerm::kNone;
  std::vector<AnalysisTerm> terms;
  Eigen::MatrixXd vcov;                         ///< of the fixed terms, in their order
  double cooks_distance = AnalysisTerm::kNone;  ///< study/influence.hpp
  std::vector<std::string> groups;              ///< those that it has; of waves alone
  std::string digest;                           ///< of the data that it was made of
  std::int64_t replicates = 0, failed = 0;      ///< after a bootstrap

  /// The coefficient or sd: with the interval of its replicates, if there is one.
  const AnalysisTerm* find(const std::string& term) const;
  /// With the interval of this type.
  const AnalysisTerm* find(const std::string& term, const std::string& conf_type) const;
};

Bytes pack(const AnalysisResult& result);
AnalysisResult unpack_analysis(std::span<const std::byte> bytes);

/// A row of replicates or draws: their interval stands for the test.
bool of_replicates(const AnalysisTerm& term);

/// What a test at level 1 − conf_level says of a coefficient; of replicates, on which side of
/// 0 the interval lies.
enum class Decision { negative, none, positive, unknown };
std::string_view name(Decision decision);

/// @param level  of the confidence interval: 0.95 tests at 5%
Decision decision_of(const AnalysisTerm& term, double level);

/// Of one term: what the base says, and which fits that have the term say otherwise.
struct Conclusion {
  std::string term;
  Decision base = Decision::unknown;
  std::int64_t num_fits = 0;             ///< with the term, besides the base
  std::vector<std::size_t> others = {};  ///< analyses whose decision differs
  double lowest = AnalysisTerm::kNone, highest = AnalysisTerm::kNone;  ///< estimates
};

/// Of the study's terms; of all coefficients but the intercept if it names none. Where waves
/// interact, a coefficient is that of the first wave alone: that fit does not count here.
/// @param results  as many as analyses, the base first
std::vector<Conclusion> conclusions_of(const SensitivityStudy& study,
                                       std::span<const Analysis> analyses,
                                       std::span<const AnalysisResult> results,
                                       double level);

/// Groups that some waves have and others lack, with the waves that have them.
struct PartialGroup {
  std::string group;
  std::vector<std::string> waves;
};
std::vector<PartialGroup> partial_groups(std::span<const Analysis> analyses,
                                         std::span<const AnalysisResult> results);

}  // namespace merit
