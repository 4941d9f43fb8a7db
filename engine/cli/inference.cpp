// SPDX-License-Identifier: MIT
#include "engine/cli/inference.hpp"

#include <atomic>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/inference/cluster_robust.hpp"
#include "engine/inference/contrast.hpp"
#include "engine/inference/fixed_df.hpp"
#include "engine/inference/gaussian_profile.hpp"
#include "engine/inference/glmm_profile.hpp"
#include "engine/inference/kenward_roger.hpp"
#include "engine/inference/satterthwaite.hpp"
#include "engine/inference/tau_test.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/block_loop.hpp"

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

constexpr std::int64_t kTauDraws = 1'000'000;

/// (1 + draws that are no lower) / (1 + draws)
double exact_p_value(const ModelData& data,
                     const FitResult& fit,
                     double statistic,
                     const RunSettings& run) {
  if (data.stats.num_groups() > TauDistribution::kMostGroups) {
    throw DataError(
        fmt::format("--tau-test exact: {} groups; it takes up to {}, and beyond "
                    "--tau-test lrt is as good",
                    data.stats.num_groups(),
                    TauDistribution::kMostGroups));
  }
  const TauDistribution distribution(
      data.stats, fit.criterion, run.seed, run.simd_level());
  constexpr std::int64_t kBlock = 4000;
  static_assert(kBlock % 8 == 0 && kTauDraws % kBlock == 0);
  std::atomic<std::int64_t> exceeding = 0;
  for_each_block({0, kTauDraws / kBlock},
                 {.threads = run.num_threads()},
                 [&](std::int64_t block, int) {
                   exceeding +=
                       distribution.count_exceeding(statistic, block * kBlock, kBlock);
                 });
  return static_cast<double>(1 + exceeding) / static_cast<double>(1 + kTauDraws);
}

TestResult test_tau(TauTest kind,
                    const RunSettings& run,
                    const ModelData& data,
                    const FittedModel& fitted) {
  const FitResult& fit = fitted.result;
  const bool gaussian = data.glmm == nullptr;
  TestResult out;
  out.kind = "tau";
  out.hypothesis = "sd__(Intercept) = 0";
  out.statistic_name = gaussian && fit.criterion == Criterion::reml ? "RLRT" : "LRT";
  out.statistic = gaussian ? tau_statistic(data.stats, fit)
                           : drop_without_intercepts(*data.glmm, *fitted.glmm);
  if (kind == TauTest::exact) {
    out.p_value = exact_p_value(data, fit, out.statistic, run);
    out.method = "exact distribution, " + with_separators(kTauDraws) + " draws";
  } else {
    out.p_value = mixture_p_value(out.statistic);
    out.method = "mixture of 0 and chi-squared (1 df)";
  }
  return out;
}

std::vector<ProfiledParameter> profiles(const RunSettings& run,
                                        const ModelData& data,
                                        const FittedModel& fitted) {
  const bool gaussian = data.glmm == nullptr;
  std::vector<ProfiledParameter> out =
      gaussian ? profile_gaussian(data.stats, run.level)
               : profile_glmm(*data.glmm, *fitted.glmm, run.level);
  for (std::size_t k = 0; k < data.terms.size(); ++k)
    out[k].term = data.terms[k];
  out[data.terms.size()].term = "sd__(Intercept)";
  if (gaussian) out.back().term = "sd__Observation";
  return out;
}

}  // namespace

ModelNeeds needs(const InferenceOptions& inference) {
  return {.within =
              inference.is_robust() ? WithinDetail::per_group : WithinDetail::pooled};
}

void add_inference(const InferenceOptions& inference,
                   const RunSettings& run,
                   const ModelData& data,
                   const FittedModel& fitted,
                   StoredFit& stored) {
  const FitResult& fit = fitted.result;
  const std::unique_ptr<WaldMethod> method = wald_method(inference, data, fit);
  const DfMethod df = inference.df_method();
  stored.inference = coefficient_inference(*method, df, inference.vcov);
  for (const std::string& text : inference.contrasts) {
    stored.tests.push_back(test_contrast(
        *method, parse_hypothesis(text, data.terms), fit.beta, df, inference.vcov));
  }
  if (inference.tau_test != TauTest::none)
    stored.tests.push_back(test_tau(inference.tau_test, run, data, fitted));
  if (inference.ci == CiMethod::profile) {
    stored.profile = profiles(run, data, fitted);
    stored.profile_level = run.level;
  }
}

}  // namespace merit
