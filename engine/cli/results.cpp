// SPDX-License-Identifier: MIT
#include "engine/cli/results.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "engine/cli/build_info.hpp"
#include "engine/cli/glmm_data.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/error.hpp"
#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/weighted_fit.hpp"
#include "engine/report/fit_rows.hpp"
#include "engine/report/render.hpp"

namespace merit {
namespace {

/// Raised when the same job would give other numbers: part of every job's description.
constexpr std::int64_t kResultsVersion = 1;

void append(std::vector<TidyRow> rows, std::vector<TidyRow>& to) {
  to.insert(to.end(),
            std::make_move_iterator(rows.begin()),
            std::make_move_iterator(rows.end()));
}

DataInfo data_info(const StoredFit& fit,
                   const JobDescription& job,
                   const Attributes& provenance) {
  return {.file = text_of(provenance, "snapshot"),
          .digest = text_of(job, "digest"),
          .rows_read = fit.rows_read,
          .rows_excluded_by_where = fit.rows_excluded_by_where,
          .rows_used = fit.num_obs,
          .rows_dropped = fit.rows_dropped,
          .group = describe_groups(fit.group, fit.group_size)};
}

}  // namespace

FittedModel fit_model(const ModelOptions& options,
                      const ModelData& data,
                      SimdLevel simd) {
  try {
    if (data.glmm != nullptr) {
      GlmmFit fit = fit_glmm_model(options, data, simd);
      return {fit.result, fit.modes, std::move(fit)};
    }
    if (data.weighted != nullptr) {
      const FitResult fit = fit_weighted(*data.weighted, data.stats);
      return {fit, group_modes(*data.weighted, fit), std::nullopt};
    }
    const FitResult fit = fit_gaussian(data.stats, {.criterion = options.criterion()});
    return {fit, group_modes(data.stats, fit), std::nullopt};
  } catch (const DataError& error) {
    throw DataError(options.formula + ": " + error.what());
  }
}

ParameterNames parameter_names(const StoredFit& stored) {
  return {.terms = stored.terms,
          .has_sigma = stored.fit.has_sigma(),
          .is_gaussian = stored.fit.method.empty(),
          .latent_variance = stored.fit.latent_variance};
}

StoredFit stored_fit(const ModelData& data, const FittedModel& fit) {
  StoredFit stored;
  stored.terms = data.terms;
  stored.fit = fit.result;
  stored.num_obs = data.counts.rows_used;
  stored.rows_read = data.counts.rows_read;
  stored.rows_excluded_by_where = data.counts.rows_excluded_by_where;
  stored.rows_dropped = data.rows_dropped;
  stored.group = data.group;
  stored.group_level = data.group_level;
  for (const double size : data.stats.size) {
    stored.group_size.push_back(static_cast<std::int64_t>(size));
  }
  for (const std::int32_t stratum : data.strata.stratum)
    stored.group_stratum.push_back(data.strata.label[static_cast<std::size_t>(stratum)]);
  stored.modes = fit.modes;
  return stored;
}

JobDescription describe_job(const ModelOptions& options, const ModelData& data) {
  JobDescription job = {{"digest", data.digest},
                        {"table", options.table},
                        {"formula", options.formula},
                        {"where", options.where.value_or("")},
                        {"offset", options.offset.value_or("")},
                        {"drop_collinear", options.drop_collinear},
                        {"family", options.family},
                        {"link", std::string(name(options.link_kind()))},
                        {"method", options.method_name()},
                        {"results_version", kResultsVersion}};
  if (options.trials) job.emplace_back("trials", *options.trials);
  if (options.fweights) job.emplace_back("fweights", *options.fweights);
  if (options.pweights) {
    job.emplace_back("pweights", *options.pweights);
    job.emplace_back(
        "weight_scaling",
        std::string(name(options.weight_scaling.value_or(WeightScaling::size))));
  }
  if (options.group_pweights) job.emplace_back("group_pweights", *options.group_pweights);
  if (options.null) job.emplace_back("null", *options.null);
  if (options.is_quasi()) {
    const bool ml = options.pql_inner == Criterion::ml;
    job.emplace_back("pql_inner", std::string(ml ? "ml" : "reml"));
    job.emplace_back("pql_scale",
                     std::string(options.pql_free_scale.value_or(true) ? "free" : "1"));
  }
  if (options.method_name() == "agq") {
    job.emplace_back("nagq", options.nagq.empty() ? "7" : options.nagq);
  }
  return job;
}

std::string text_of(const Attributes& attributes, const std::string& field) {
  for (const auto& [name, value] : attributes) {
    if (name != field) continue;
    return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
  }
  return "";
}

Report fit_report(const std::string& command,
                  const StoredFit& fit,
                  const JobDescription& job,
                  const Attributes& provenance,
                  const ReportOptions& options) {
  Report report;
  report.command = command;
  report.version = MERIT_VERSION;
  report.model = {.formula = text_of(job, "formula"),
                  .family = text_of(job, "family"),
                  .link = text_of(job, "link"),
                  .method = text_of(job, "method"),
                  .nagq = fit.fit.quadrature
                              ? std::optional<std::int64_t>(fit.fit.quadrature->num_nodes)
                              : std::nullopt};
  report.data = data_info(fit, job, provenance);
  report.level = options.level;
  const auto num_groups = static_cast<std::int64_t>(fit.group_level.size());
  report.glance = glance(fit.fit, fit.num_obs, num_groups);
  const CoefficientInference inference =
      fit.inference.value_or(normal_inference(fit.fit));
  report.tidy = fixed_effect_rows(fit.fit, fit.terms, inference, options.level);
  append(variance_rows(fit.fit, fit.group), report.tidy);
  if (fit.profile_level == options.level) {
    use_profile(fit.profile, report.tidy);
    report.profile = fit.profile;
  } else if (!fit.profile.empty()) {
    report.notes.push_back(
        fmt::format("profile intervals are stored for level {:g}, not {:g}: those shown "
                    "are Wald's",
                    fit.profile_level,
                    options.level));
  }
  if (!report.profile.empty() && report.model.method == "reml") {
    report.notes.push_back(
        "profile intervals are of the full likelihood, also after REML, as lme4's are");
  }
  append(contrast_rows(fit.tests, options.level), report.tidy);
  if (options.ranef) {
    append(group_mode_rows(fit.modes, fit.group, fit.group_level, options.level),
           report.tidy);
  }
  report.vcov = {fit.terms, inference.vcov};
  report.tests = fit.tests;
  if (inference.df_method != DfMethod::normal)
    report.options.emplace_back("df", std::string(name(inference.df_method)));
  if (inference.vcov_method != VcovMethod::model)
    report.options.emplace_back("vcov", std::string(name(inference.vcov_method)));
  const auto has = [&](const char* field) { return !text_of(job, field).empty(); };
  if (has("pweights") || has("group_pweights")) {
    report.notes.emplace_back(
        "sampling weights: estimates by maximum pseudo-likelihood, standard errors by "
        "the "
        "sandwich with groups as clusters; logLik, AIC and BIC are of no sample and "
        "compare "
        "nothing");
  }
  for (const char* field : {"where",
                            "offset",
                            "trials",
                            "fweights",
                            "pweights",
                            "weight_scaling",
                            "group_pweights"}) {
    if (const std::string value = text_of(job, field); !value.empty()) {
      report.options.emplace_back(field, value);
    }
  }
  report.provenance = provenance;
  return report;
}

void show(const Report& report, Format format) {
  switch (format) {
    case Format::json:
      return print(to_json(report));
    case Format::table:
      return print(to_table(report));
    case Format::csv:
      break;
  }
  print(to_csv(report));
  for (const std::string& note : report.notes)
    fmt::print(stderr, "merit: {}\n", note);
}

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    throw IoError(std::string("cannot write the results to stdout: ") +
                  std::strerror(errno));
  }
}

void check_output(const std::string& input, const RunSettings& run) {
  std::error_code ignored;
  if (std::filesystem::equivalent(input, run.output, ignored)) {
    throw UsageError(run.output +
                     ": --output names the file that is read; choose another");
  }
  if (run.resume) {
    check_resumable(run.output);
  } else {
    check_output(run.output, run.overwrite);
  }
}

}  // namespace merit
