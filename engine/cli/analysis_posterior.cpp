// SPDX-License-Identifier: MIT
#include "engine/cli/analysis_posterior.hpp"

#include <algorithm>
#include <cstdint>

#include "engine/cli/posterior.hpp"
#include "engine/posterior/power_scaling.hpp"

namespace merit {

DrawRemarks summarize_posterior(const SampleCommand& command,
                                const ModelData& data,
                                const FittedModel& fit,
                                std::vector<TidyRow>& rows) {
  const Posterior posterior = make_posterior(command, data, fit);
  const ReplicateRows draws = draw_all(posterior);
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
