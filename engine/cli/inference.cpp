// SPDX-License-Identifier: MIT
#include "engine/cli/inference.hpp"

#include <limits>
#include <memory>
#include <utility>

#include "engine/inference/cluster_robust.hpp"
#include "engine/inference/contrast.hpp"
#include "engine/inference/fixed_df.hpp"
#include "engine/inference/kenward_roger.hpp"
#include "engine/inference/satterthwaite.hpp"

namespace merit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Between-within df of all coefficients: thresholds are intercepts; negative binomial's theta
/// is no coefficient of X and keeps the normal distribution.
Eigen::VectorXd between_within_terms(const ModelData& data, Eigen::Index num_terms) {
  const Eigen::VectorXd columns = between_within_df(data.stats);
  const bool negbinomial = data.glmm != nullptr && data.terms.back() == "theta" &&
                           num_terms == columns.size() + 1 &&
                           !data.glmm->family.has_thresholds();
  const Eigen::Index own = negbinomial ? 1 : 0;
  const Eigen::Index thresholds = num_terms - own - columns.size();
  Eigen::VectorXd df(num_terms);
  df.head(thresholds).setConstant(columns[0]);
  df.segment(thresholds, columns.size()) = columns;
  df.tail(own).setConstant(kInfinity);
  return df;
}

Eigen::VectorXd fixed_dfs(DfMethod method, const ModelData& data, const FitResult& fit) {
  const Eigen::Index p = fit.beta.size();
  switch (method) {
    case DfMethod::residual:
      return Eigen::VectorXd::Constant(
          p, static_cast<double>(data.counts.rows_used) - static_cast<double>(p));
    case DfMethod::between_within:
      return between_within_terms(data, p);
    default:
      return Eigen::VectorXd::Constant(p, kInfinity);
  }
}

std::unique_ptr<WaldMethod> wald_method(const InferenceOptions& inference,
                                        const ModelData& data,
                                        const FitResult& fit) {
  const DfMethod df = inference.df_method();
  if (df == DfMethod::kenward_roger) return kenward_roger(data.stats, fit);
  if (inference.is_robust()) {
    auto robust = cluster_robust(data.stats, fit, inference.vcov);
    if (df == DfMethod::satterthwaite) return robust;
    return fixed_df(fit.beta, robust->vcov(), fixed_dfs(df, data, fit));
  }
  if (df == DfMethod::satterthwaite) return satterthwaite(data.stats, fit);
  return fixed_df(fit.beta, fit.vcov, fixed_dfs(df, data, fit));
}

}  // namespace

ModelNeeds needs(const InferenceOptions& inference) {
  return {.within =
              inference.is_robust() ? WithinDetail::per_group : WithinDetail::pooled};
}

void add_inference(const InferenceOptions& inference,
                   const ModelData& data,
                   const FitResult& fit,
                   StoredFit& stored) {
  const std::unique_ptr<WaldMethod> method = wald_method(inference, data, fit);
  const DfMethod df = inference.df_method();
  stored.inference = coefficient_inference(*method, df, inference.vcov);
  for (const std::string& text : inference.contrasts) {
    stored.tests.push_back(test_contrast(
        *method, parse_hypothesis(text, data.terms), fit.beta, df, inference.vcov));
  }
}

}  // namespace merit
