// SPDX-License-Identifier: MIT
#include "engine/report/bootstrap_rows.hpp"

#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace merit {
namespace {

/// Codes of a later version than this are failures whose reason we cannot name.
bool has_estimate(std::uint8_t code) {
  return code < kNumReplicateStatuses && !failed(static_cast<ReplicateStatus>(code));
}

void drop_failed(std::vector<double>& column, std::span<const std::uint8_t> status) {
  assert(column.size() == status.size());
  std::size_t kept = 0;
  for (std::size_t r = 0; r < column.size(); ++r) {
    if (has_estimate(status[r])) column[kept++] = column[r];
  }
  column.resize(kept);
}

}  // namespace

ReplicateCounts count_replicates(std::span<const std::uint8_t> status) {
  ReplicateCounts counts;
  for (const std::uint8_t code : status) {
    const std::uint8_t known =
        code < kNumReplicateStatuses
            ? code
            : static_cast<std::uint8_t>(ReplicateStatus::not_converged);
    ++counts.by_status[known];
  }
  return counts;
}

BootstrapRows summarize_replicates(std::span<const TidyRow> original,
                                   std::span<const std::uint8_t> status,
                                   const ReadColumn& read_column,
                                   std::span<const IntervalType> types,
                                   double level) {
  BootstrapRows out;
  bool extreme = false;
  std::int64_t used = 0;
  for (std::size_t column = 0; column < original.size(); ++column) {
    std::vector<double> replicates = read_column(column);
    drop_failed(replicates, status);
    const BootstrapSummary summary = summarize_bootstrap(
        original[column].estimate.value_or(0.0), replicates, types, level);
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
