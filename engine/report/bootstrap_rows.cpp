// SPDX-License-Identifier: MIT
#include "engine/report/bootstrap_rows.hpp"

#include <utility>

#include <fmt/format.h>

namespace merit {

ReplicateCounts count_replicates(const ReplicateTally& tally) {
  return {.by_status = tally.by_status()};
}

std::vector<double> original_estimates(std::span<const TidyRow> original) {
  std::vector<double> estimates;
  for (const TidyRow& row : original)
    estimates.push_back(row.estimate.value_or(0.0));
  return estimates;
}

ReplicateTally tally_replicates(std::span<const TidyRow> original,
                                const ReadReplicates& read) {
  ReplicateTally tally(original_estimates(original));
  read([&](auto first, auto estimates, auto status) {
    tally.add(first, estimates, status);
  });
  return tally;
}

OrderStatistics order_replicates(const ReplicateTally& tally,
                                 const ReadReplicates& read,
                                 std::span<const IntervalType> types,
                                 double level) {
  const std::vector<std::int64_t> ranks = ranks_needed(tally.num_used(), types, level);
  OrderStatistics ordered(tally, ranks);
  if (!ranks.empty()) {
    read([&](auto, auto estimates, auto status) { ordered.add(estimates, status); });
  }
  return ordered;
}

BootstrapRows summarize_replicates(std::span<const TidyRow> original,
                                   const ReplicateTally& tally,
                                   OrderStatistics& ordered,
                                   std::span<const IntervalType> types,
                                   double level) {
  BootstrapRows out;
  bool extreme = false;
  std::int64_t used = 0;
  for (std::size_t column = 0; column < original.size(); ++column) {
    const BootstrapSummary summary = summarize_bootstrap(
        original[column].estimate.value_or(0.0),
        tally.moments(column),
        [&](std::int64_t k) { return ordered(column, k); },
        types,
        level);
    used = summary.num_replicates;
    for (const Interval& interval : summary.intervals) {
      TidyRow row;
      row.effect = original[column].effect;
      row.group = original[column].group;
      row.term = original[column].term;
      row.estimate = original[column].estimate;
      row.bias = summary.bias;
      row.std_error = summary.sd;
      row.conf_low = interval.low;
      row.conf_high = interval.high;
      row.conf_type = name(interval.type);
      out.tidy.push_back(std::move(row));
      extreme = extreme || interval.extreme;
    }
  }
  if (extreme) {
    out.notes.push_back(fmt::format(
        "{} replicates are too few for {:g}% intervals: their ends are the smallest and "
        "largest replicates",
        used,
        100.0 * level));
  }
  return out;
}

}  // namespace merit
