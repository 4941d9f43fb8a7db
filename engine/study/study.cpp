// SPDX-License-Identifier: MIT
#include "engine/study/study.hpp"

#include <algorithm>
#include <limits>

#include "engine/inference/wald.hpp"

namespace merit {

std::string_view name(StudyDf df) {
  switch (df) {
    case StudyDf::normal:
      return name(DfMethod::normal);
    case StudyDf::between_within:
      return name(DfMethod::between_within);
    case StudyDf::satterthwaite:
      return name(DfMethod::satterthwaite);
    case StudyDf::kenward_roger:
      return name(DfMethod::kenward_roger);
    case StudyDf::cr0:
      return name(VcovMethod::cr0);
    case StudyDf::cr1:
      return name(VcovMethod::cr1);
    case StudyDf::cr2:
      return name(VcovMethod::cr2);
    case StudyDf::cr3:
      return name(VcovMethod::cr3);
  }
  return {};
}

bool is_estimated(StudyDf df) {
  return df != StudyDf::normal && df != StudyDf::between_within;
}

bool is_cluster_robust(StudyDf df) {
  return df == StudyDf::cr0 || df == StudyDf::cr1 || df == StudyDf::cr2 ||
         df == StudyDf::cr3;
}

bool Study::between_groups(const StudyTerm& term) const {
  return std::all_of(
      term.covariates.begin(), term.covariates.end(), [this](std::size_t covariate) {
        return covariates[covariate].level == CovariateLevel::group;
      });
}

bool has_residual_sd(const StudyEstimator& estimator) {
  if (estimator.is_external()) return true;
  const bool quasi = estimator.method == "pql" || estimator.method == "mql";
  return quasi ? estimator.free_scale
               : estimator.method == "reml" || estimator.method == "ml" ||
                     estimator.method == "pooled";
}

bool gives(const Study& study,
           const StudyEstimator& estimator,
           const std::string& estimand) {
  if (estimand == kSdIntercept || estimand == kVarIntercept)
    return estimator.method != "pooled";
  // Of a binary response a residual sd is a device of the working model: it has no truth.
  if (estimand == kSdObservation)
    return study.is_gaussian() && has_residual_sd(estimator);
  return std::any_of(estimator.terms.begin(), estimator.terms.end(), [&](std::size_t t) {
    return study.terms[t].name == estimand;
  });
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
  if (df == StudyDf::normal) return std::numeric_limits<double>::infinity();
  const auto num_between = std::count_if(
      estimator.terms.begin(), estimator.terms.end(), [&study](std::size_t t) {
        return study.between_groups(study.terms[t]);
      });
  if (study.between_groups(study.terms[term]))
    return static_cast<double>(num_groups - num_between);
  const auto num_within = static_cast<std::int64_t>(estimator.terms.size()) - num_between;
  return static_cast<double>(num_obs - num_groups - num_within);
}

}  // namespace merit
