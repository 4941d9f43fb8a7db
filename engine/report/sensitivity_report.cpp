// SPDX-License-Identifier: MIT
#include "engine/report/sensitivity_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "engine/report/csv_field.hpp"
#include "engine/report/sensitivity_sentences.hpp"

namespace merit {
namespace {

using Json = nlohmann::ordered_json;

/// What is changed in some analysis: "wave", "left out", "method", as they come.
std::vector<std::string> changed_things(const SensitivityReport& report) {
  std::vector<std::string> out;
  for (const Analysis& analysis : report.analyses) {
    for (const auto& [key, value] : analysis.changes) {
      if (std::find(out.begin(), out.end(), key) == out.end()) out.push_back(key);
    }
  }
  return out;
}

std::string value_of(const Analysis& analysis, const std::string& thing) {
  for (const auto& [key, value] : analysis.changes) {
    if (key == thing) return value;
  }
  return "";
}

/// Of coefficients; a test of equality has no sign.
Decision decision_in(const SensitivityReport& report, const AnalysisTerm& row) {
  return row.effect == "fixed" ? decision_of(row, report.level) : Decision::unknown;
}

Json null_if_nan(double value) {
  return std::isnan(value) ? Json(nullptr) : Json(value);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json analysis_json(const SensitivityReport& report, std::size_t number) {
  const Analysis& analysis = report.analyses[number];
  const AnalysisResult& result = report.results[number];
  Json changes = Json::object();
  for (const auto& [key, value] : analysis.changes)
    changes[key] = value;
  const ModelSettings& model = analysis.model;
  Json out = {{"analysis", number + 1},
              {"kind", analysis.kind},
              {"label", analysis.label()},
              {"changes", changes},
              {"formula", model.formula},
              {"where", text_or_null(model.where)},
              {"method", text_or_null(model.method)},
              {"priors", model.priors}};
  if (!result.failure.empty()) {
    out["failure"] = result.failure;
    return out;
  }
  out["glance"] = {{"nobs", result.num_obs},
                   {"ngroups", result.num_groups},
                   {"logLik", null_if_nan(result.log_likelihood)},
                   {"converged", result.converged},
                   {"boundary", result.boundary},
                   {"cooks.distance", null_if_nan(result.cooks_distance)},
                   {"replicates", result.replicates},
                   {"failed", result.failed},
                   {"message", text_or_null(result.message)}};
  Json vcov = Json::array();
  for (Eigen::Index a = 0; a < result.vcov.rows(); ++a) {
    const Eigen::RowVectorXd row = result.vcov.row(a);
    vcov.push_back(std::vector<double>(row.begin(), row.end()));
  }
  out["vcov"] = vcov;
  Json rows = Json::array();
  for (const AnalysisTerm& row : result.terms) {
    rows.push_back(
        {{"effect", row.effect},
         {"term", row.term},
         {"estimate", null_if_nan(row.estimate)},
         {"std.error", null_if_nan(row.std_error)},
         {"statistic", null_if_nan(row.statistic)},
         {"df", null_if_nan(row.df)},
         {"p.value", null_if_nan(row.p_value)},
         {"conf.low", null_if_nan(row.conf_low)},
         {"conf.high", null_if_nan(row.conf_high)},
         {"conf.type", text_or_null(row.conf_type)},
         {"fmi", null_if_nan(row.fmi)},
         {"dfbetas", null_if_nan(row.dfbetas)},
         {"decision", text_or_null(std::string(name(decision_in(report, row))))},
         {"differs", differs(report, number, row)}});
  }
  out["tidy"] = rows;
  return out;
}

}  // namespace

std::string sensitivity_csv(const SensitivityReport& report) {
  const std::vector<std::string> things = changed_things(report);
  std::string out = "analysis,kind,label";
  for (const std::string& thing : things)
    out += "," + csv_field(thing);
  out +=
      ",effect,term,estimate,std.error,statistic,df,p.value,conf.low,conf.high,conf.type,"
      "fmi,dfbetas,decision,differs,nobs,ngroups,converged,boundary,logLik,"
      "cooks.distance,replicates,failed,message\n";
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  for (std::size_t a = 0; a < report.analyses.size(); ++a) {
    const Analysis& analysis = report.analyses[a];
    const AnalysisResult& result = report.results[a];
    std::string begin =
        fmt::format("{},{},{}", a + 1, analysis.kind, csv_field(analysis.label()));
    for (const std::string& thing : things)
      begin += "," + csv_field(value_of(analysis, thing));
    if (!result.failure.empty()) {
      out += fmt::format("{}{:,>23}{}\n", begin, "", csv_field(result.failure));
      continue;
    }
    for (const AnalysisTerm& row : result.terms) {
      out += fmt::format(
          "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
          begin,
          row.effect,
          csv_field(row.term),
          csv_field(row.estimate),
          csv_field(row.std_error),
          csv_field(row.statistic),
          csv_field(row.df),
          csv_field(row.p_value),
          csv_field(row.conf_low),
          csv_field(row.conf_high),
          row.conf_type,
          csv_field(row.fmi),
          csv_field(row.dfbetas),
          name(decision_in(report, row)),
          flag(differs(report, a, row)),
          result.num_obs,
          result.num_groups,
          flag(result.converged),
          flag(result.boundary),
          csv_field(result.log_likelihood),
          csv_field(result.cooks_distance),
          result.replicates,
          result.failed,
          csv_field(result.message));
    }
  }
  return out;
}

std::string sensitivity_json(const SensitivityReport& report) {
  Json conclusions = Json::array();
  for (const Conclusion& c :
       conclusions_of(report.study, report.analyses, report.results, report.level)) {
    Json others = Json::array();
    for (const std::size_t a : c.others)
      others.push_back(a + 1);
    conclusions.push_back({{"term", c.term},
                           {"base", text_or_null(std::string(name(c.base)))},
                           {"fits", c.num_fits},
                           {"differ", others},
                           {"lowest", null_if_nan(c.lowest)},
                           {"highest", null_if_nan(c.highest)},
                           {"text", sentence(report, c)}});
  }
  Json partial = Json::object();
  for (const PartialGroup& group : partial_groups(report.analyses, report.results))
    partial[group.group] = group.waves;
  Json analyses = Json::array();
  for (std::size_t a = 0; a < report.analyses.size(); ++a)
    analyses.push_back(analysis_json(report, a));
  Json provenance = Json::object();
  for (const auto& [key, value] : report.provenance)
    std::visit([&, &label = key](const auto& v) { provenance[label] = v; }, value);
  const SensitivityStudy& study = report.study;
  const Json out = {{"command", "sensitivity"},
                    {"version", report.version},
                    {"study",
                     {{"file", report.file},
                      {"title", study.title},
                      {"snapshot", study.snapshot},
                      {"formula", study.base.formula},
                      {"family", study.base.family}}},
                    {"conf.level", report.level},
                    {"imputations", report.num_imputations},
                    {"conclusions", conclusions},
                    {"groups_in_some_waves", partial},
                    {"notes", report.notes},
                    {"analyses", analyses},
                    {"provenance", provenance}};
  return out.dump(2) + "\n";
}

}  // namespace merit
