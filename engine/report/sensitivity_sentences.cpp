// SPDX-License-Identifier: MIT
#include "engine/report/sensitivity_sentences.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/report/text_table.hpp"

namespace merit {
namespace {

/// Fits named in a sentence; the rest is counted.
constexpr std::size_t kMostNamed = 8;

Decision base_decision(const SensitivityReport& report, const AnalysisTerm& row) {
  const AnalysisResult& fit = report.results.front();
  const AnalysisTerm* base = fit.find(row.term, row.conf_type);  // like with like
  if (base == nullptr) base = fit.find(row.term);
  return base == nullptr ? Decision::unknown : decision_of(*base, report.level);
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

}  // namespace

bool differs(const SensitivityReport& report,
             std::size_t number,
             const AnalysisTerm& row) {
  if (row.effect != "fixed" || report.analyses[number].kind == "interaction")
    return false;
  const Decision base = base_decision(report, row);
  return base != Decision::unknown && decision_of(row, report.level) != base;
}

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

}  // namespace merit
