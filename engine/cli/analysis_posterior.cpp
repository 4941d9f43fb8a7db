// SPDX-License-Identifier: MIT
#include "engine/cli/analysis_posterior.hpp"

#include <algorithm>
#include <cstdint>

#include "engine/cli/posterior.hpp"
#include "engine/posterior/power_scaling.hpp"

namespace merit {
namespace {

/// Chains one behind the other.
ReplicateRows slices_of(const Posterior& posterior) {
  const DrawShape& shape = posterior.shape;
  ReplicateRows all, chain;
  for (std::int64_t c = 0; c < shape.num_chains; ++c) {
    const std::int64_t n = shape.draws_per_chain;
    posterior.slices->advance(c * n, n, nullptr, chain);
    if (c == 0) all.resize(shape.num_draws(), chain.num_estimates, 0);
    std::copy(chain.estimate.begin(),
              chain.estimate.end(),
              all.estimate.begin() + c * n * chain.num_estimates);
    std::copy(chain.log_likelihood.begin(),
              chain.log_likelihood.end(),
              all.log_likelihood.begin() + c * n);
  }
  return all;
}

ReplicateRows draws_of(const Posterior& posterior) {
  if (posterior.slices != nullptr) return slices_of(posterior);
  const std::int64_t n = posterior.shape.num_draws();
  ReplicateRows draws;
  if (posterior.exact != nullptr) {
    posterior.exact->make(0, n, draws);
    return draws;
  }
  ReplicateRows proposals;
  posterior.proposals->propose(0, n, proposals);
  const std::vector<std::int8_t> nothing_stored(static_cast<std::size_t>(n), -1);
  ChainScan(*posterior.proposals, nothing_stored).accept(0, n, proposals, draws);
  return draws;
}

}  // namespace

DrawRemarks summarize_posterior(const SampleCommand& command,
                                const ModelData& data,
                                const FittedModel& fit,
                                std::vector<TidyRow>& rows) {
  const Posterior posterior = make_posterior(command, data, fit);
  const ReplicateRows draws = draws_of(posterior);
  const auto column = [&](std::size_t index) {
    const auto width = static_cast<std::size_t>(draws.num_estimates);
    std::vector<double> out;
    for (std::size_t at = index; at < draws.estimate.size(); at += width)
      out.push_back(draws.estimate[at]);
    return out;
  };
  // Behind the parameters stands the log prior.
  const Scalings scalings{PowerScaling(column(rows.size())),
                          PowerScaling(draws.log_likelihood)};
  DrawRemarks remarks =
      summarize_draw_columns(rows, column, command.draws, command.run.level, scalings);
  remarks.notes.insert(
      remarks.notes.begin(), posterior.notes.begin(), posterior.notes.end());
  return remarks;
}

}  // namespace merit
