// SPDX-License-Identifier: MIT
#include "engine/report/sensitivity_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "engine/report/csv_field.hpp"
#include "engine/report/text_table.hpp"

namespace merit {
namespace {

using Json = nlohmann::ordered_json;

/// Fits named in a sentence, rows in a table for people; the rest is counted.
constexpr std::size_t kMostNamed = 8;
constexpr std::size_t kMostRows = 60;

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

Decision base_decision(const SensitivityReport& report, const std::string& term) {
  const AnalysisTerm* base = report.results.front().find(term);
  return base == nullptr ? Decision::unknown : decision_of(*base, report.level);
}

/// Whether a fit decides otherwise than the base; the first wave of several is no other fit.
bool differs(const SensitivityReport& report,
             std::size_t number,
             const AnalysisTerm& row) {
  if (row.effect != "fixed" || report.analyses[number].kind == "interaction")
    return false;
  const Decision base = base_decision(report, row.term);
  return base != Decision::unknown && decision_of(row, report.level) != base;
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
              {"method", text_or_null(model.method)}};
  if (!result.failure.empty()) {
    out["failure"] = result.failure;
    return out;
  }
  out["glance"] = {{"nobs", result.num_obs},
                   {"ngroups", result.num_groups},
                   {"logLik", null_if_nan(result.log_likelihood)},
                   {"converged", result.converged},
                   {"boundary", result.boundary},
                   {"message", text_or_null(result.message)}};
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
         {"fmi", null_if_nan(row.fmi)},
         {"decision", text_or_null(std::string(name(decision_in(report, row))))},
         {"differs", differs(report, number, row)}});
  }
  out["tidy"] = rows;
  return out;
}

std::string decided(Decision decision, double level) {
  const std::string at = fmt::format("{:.6g}%", 100.0 * (1.0 - level));
  switch (decision) {
    case Decision::positive:
      return "positive at " + at;
    case Decision::negative:
      return "negative at " + at;
    default:
      return "not distinguished from 0 at " + at;
  }
}

/// "regime: positive at 5% in the base, and in 27 of 29 other fits; not in …"
std::string sentence(const SensitivityReport& report, const Conclusion& conclusion) {
  if (conclusion.base == Decision::unknown)
    return fmt::format("{}: the base has no test of it", conclusion.term);
  std::string out = fmt::format(
      "{}: {} in the base", conclusion.term, decided(conclusion.base, report.level));
  if (conclusion.num_fits == 0) return out + ", and in no other fit";
  const auto others = conclusion.others.size();
  const auto same = static_cast<std::size_t>(conclusion.num_fits) - others;
  out += fmt::format(", and in {} of {} other fit{} (estimates {} to {})",
                     same,
                     conclusion.num_fits,
                     conclusion.num_fits == 1 ? "" : "s",
                     number_text(conclusion.lowest, conclusion.lowest),
                     number_text(conclusion.highest, conclusion.highest));
  if (others == 0) return out;
  std::vector<std::string> named;
  for (std::size_t k = 0; k < std::min(others, kMostNamed); ++k) {
    const std::size_t a = conclusion.others[k];
    const AnalysisTerm& row = *report.results[a].find(conclusion.term);
    named.push_back(std::isnan(row.p_value) ? report.analyses[a].label() + " (no test)"
                                            : fmt::format("{} (p = {})",
                                                          report.analyses[a].label(),
                                                          p_value_text(row.p_value)));
  }
  out += fmt::format("; not in: {}", fmt::join(named, "; "));
  if (others > kMostNamed) out += fmt::format("; and {} more", others - kMostNamed);
  return out;
}

std::string table_of(const SensitivityReport& report, const Conclusion& conclusion) {
  TextTable table;
  using Align = TextTable::Align;
  table.add_column("Analysis", Align::left);
  for (const char* header : {"n", "Groups", "Estimate", "Std.Error"})
    table.add_column(header, Align::decimal);
  for (const double side : {1.0 - report.level, 1.0 + report.level})
    table.add_column(fmt::format("{:.7g} %", 50.0 * side), Align::decimal);
  table.add_column("p", Align::decimal);
  table.add_column("", Align::left);
  std::size_t shown = 0, left = 0;
  const bool many = report.analyses.size() > kMostRows;
  for (std::size_t a = 0; a < report.analyses.size(); ++a) {
    const AnalysisTerm* row = report.results[a].find(conclusion.term);
    if (row == nullptr || report.analyses[a].kind == "interaction") continue;
    const bool other = a > 0 && differs(report, a, *row);
    if ((many && a > 0 && !other) || shown >= kMostRows) {
      ++left;
      continue;
    }
    ++shown;
    const AnalysisResult& result = report.results[a];
    const auto cell = [&](double value) {
      return std::isnan(value) ? std::string() : number_text(value, row->std_error);
    };
    table.add_row({report.analyses[a].label(),
                   with_separators(result.num_obs),
                   with_separators(result.num_groups),
                   cell(row->estimate),
                   cell(row->std_error),
                   cell(row->conf_low),
                   cell(row->conf_high),
                   std::isnan(row->p_value) ? "" : p_value_text(row->p_value),
                   other ? "differs" : ""});
  }
  std::string out = fmt::format("\n{}\n{}", conclusion.term, table.text("  "));
  if (left > 0) {
    out += fmt::format("  and {} fits{}: see --format csv\n",
                       left,
                       many ? " that do not differ" : " more");
  }
  return out;
}

