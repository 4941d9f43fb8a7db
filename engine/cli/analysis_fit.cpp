// SPDX-License-Identifier: MIT
#include "engine/cli/analysis_fit.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/analysis_posterior.hpp"
#include "engine/cli/inference.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/results.hpp"

namespace merit {
namespace {

std::optional<std::string> given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

/// The snapshot of an imputation.
std::size_t snapshot_of(const SensitivityJob& job, std::size_t imputation) {
  return job.snapshots.size() == 1 ? 0 : imputation;
}

double value_or_nan(const std::optional<double>& value) {
  return value.value_or(AnalysisTerm::kNone);
}

/// That each coefficient of the base is the same in all waves, as --contrast takes it.
std::vector<std::string> equality_contrasts(const Analysis& analysis,
                                            const std::vector<std::string>& terms) {
  std::vector<std::string> out;
  std::string before;
  for (const std::string& term : terms) {
    const std::size_t at = term.rfind(":" + analysis.factor);
    if (analysis.factor.empty() || at == std::string::npos) continue;
    const std::string coefficient = term.substr(0, at);
    if (out.empty() || coefficient != before) {
      out.emplace_back();
      before = coefficient;
    } else {
      out.back() += ", ";
    }
    out.back() += fmt::format("`{}` = 0", term);
  }
  return out;
}

AnalysisTerm term_of(const TidyRow& row) {
  return {.effect = row.effect,
          .term = row.term,
          .conf_type = row.conf_type,
          .estimate = value_or_nan(row.estimate),
          .std_error = value_or_nan(row.std_error),
          .statistic = value_or_nan(row.statistic),
          .df = value_or_nan(row.df),
          .p_value = value_or_nan(row.p_value),
          .conf_low = value_or_nan(row.conf_low),
          .conf_high = value_or_nan(row.conf_high)};
}

/// A test that some coefficients of waves are 0, under the name of what they belong to.
AnalysisTerm equality_of(const Analysis& analysis,
                         const TestResult& test,
                         const std::vector<std::string>& terms) {
  const std::string& text = test.hypothesis;
  const std::string of_waves = ":" + analysis.factor;
  AnalysisTerm out{.effect = "equality",
                   .term = text.substr(1, text.find(of_waves) - 1),
                   .statistic = test.statistic,
                   .df = value_or_nan(test.den_df),
                   .p_value = test.p_value};
  for (const std::string& term : terms) {
    if (const std::size_t at = term.rfind(of_waves);
        at != std::string::npos && term.substr(0, at) == out.term)
      out.tested.push_back(term);
  }
  return out;
}

SampleCommand sample_of(const SensitivityJob& job, const Analysis& analysis) {
  const PriorChecks& checks = *job.study.priors;
  SampleCommand command;
  command.model = options_of(job, analysis.model);
  command.run = job.run;
  command.run.seed = checks.seed;
  command.draws = checks.draws;
  command.chains = checks.chains;
  command.priors = analysis.model.priors;
  return command;
}

/// The posterior's rows and remarks in the place of the fit's.
void use_posterior(const SampleCommand& command,
                   const ModelData& data,
                   const FittedModel& fit,
                   Report& report) {
  const DrawRemarks remarks = summarize_posterior(command, data, fit, report.tidy);
  report.glance.converged = remarks.converged;
  report.glance.boundary = false;
  report.glance.message = fmt::format("{}", fmt::join(remarks.notes, "; "));
  report.glance.log_likelihood = AnalysisTerm::kNone;
  report.vcov.matrix.resize(0, 0);
}

AnalysisResult result_of(const SensitivityJob& job,
                         const Analysis& analysis,
                         std::size_t imputation) {
  const ModelOptions options = options_of(job, analysis.model, imputation);
  RunSettings run = job.run;
  run.threads = 1;  // of this fit; others are made beside it
  const bool draws = !analysis.model.priors.empty();
  ModelNeeds wanted = needs(job.inference);
  wanted.rows = wanted.rows || draws;
  const ModelData data = read_model_data(Communicator::single(),
                                         options,
                                         run,
                                         wanted,
                                         &job.examined[snapshot_of(job, imputation)]);
  const FittedModel fit = fit_model(options, data, run.simd_level());
  StoredFit stored = stored_fit(data, fit);
  InferenceOptions inference = job.inference;
  inference.contrasts = equality_contrasts(analysis, data.terms);
  add_inference(inference, run, data, fit, stored);
  Report report =
      fit_report("fit", stored, describe_job(options, data), {}, {.level = run.level});
  if (draws) use_posterior(sample_of(job, analysis), data, fit, report);
  AnalysisResult result;
  result.message = report.glance.message;
  result.num_obs = report.glance.num_obs;
  result.num_groups = report.glance.num_groups;
  result.converged = report.glance.converged;
  result.boundary = report.glance.boundary;
  result.log_likelihood = report.glance.log_likelihood;
  for (const TidyRow& row : report.tidy) {
    if (row.effect != "contrast") result.terms.push_back(term_of(row));
  }
  for (const TestResult& test : report.tests) {
    if (test.kind == "contrast")
      result.terms.push_back(equality_of(analysis, test, data.terms));
  }
  result.vcov = report.vcov.matrix;
  result.digest = data.digest;
  if (analysis.kind == "wave") result.groups = data.group_level;
  return result;
}

}  // namespace

std::size_t num_imputations(const SensitivityJob& job) {
  return std::max(job.snapshots.size(), job.imputations.levels.size());
}

ModelOptions options_of(const SensitivityJob& job,
                        const ModelSettings& model,
                        std::size_t imputation) {
  ModelOptions options;
  options.snapshot = job.snapshots[snapshot_of(job, imputation)];
  options.formula = model.formula;
  const ModelSettings settings =
      in_imputation(job.study, job.imputations, imputation, model);
  options.where = given(settings.where);
  options.offset = given(settings.offset);
  options.trials = given(settings.trials);
  options.family = settings.family;
  options.link = settings.link;
  options.method = settings.method;
  options.nagq = settings.nagq;
  return options;
}

const std::string& examined_for(const SensitivityJob& job, std::size_t imputation) {
  return job.examined[snapshot_of(job, imputation)];
}

AnalysisResult make_analysis(const SensitivityJob& job,
                             const Analysis& analysis,
                             std::size_t imputation) {
  try {
    return result_of(job, analysis, imputation);
  } catch (const DataError& error) {
    if (analysis.kind == "base") throw;
    AnalysisResult failed;
    failed.failure = error.what();
    return failed;
  }
}

}  // namespace merit
