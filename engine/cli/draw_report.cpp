// SPDX-License-Identifier: MIT
#include "engine/cli/draw_report.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/cli/group_summary.hpp"
#include "engine/cli/loo_run.hpp"
#include "engine/cli/ppc_run.hpp"
#include "engine/report/draw_rows.hpp"
#include "engine/report/loo_report.hpp"
#include "engine/report/ppc_report.hpp"

namespace merit {
namespace {

/// The draws that can be summarised: the first so many of every chain.
class StoredChains {
 public:
  explicit StoredChains(const ResultFile& file)
      : file_(file),
        of_a_chain_(file.replicates()->num_replicates / file.replicates()->num_chains) {
    const ReplicatePlan& plan = *file.replicates();
    for (const BlockRange& blocks : file.committed_blocks())
      rows_.push_back(plan.rows(blocks));
    per_chain_ = of_a_chain_;
    for (std::int64_t chain = 0; chain < plan.num_chains; ++chain)
      per_chain_ = std::min(per_chain_, there_from(chain * of_a_chain_));
  }

  std::int64_t per_chain() const { return per_chain_; }
  bool all() const { return per_chain_ == of_a_chain_; }

  std::vector<double> column(std::size_t index) const {
    return first_of_chains(file_.estimate_column(index));
  }
  std::vector<double> log_likelihood() const {
    return first_of_chains(file_.log_likelihoods());
  }

 private:
  std::vector<double> first_of_chains(std::vector<double> stored) const {
    if (all()) return stored;
    std::vector<double> out;
    for (std::int64_t chain = 0; chain < file_.replicates()->num_chains; ++chain) {
      const auto from = stored.begin() + position(chain * of_a_chain_);
      out.insert(out.end(), from, from + per_chain_);
    }
    return out;
  }
  /// Rows that are there without a gap from this one on, within its chain.
  std::int64_t there_from(std::int64_t row) const {
    for (const BlockRange& range : rows_) {
      if (row >= range.first && row < range.end())
        return std::min(of_a_chain_, range.end() - row);
    }
    return 0;
  }
  /// Of a stored row among all stored ones.
  std::int64_t position(std::int64_t row) const {
    std::int64_t before = 0;
    for (const BlockRange& range : rows_) {
      if (row >= range.end()) before += range.count;
      if (row >= range.first && row < range.end()) return before + row - range.first;
    }
    return before;
  }

  const ResultFile& file_;
  std::int64_t of_a_chain_;
  std::int64_t per_chain_ = 0;
  std::vector<BlockRange> rows_;
};

/// Rows for the columns of group intercepts.
void append_group_rows(const StoredFit& fit, std::vector<TidyRow>& rows) {
  for (const std::string& level : fit.group_level) {
    TidyRow row;
    row.effect = "ran_vals";
    row.group = fit.group;
    row.level = level;
    row.term = "(Intercept)";
    rows.push_back(std::move(row));
  }
}

}  // namespace

Report draw_report(const ResultFile& file, const ReportOptions& options) {
  Report report = fit_report(
      "sample", file.fit(), file.job(), file.provenance(), {.level = options.level});
  const StoredChains chains(file);
  if (chains.per_chain() < kFewestDraws) {
    throw UsageError(
        fmt::format("{}: holds {} draws of each chain so far; a summary needs {}",
                    file.path(),
                    chains.per_chain(),
                    kFewestDraws));
  }
  const std::size_t parameters = report.tidy.size();
  // Behind the parameters stands the log prior, then the groups.
  const bool groups = file.columns().size() > parameters + 1;
  if (options.ranef && groups) append_group_rows(file.fit(), report.tidy);
  const ReadColumn read = [&](std::size_t column) {
    return chains.column(column < parameters ? column : column + 1);
  };
  const Scalings scalings{PowerScaling(chains.column(parameters)),
                          PowerScaling(chains.log_likelihood())};
  DrawRemarks remarks = summarize_draw_columns(
      report.tidy, read, chains.per_chain(), options.level, scalings);
  report.notes = std::move(remarks.notes);
  const std::vector<StoredTable>& summary = file.posterior()->summary;
  if (options.ranef && !summary.empty()) {
    const std::vector<TidyRow> rows =
        group_summary_rows(file.fit(), summary.front(), options.level);
    report.tidy.insert(report.tidy.end(), rows.begin(), rows.end());
    if (!rows.empty() && rows.front().conf_type.empty()) {
      report.notes.emplace_back(
          "summaries of the group intercepts have intervals for --level 0.5, 0.9 and "
          "0.95 "
          "alone");
    }
  }
  report.loo = loo_of(*file.posterior(), file.replicates()->num_replicates);
  append_loo_notes(report.loo, report.notes);
  if (!file.posterior()->ppc.empty()) {
    report.ppc = {ppc_of(*file.posterior(), file.fit())};
    report.ppc.front().of_prior = text_of(file.job(), "prior_only") == "true";
    append_ppc_notes(report.ppc, report.notes);
  }
  report.glance.draws = DrawCounts{.num_chains = file.replicates()->num_chains,
                                   .draws_per_chain = chains.per_chain(),
                                   .priors = file.posterior()->priors,
                                   .sampler = file.posterior()->sampler,
                                   .converged = remarks.converged};
  for (const auto& [name, value] : file.job()) {
    if (name == "seed") report.options.emplace_back(name, value);
  }
  if (text_of(file.job(), "prior_only") == "true") {
    report.notes.emplace_back(
        "these are draws of the prior (--prior-only): the responses have no say");
  }
  if (options.ranef && !groups && summary.empty()) {
    report.notes.emplace_back(
        "no draws of the group intercepts are stored (--save-groups draws or summary)");
  }
  if (!chains.all()) {
    report.notes.push_back(
        fmt::format("partial: the first {} of {} draws of each chain",
                    chains.per_chain(),
                    file.replicates()->num_replicates / file.replicates()->num_chains));
  }
  return report;
}

}  // namespace merit
