// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_summary.hpp"

namespace merit {

ReplicateTally empty_tally(const SummaryRequest& request) {
  std::vector<double> origin;
  for (const Original& original : request.originals)
    origin.push_back(original.estimate);
  return ReplicateTally(std::move(origin));
}

std::vector<std::vector<std::int64_t>> ranks_needed(const SummaryRequest& request,
                                                    const ReplicateTally& tally) {
  std::vector<std::vector<std::int64_t>> ranks;
  for (std::size_t column = 0; column < request.originals.size(); ++column) {
    ranks.push_back(ranks_needed(
        request.originals[column], tally.moments(column), request.types, request.level));
  }
  return ranks;
}

BootstrapSummary summarize_column(const SummaryRequest& request,
                                  std::size_t column,
                                  const ReplicateTally& tally,
                                  OrderStatistics& ordered) {
  return summarize_bootstrap(
      request.originals[column],
      tally.moments(column),
      [&](std::int64_t k) { return ordered(column, k); },
      request.types,
      request.level);
}

}  // namespace merit
