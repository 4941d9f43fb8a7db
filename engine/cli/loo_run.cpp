// SPDX-License-Identifier: MIT
#include "engine/cli/loo_run.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/cli/group_tasks.hpp"

namespace merit {
namespace {

/// What is stored of a unit, by name.
constexpr std::pair<const char*, double LeftOut::*> kColumns[] = {
    {"elpd_loo", &LeftOut::elpd_loo},
    {"p_loo", &LeftOut::p_loo},
    {"mcse_elpd_loo", &LeftOut::mcse_elpd_loo},
    {"pareto_k", &LeftOut::pareto_k},
    {"elpd_waic", &LeftOut::elpd_waic},
    {"p_waic", &LeftOut::p_waic}};

}  // namespace

std::optional<std::vector<StoredTable>> make_loo(const Communicator& comm,
                                                 const SampleCommand& command,
                                                 const ModelData& data,
                                                 const FittedModel& fit,
                                                 const Posterior& posterior) {
  const std::unique_ptr<const PointwiseLikelihood> likelihood =
      pointwise_likelihood(comm, command, data, fit, posterior);
  const DrawShape& shape = posterior.shape;
  const bool independent = posterior.exact != nullptr;
  const auto leave_out = [&](std::span<const double> of_draws) {
    return leave_one_out(of_draws, shape.draws_per_chain, independent);
  };
  const std::int64_t J = std::ssize(data.group_level);
  std::vector<StoredTable> tables;
  if (command.loo != Loo::rows) {
    GroupTasks<LeftOut> groups(comm, command, J, "groups left out");
    const bool all = groups.make(0, J, [&](std::int64_t group) {
      return std::vector<LeftOut>{leave_out(likelihood->of_group(group))};
    });
    if (!all) return std::nullopt;
    tables.push_back(groups.table("groups", kColumns));
  }
  if (command.loo != Loo::groups) {
    GroupTasks<LeftOut> rows(comm, command, J, "rows left out, of groups");
    const std::int64_t S = shape.num_draws();
    const std::int64_t at_once = groups_at_once(posterior);
    const bool stored = shape.with_groups;
    const std::vector<std::int64_t> streams = streams_of(shape);
    for (std::int64_t first = 0; first < J; first += at_once) {
      const std::int64_t count = std::min(at_once, J - first);
      const std::vector<double> intercepts =
          stored_intercepts(comm, command, data, posterior, {first, count});
      const bool all = rows.make(first, count, [&](std::int64_t group) {
        std::vector<LeftOut> out;
        std::vector<double> drawn;
        if (!stored) drawn = likelihood->intercepts(group, command.run.seed, streams);
        const auto from = static_cast<std::size_t>((group - first) * S);
        likelihood->of_rows(
            group,
            stored ? std::span<const double>(intercepts)
                         .subspan(from, static_cast<std::size_t>(S))
                   : std::span<const double>(drawn),
            [&](std::span<const double> row) { out.push_back(leave_out(row)); });
        return out;
      });
      if (!all) return std::nullopt;
    }
    tables.push_back(rows.table("rows", kColumns));
  }
  return tables;
}

std::vector<LeaveOneOut> loo_of(const StoredPosterior& posterior,
                                std::int64_t num_draws) {
  std::vector<LeaveOneOut> out;
  for (const StoredTable& table : posterior.loo) {
    const std::vector<LeftOut> units = items_of<LeftOut>(table, kColumns);
    out.push_back(sum_over_units(table.name, units, num_draws));
  }
  return out;
}

}  // namespace merit