std::string data_text(const SensitivityStudy& study) {
  if (!study.imputations) return study.snapshot;
  const std::vector<std::string>& snapshots = study.imputations->snapshots;
  if (snapshots.empty())
    return fmt::format("{}, by {}", study.snapshot, study.imputations->column);
  return fmt::format("{} to {}", snapshots.front(), snapshots.back());
}

/// Tests that coefficients are the same in all waves, where that was asked for.
std::string equality_table(const SensitivityReport& report) {
  TextTable table;
  using Align = TextTable::Align;
  table.add_column("Term", Align::left);
  for (const char* header : {"F", "den.df", "p"})
    table.add_column(header, Align::decimal);
  for (const AnalysisResult& result : report.results) {
    for (const AnalysisTerm& row : result.terms) {
      if (row.effect != "equality") continue;
      table.add_row({row.term,
                     fmt::format("{:.3f}", row.statistic),
                     std::isnan(row.df) ? "" : fmt::format("{:.1f}", row.df),
                     p_value_text(row.p_value)});
    }
  }
  return table.empty() ? "" : "\nThe same in all waves?\n" + table.text("  ");
}

/// What fits remark, each remark once; groups that are not in all waves.
std::string notes_of(const SensitivityReport& report) {
  std::vector<std::pair<std::string, std::vector<std::string>>> remarks;  // and of which
  for (std::size_t a = 0; a < report.analyses.size(); ++a) {
    const AnalysisResult& result = report.results[a];
    const std::string& remark = result.failure.empty() ? result.message : result.failure;
    if (remark.empty()) continue;
    auto found = std::find_if(remarks.begin(), remarks.end(), [&](const auto& other) {
      return other.first == remark;
    });
    if (found == remarks.end()) found = remarks.insert(found, {remark, {}});
    found->second.push_back(report.analyses[a].label());
  }
  std::string out;
  for (const auto& [remark, labels] : remarks)
    out += fmt::format("\nNote: {}: {}\n", some_of(labels), remark);
  const std::vector<PartialGroup> partial =
      partial_groups(report.analyses, report.results);
  if (!partial.empty()) {
    std::vector<std::string> names;
    for (const PartialGroup& group : partial)
      names.push_back(fmt::format("{} ({})", group.group, fmt::join(group.waves, ", ")));
    out += fmt::format("\nNote: groups that are in some waves only: {}\n",
                       fmt::join(names, ", "));
  }
  return out;
}

}  // namespace

std::string sensitivity_csv(const SensitivityReport& report) {
  const std::vector<std::string> things = changed_things(report);
  std::string out = "analysis,kind,label";
  for (const std::string& thing : things)
    out += "," + csv_field(thing);
  out +=
      ",effect,term,estimate,std.error,statistic,df,p.value,conf.low,conf.high,fmi,"
      "decision,"
      "differs,"
      "nobs,ngroups,converged,boundary,logLik,message\n";
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  for (std::size_t a = 0; a < report.analyses.size(); ++a) {
    const Analysis& analysis = report.analyses[a];
    const AnalysisResult& result = report.results[a];
    std::string begin =
        fmt::format("{},{},{}", a + 1, analysis.kind, csv_field(analysis.label()));
    for (const std::string& thing : things)
      begin += "," + csv_field(value_of(analysis, thing));
    if (!result.failure.empty()) {
      out += fmt::format("{}{:,>18}{}\n", begin, "", csv_field(result.failure));
      continue;
    }
    for (const AnalysisTerm& row : result.terms) {
      out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
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
                         csv_field(row.fmi),
                         name(decision_in(report, row)),
                         flag(differs(report, a, row)),
                         result.num_obs,
                         result.num_groups,
                         flag(result.converged),
                         flag(result.boundary),
                         csv_field(result.log_likelihood),
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
                    {"analyses", analyses},
                    {"provenance", provenance}};
  return out.dump(2) + "\n";
}

std::string sensitivity_table(const SensitivityReport& report) {
  const SensitivityStudy& study = report.study;
  std::string out = study.title.empty() ? "Sensitivity analysis" : study.title;
  out += fmt::format("\nModel     {} ({})\nData      {}\nFits      {}{}\n\n",
                     study.base.formula,
                     study.base.family,
                     data_text(study),
                     with_separators(std::ssize(report.analyses)),
                     report.num_imputations == 1
                         ? ""
                         : fmt::format(", each of {} imputations by Rubin's rules",
                                       report.num_imputations));
  const std::vector<Conclusion> conclusions =
      conclusions_of(study, report.analyses, report.results, report.level);
  for (const Conclusion& conclusion : conclusions)
    out += sentence(report, conclusion) + "\n";
  for (const Conclusion& conclusion : conclusions)
    out += table_of(report, conclusion);
  out += equality_table(report);
  out += notes_of(report);
  return out;
}

}  // namespace merit
