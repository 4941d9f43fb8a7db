// SPDX-License-Identifier: MIT
#include "engine/report/ppc_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace merit {
namespace {

using Align = TextTable::Align;
using Checks = std::vector<PredictiveChecks::Named>;

TextTable table_of(const std::vector<PredictiveChecks>& ppc,
                   const std::string& header,
                   Checks PredictiveChecks::*checks) {
  TextTable table;
  if (ppc.empty()) return table;
  const bool by_prior = !ppc.front().prior.empty();
  table.add_column(header, Align::left);
  if (by_prior) table.add_column("Prior", Align::left);
  for (const char* column : {"Observed", "Mean", "SD", "P(rep >= obs)"})
    table.add_column(column, Align::decimal);
  for (std::size_t i = 0; i < (ppc.front().*checks).size(); ++i) {
    for (const PredictiveChecks& of : ppc) {
      const auto& [label, check] = (of.*checks)[i];
      std::vector<std::string> cells = {&of == &ppc.front() ? label : ""};
      if (by_prior) cells.push_back(of.prior);
      const double scale = check.sd > 0.0 ? check.sd : check.observed;
      // Of replicates that vary widely the observed value keeps its own digits.
      const bool is_small = std::abs(check.observed) < scale && check.observed != 0.0;
      cells.insert(
          cells.end(),
          {number_text(check.observed, is_small ? check.observed : scale),
           number_text(check.mean, scale),
           number_text(check.sd, scale),
           std::isfinite(check.p_value) ? fmt::format("{:.3f}", check.p_value) : ""});
      table.add_row(std::move(cells));
    }
  }
  return table;
}

}  // namespace

TextTable ppc_table(const std::vector<PredictiveChecks>& ppc) {
  return table_of(ppc, "Statistic", &PredictiveChecks::statistics);
}

TextTable ppc_group_table(const std::vector<PredictiveChecks>& ppc,
                          const std::string& group) {
  return table_of(ppc, group, &PredictiveChecks::group_means);
}

void append_ppc_notes(const std::vector<PredictiveChecks>& ppc,
                      std::vector<std::string>& notes) {
  constexpr std::size_t kNamed = 5;
  for (const PredictiveChecks& of : ppc) {
    for (const auto& [statistic, check] : of.statistics) {
      if (!is_extreme(check)) continue;
      notes.push_back(fmt::format(
          "{} of the responses is hardly ever as observed in replicated ones: "
          "P(rep >= obs) = {:.3f}",
          statistic,
          check.p_value));
    }
    std::vector<std::string> extreme;
    for (const auto& [level, check] : of.group_means) {
      if (is_extreme(check)) extreme.push_back(level);
    }
    if (extreme.empty()) continue;
    const std::size_t shown = std::min(extreme.size(), kNamed);
    notes.push_back(fmt::format(
        "{} of {} group means are outside the central 95% of their replicates, where 5% "
        "or "
        "fewer are expected: {}{}",
        extreme.size(),
        of.group_means.size(),
        fmt::join(
            extreme.begin(), extreme.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
        shown < extreme.size() ? ", …" : ""));
  }
}

}  // namespace merit
