// SPDX-License-Identifier: MIT
#include "engine/cli/inference_options.hpp"

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"

namespace merit {
namespace {

const Words<DfMethod> kDfWords = [] {
  Words<DfMethod> words;
  for (const DfMethod method : kDfMethods)
    words.emplace(name(method), method);
  return words;
}();
const Words<VcovMethod> kVcovMethods = {{"model", VcovMethod::model},
                                        {"CR0", VcovMethod::cr0},
                                        {"CR1", VcovMethod::cr1},
                                        {"CR2", VcovMethod::cr2},
                                        {"CR3", VcovMethod::cr3}};
const Words<CiMethod> kCiMethods = {{"profile", CiMethod::profile},
                                    {"wald", CiMethod::wald}};
const Words<TauTest> kTauTests = {{"exact", TauTest::exact}, {"lrt", TauTest::lrt}};

}  // namespace

void add_inference(CLI::App& app, InferenceOptions& inference) {
  add_choice(app,
             "--df",
             inference.df,
             kDfWords,
             "reference distribution of the tests (default normal; with a robust --vcov "
             "satterthwaite)");
  add_choice(app,
             "--vcov",
             inference.vcov,
             kVcovMethods,
             "covariance of the coefficients: the model's, or cluster-robust (default "
             "model)");
  add_choice(app,
             "--ci",
             inference.ci,
             kCiMethods,
             "intervals: estimate ± quantile × SE, or of the profile likelihood, of all "
             "parameters (default wald)");
  add_choice(app,
             "--tau-test",
             inference.tau_test,
             kTauTests,
             "is sd__(Intercept) 0? likelihood-ratio test by the boundary's mixture, or "
             "(Gaussian) by its exact distribution");
  app.add_option("--contrast",
                 inference.contrasts,
                 "a linear hypothesis: 'x = 0, z = 0', 'a - b'; may be repeated")
      ->allow_extra_args(false)
      ->type_name("EXPR");
}

namespace {

/// What is not defined with sampling weights. @throws UsageError
void validate_weighted(const InferenceOptions& inference, const ModelOptions& model) {
  if (inference.is_robust()) {
    refuse_sampling_weights(
        model,
        fmt::format("its standard errors are cluster-robust already; leave out --vcov {}",
                    name(inference.vcov)));
  }
  if (inference.df_method() != DfMethod::normal) {
    refuse_sampling_weights(
        model,
        fmt::format("--df {} is not defined for weighted likelihoods; leave it out (the "
                    "normal distribution)",
                    name(inference.df_method())));
  }
  if (inference.ci == CiMethod::profile || inference.tau_test != TauTest::none) {
    refuse_sampling_weights(
        model,
        fmt::format(
            "likelihood ratios of weighted likelihoods do not have the distribution "
            "that {} needs; leave it out",
            inference.ci == CiMethod::profile ? "--ci profile" : "--tau-test"));
  }
}

}  // namespace

void validate(const InferenceOptions& inference, const ModelOptions& model) {
  validate_weighted(inference, model);
  const DfMethod df = inference.df_method();
  const bool corrected = df == DfMethod::satterthwaite || df == DfMethod::kenward_roger;
  if (!model.is_gaussian() && (corrected || inference.is_robust())) {
    throw UsageError(
        fmt::format("{} is for Gaussian models; family {} takes --df normal, residual or "
                    "between-within",
                    inference.is_robust() ? fmt::format("--vcov {}", name(inference.vcov))
                                          : fmt::format("--df {}", name(df)),
                    model.family));
  }
  const bool by_likelihood =
      inference.ci == CiMethod::profile || inference.tau_test != TauTest::none;
  if (by_likelihood && model.is_quasi()) {
    throw UsageError(fmt::format(
        "{} needs a likelihood, which --method {} does not have; use agq or laplace",
        inference.ci == CiMethod::profile ? "--ci profile" : "--tau-test",
        model.method));
  }
  if (inference.tau_test == TauTest::exact && !model.is_gaussian()) {
    throw UsageError(fmt::format(
        "--tau-test exact is for Gaussian models; family {} takes --tau-test lrt",
        model.family));
  }
  if (df != DfMethod::kenward_roger) return;
  if (model.criterion() == Criterion::ml) {
    throw UsageError(
        "--df kr is derived for REML; use it without --method ml, or --df satterthwaite");
  }
  if (inference.is_robust()) {
    throw UsageError(
        fmt::format("--df kr has a covariance matrix of its own; with --vcov {} use --df "
                    "satterthwaite",
                    name(inference.vcov)));
  }
}

}  // namespace merit
