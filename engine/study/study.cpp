// SPDX-License-Identifier: MIT
#include "engine/study/study.hpp"

#include <algorithm>
#include <limits>

namespace merit {

bool Study::keeps_intervals() const {
  return std::any_of(
      estimators.begin(), estimators.end(), [](const StudyEstimator& estimator) {
        return std::any_of(estimator.df.begin(), estimator.df.end(), keeps_interval);
      });
}

bool Study::between_groups(const StudyTerm& term) const {
  if (term.kind == TermKind::theta) return false;
  return std::all_of(
      term.covariates.begin(), term.covariates.end(), [this](std::size_t covariate) {
        return covariates[covariate].level == CovariateLevel::group;
      });
}

std::int64_t Study::num_between(const StudyEstimator& estimator) const {
  std::int64_t count = 0;
  for (const std::size_t t : estimator.terms) {
    const bool again = terms[t].kind == TermKind::threshold && t > 0;
    count += between_groups(terms[t]) && !again ? 1 : 0;
  }
  return count;
}

int Study::num_thresholds() const {
  return static_cast<int>(
      std::count_if(terms.begin(), terms.end(), [](const StudyTerm& term) {
        return term.kind == TermKind::threshold;
      }));
}

bool has_residual_sd(const StudyEstimator& estimator) {
  if (estimator.is_external()) return true;
  if (estimator.is_quasi()) return estimator.free_scale;
  return estimator.method != "agq" && estimator.method != "laplace";
}

std::vector<std::string> not_estimable(const Study& study,
                                       const StudyEstimator& estimator) {
  std::vector<std::string> out;
  if (!estimator.has_dummies()) return out;
  for (const std::size_t t : estimator.terms) {
    if (study.between_groups(study.terms[t])) out.push_back(study.terms[t].name);
  }
  return out;
}

bool gives(const Study& study,
           const StudyEstimator& estimator,
           const std::string& estimand) {
  if (estimand == kSdIntercept || estimand == kVarIntercept)
    return estimator.method != "pooled" && !estimator.has_dummies();
  // Of a binary response a residual sd is a device of the working model: it has no truth.
  if (estimand == kSdObservation)
    return study.is_gaussian() && has_residual_sd(estimator);
  return std::any_of(estimator.terms.begin(), estimator.terms.end(), [&](std::size_t t) {
    const StudyTerm& term = study.terms[t];
    return term.name == estimand &&
           !(estimator.has_dummies() && study.between_groups(term));
  });
}

bool is_spread(const std::string& estimand) {
  return estimand == kSdIntercept || estimand == kVarIntercept ||
         estimand == kSdObservation;
}

std::vector<StudyDf> ways_to(const StudyEstimator& estimator,
                             const std::string& estimand) {
  std::vector<StudyDf> out = estimator.df;
  if (!is_spread(estimand)) return out;
  std::erase_if(out, [&](StudyDf way) {
    return !keeps_interval(way) || (estimand == kVarIntercept && !respects_squares(way));
  });
  return out;
}

double truth(const Study& study, const StudyCell& cell, const std::string& estimand) {
  if (estimand == kSdIntercept) return cell.tau;
  if (estimand == kVarIntercept) return cell.tau * cell.tau;
  if (estimand == kSdObservation) return cell.sigma;
  for (std::size_t t = 0; t < study.terms.size(); ++t) {
    if (study.terms[t].name == estimand) return cell.beta[t];
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double degrees_of_freedom(const Study& study,
                          const StudyEstimator& estimator,
                          StudyDf df,
                          std::size_t term,
                          std::int64_t num_groups,
                          std::int64_t num_obs) {
  if (df == StudyDf::normal || study.terms[term].kind == TermKind::theta)
    return std::numeric_limits<double>::infinity();
  const std::int64_t num_between = study.num_between(estimator);
  if (study.between_groups(study.terms[term]))
    return static_cast<double>(num_groups - num_between);
  const auto num_within = std::count_if(
      estimator.terms.begin(), estimator.terms.end(), [&study](std::size_t t) {
        return study.terms[t].has_column() && !study.between_groups(study.terms[t]);
      });
  return static_cast<double>(num_obs - num_groups - num_within);
}

}  // namespace merit
