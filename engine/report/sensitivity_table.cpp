// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/report/sensitivity_report.hpp"
#include "engine/report/sensitivity_sentences.hpp"
#include "engine/report/text_table.hpp"
#include "engine/study/influence.hpp"

namespace merit {
namespace {

/// Rows in a table for people; the rest is counted.
constexpr std::size_t kMostRows = 60;

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

/// The groups without which the base moves most, by Cook's distance.
std::string influence_table(const SensitivityReport& report) {
  constexpr std::size_t kMost = 5;
  std::vector<std::size_t> order;
  for (std::size_t a = 0; a < report.results.size(); ++a) {
    if (!std::isnan(report.results[a].cooks_distance)) order.push_back(a);
  }
  if (order.empty()) return "";
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return report.results[a].cooks_distance > report.results[b].cooks_distance;
  });
  order.resize(std::min(order.size(), kMost));
  TextTable table;
  using Align = TextTable::Align;
  table.add_column("Analysis", Align::left);
  table.add_column("Cook's D", Align::decimal);
  table.add_column("largest DFBETAS", Align::decimal);
  table.add_column("of", Align::left);
  for (const std::size_t a : order) {
    const AnalysisTerm* most = nullptr;
    for (const AnalysisTerm& row : report.results[a].terms) {
      if (std::isnan(row.dfbetas)) continue;
      if (most == nullptr || std::abs(row.dfbetas) > std::abs(most->dfbetas)) most = &row;
    }
    table.add_row({report.analyses[a].label(),
                   fmt::format("{:.3f}", report.results[a].cooks_distance),
                   most == nullptr ? "" : fmt::format("{:.2f}", most->dfbetas),
                   most == nullptr ? "" : most->term});
  }
  const std::int64_t J = report.results.front().num_groups;
  return fmt::format(
      "\nThe base without some groups: where it moves most (worth a look beyond {:.3f} "
      "and "
      "{:.2f})\n{}",
      cooks_cutoff(J),
      dfbetas_cutoff(J),
      table.text("  "));
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
  for (std::size_t a = 0; a < report.analyses.size(); ++a) {
    const AnalysisResult& result = report.results[a];
    if (result.failed == 0) continue;
    out += fmt::format("\nNote: {}: {} of {} replicates failed\n",
                       report.analyses[a].label(),
                       with_separators(result.failed),
                       with_separators(result.replicates));
  }
  for (const auto& [remark, labels] : remarks)
    out += fmt::format("\nNote: {}: {}\n", labels_text(labels), remark);
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
  if (study.bootstrap) {
    out.pop_back();
    out += fmt::format("Bootstrap {} {} replicates of each, intervals {}, seed {}\n\n",
                       with_separators(study.bootstrap->replicates),
                       study.bootstrap->type,
                       name(study.bootstrap->interval),
                       study.bootstrap->seed);
  }
  const std::vector<Conclusion> conclusions =
      conclusions_of(study, report.analyses, report.results, report.level);
  for (const Conclusion& conclusion : conclusions)
    out += sentence(report, conclusion) + "\n";
  for (const Conclusion& conclusion : conclusions)
    out += table_of(report, conclusion);
  out += influence_table(report);
  out += equality_table(report);
  out += notes_of(report);
  for (const std::string& note : report.notes)
    out += fmt::format("\nNote: {}\n", note);
  return out;
}

}  // namespace merit
