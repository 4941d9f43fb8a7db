// SPDX-License-Identifier: MIT
#include "engine/cli/group_summary.hpp"

#include <span>
#include <string>
#include <utility>

#include "engine/cli/group_tasks.hpp"
#include "engine/posterior/diagnostics.hpp"

namespace merit {
namespace {

struct GroupSummary {
  double mean = 0.0, sd = 0.0;
  double q025 = 0.0, q05 = 0.0, q25 = 0.0, median = 0.0, q75 = 0.0, q95 = 0.0, q975 = 0.0;
  double rhat = 0.0, ess_bulk = 0.0, ess_tail = 0.0, mcse_mean = 0.0;
};

constexpr std::pair<const char*, double GroupSummary::*> kColumns[] = {
    {"mean", &GroupSummary::mean},
    {"sd", &GroupSummary::sd},
    {"q025", &GroupSummary::q025},
    {"q05", &GroupSummary::q05},
    {"q25", &GroupSummary::q25},
    {"median", &GroupSummary::median},
    {"q75", &GroupSummary::q75},
    {"q95", &GroupSummary::q95},
    {"q975", &GroupSummary::q975},
    {"rhat", &GroupSummary::rhat},
    {"ess_bulk", &GroupSummary::ess_bulk},
    {"ess_tail", &GroupSummary::ess_tail},
    {"mcse_mean", &GroupSummary::mcse_mean}};

GroupSummary summary_of(std::span<const double> draws, std::int64_t per_chain) {
  const DrawSummary all = summarize_draws({draws, per_chain}, 0.95);
  GroupSummary out{.mean = all.mean,
                   .sd = all.sd,
                   .q025 = all.low,
                   .median = all.median,
                   .q975 = all.high,
                   .rhat = all.rhat,
                   .ess_bulk = all.ess_bulk,
                   .ess_tail = all.ess_tail,
                   .mcse_mean = all.mcse_mean};
  constexpr double kShares[] = {0.05, 0.25, 0.75, 0.95};
  const std::vector<double> others = quantiles(draws, kShares);
  out.q05 = others[0];
  out.q25 = others[1];
  out.q75 = others[2];
  out.q95 = others[3];
  return out;
}

}  // namespace

std::optional<StoredTable> summarize_groups(const Communicator& comm,
                                            const SampleCommand& command,
                                            const ModelData& data,
                                            const FittedModel& fit,
                                            const Posterior& posterior) {
  const auto likelihood = pointwise_likelihood(comm, command, data, fit, posterior);
  const std::vector<std::int64_t> streams = streams_of(posterior.shape);
  const std::int64_t J = std::ssize(data.group_level);
  GroupTasks<GroupSummary> tasks(comm, command, J, "groups summarised");
  const bool all = tasks.make(0, J, [&](std::int64_t group) {
    const std::vector<double> draws =
        likelihood->intercepts(group, command.run.seed, streams);
    return std::vector<GroupSummary>{summary_of(draws, posterior.shape.draws_per_chain)};
  });
  if (!all) return std::nullopt;
  return tasks.table("groups", kColumns);
}

std::vector<TidyRow> group_summary_rows(const StoredFit& fit,
                                        const StoredTable& table,
                                        double level) {
  const auto groups = items_of<GroupSummary>(table, kColumns);
  double GroupSummary::*low = nullptr;
  double GroupSummary::*high = nullptr;
  if (level == 0.95) {
    low = &GroupSummary::q025;
    high = &GroupSummary::q975;
  } else if (level == 0.9) {
    low = &GroupSummary::q05;
    high = &GroupSummary::q95;
  } else if (level == 0.5) {
    low = &GroupSummary::q25;
    high = &GroupSummary::q75;
  }
  std::vector<TidyRow> rows;
  for (std::size_t j = 0; j < groups.size(); ++j) {
    const GroupSummary& of = groups[j];
    TidyRow& row = rows.emplace_back();
    row.effect = "ran_vals";
    row.group = fit.group;
    row.level = fit.group_level.at(j);
    row.term = "(Intercept)";
    row.estimate = of.mean;
    row.std_error = of.sd;
    if (low != nullptr) {
      row.conf_low = of.*low;
      row.conf_high = of.*high;
      row.conf_type = "eti";
    }
    row.rhat = of.rhat;
    row.ess_bulk = of.ess_bulk;
    row.ess_tail = of.ess_tail;
    row.mcse = of.mcse_mean;
  }
  return rows;
}

}  // namespace merit
