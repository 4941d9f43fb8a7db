// SPDX-License-Identifier: MIT
#include "engine/report/draw_rows.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/posterior/diagnostics.hpp"

namespace merit {
namespace {

constexpr double kGoodRhat = 1.01;
constexpr double kEnoughPerChain = 100.0;
constexpr std::size_t kNamed = 5;

std::string some_of(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kNamed);
  std::string text = fmt::format(
      "{}",
      fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

/// As priorsense words it.
void add_sensitivity_notes(const std::vector<TidyRow>& rows,
                           const Scalings& scalings,
                           std::vector<std::string>& notes) {
  constexpr double kUsable = 0.7;
  const double k = std::max(scalings.prior.pareto_k(), scalings.likelihood.pareto_k());
  if (k >= kUsable) {
    notes.push_back(fmt::format(
        "sensitivities are rough: weights of the scaled posteriors have Pareto k {:.2f}",
        k));
  }
  std::vector<std::string> conflict, strong;
  for (const TidyRow& row : rows) {
    if (!row.prior_sensitivity || !(*row.prior_sensitivity >= kSensitive)) continue;
    const bool both = row.likelihood_sensitivity.value_or(0.0) >= kSensitive;
    (both ? conflict : strong).push_back(row.term);
  }
  if (!conflict.empty()) {
    notes.push_back(
        fmt::format("sensitive to prior and likelihood (perhaps they disagree): {}",
                    some_of(conflict)));
  }
  if (!strong.empty()) {
    notes.push_back(fmt::format(
        "sensitive to the prior, not to the likelihood (a strong prior or a weak "
        "likelihood): {}",
        some_of(strong)));
  }
}

}  // namespace

DrawRemarks summarize_draw_columns(std::vector<TidyRow>& rows,
                                   const ReadColumn& read,
                                   std::int64_t per_chain,
                                   double level,
                                   const Scalings& scalings) {
  std::vector<std::string> apart, few;
  std::int64_t num_chains = 1;
  for (std::size_t column = 0; column < rows.size(); ++column) {
    const std::vector<double> draws = read(column);
    num_chains = std::ssize(draws) / per_chain;
    const DrawSummary summary = summarize_draws({draws, per_chain}, level);
    TidyRow& row = rows[column];
    row.estimate = summary.mean;
    row.std_error = summary.sd;
    row.statistic = row.df = row.p_value = std::nullopt;
    row.conf_low = summary.low;
    row.conf_high = summary.high;
    row.conf_type = "eti";
    row.rhat = summary.rhat;
    row.ess_bulk = summary.ess_bulk;
    row.ess_tail = summary.ess_tail;
    row.mcse = summary.mcse_mean;
    if (row.effect != "ran_vals") {
      const std::vector<std::size_t> order = sorting_order(draws);
      row.prior_sensitivity = scalings.prior.sensitivity(draws, order);
      row.likelihood_sensitivity = scalings.likelihood.sensitivity(draws, order);
    }
    const std::string& name = row.level.empty() ? row.term : row.level;
    if (!(summary.rhat < kGoodRhat)) apart.push_back(name);
    const double enough = kEnoughPerChain * static_cast<double>(num_chains);
    if (!(std::min(summary.ess_bulk, summary.ess_tail) >= enough)) few.push_back(name);
  }
  DrawRemarks remarks{.converged = apart.empty() && few.empty(), .notes = {}};
  std::vector<std::string>& notes = remarks.notes;
  if (!apart.empty()) {
    notes.push_back(fmt::format("R-hat is not below {} for {}: more draws are needed",
                                kGoodRhat,
                                some_of(apart)));
  }
  if (!few.empty()) {
    notes.push_back(fmt::format(
        "fewer than {} effective draws per chain for {}: more draws are needed",
        kEnoughPerChain,
        some_of(few)));
  }
  add_sensitivity_notes(rows, scalings, notes);
  return remarks;
}

}  // namespace merit
