// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/resample/intervals.hpp"
#include "engine/resample/replicate_tally.hpp"
#include "engine/resample/summary_columns.hpp"

namespace merit {

/// What is asked of a job's replicates.
struct SummaryRequest {
  /// Of each estimate and quantity, in the order of their columns.
  std::vector<Original> originals;
  std::vector<IntervalType> types;
  double level = 0.95;
  /// How the tallied values come from rows; those that are studentised are those whose
  /// originals are, in the same order.
  SummaryColumns columns = {};
};

/// An empty tally for it.
ReplicateTally empty_tally(const SummaryRequest& request);

/// Of each column the order statistics that its intervals rest on. Which these are can depend
/// on the counts (bc, bca), so the tally must have seen all replicates; it is the same on
/// whatever ranks and threads it was made.
std::vector<std::vector<std::int64_t>> ranks_needed(const SummaryRequest& request,
                                                    const ReplicateTally& tally);

/// The summary of one estimate or quantity. @param ordered  of these ranks
BootstrapSummary summarize_column(const SummaryRequest& request,
                                  std::size_t column,
                                  const ReplicateTally& tally,
                                  OrderStatistics& ordered);

}  // namespace merit
