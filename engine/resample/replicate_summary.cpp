// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_summary.hpp"

#include <cmath>
#include <utility>

namespace merit {

ReplicateTally empty_tally(const SummaryRequest& request) {
  std::vector<double> origin, far;
  for (const Original& original : request.originals) {
    origin.push_back(original.estimate);
    far.push_back(std::abs(original.estimate));
  }
  for (const Original& original : request.originals) {
    if (!original.studentised) continue;
    origin.push_back(0.0);
    far.push_back(std::abs(original.estimate) / original.studentised->std_error);
  }
  return ReplicateTally(std::move(origin), std::move(far));
}

std::vector<std::vector<std::int64_t>> ranks_needed(const SummaryRequest& request,
                                                    const ReplicateTally& tally) {
  std::vector<std::vector<std::int64_t>> ranks;
  for (std::size_t column = 0; column < request.originals.size(); ++column) {
    ranks.push_back(ranks_needed(
        request.originals[column], tally.moments(column), request.types, request.level));
  }
  for (std::size_t column = ranks.size(); column < tally.num_columns(); ++column) {
    ranks.push_back(
        student_ranks_needed(tally.num_defined(column), request.types, request.level));
  }
  return ranks;
}

BootstrapSummary summarize_column(const SummaryRequest& request,
                                  std::size_t column,
                                  const ReplicateTally& tally,
                                  OrderStatistics& ordered) {
  const auto order_statistic = [&ordered](std::size_t of) {
    return [&ordered, of](std::int64_t k) { return ordered(of, k); };
  };
  std::optional<StudentReplicates> student;
  if (request.originals[column].studentised) {
    std::size_t at = request.originals.size();
    for (std::size_t before = 0; before < column; ++before)
      at += request.originals[before].studentised.has_value();
    student = {tally.moments(at), order_statistic(at)};
  }
  return summarize_bootstrap(request.originals[column],
                             tally.moments(column),
                             order_statistic(column),
                             request.types,
                             request.level,
                             student ? &*student : nullptr);
}

}  // namespace merit
