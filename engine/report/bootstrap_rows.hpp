// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/report/report.hpp"
#include "engine/resample/read_replicates.hpp"
#include "engine/resample/replicate_summary.hpp"

namespace merit {

/// With the replicates at which quantities are undefined.
ReplicateCounts count_replicates(const SummaryRequest& request,
                                 const ReplicateTally& tally);

/// The first pass over stored replicates (ReplicateTally).
ReplicateTally tally_replicates(const SummaryRequest& request,
                                const ReadReplicates& read);

/// The second pass, where an interval rests on quantiles.
/// @param tally  of all replicates that `read` hands out; must outlive the result
OrderStatistics order_replicates(const SummaryRequest& request,
                                 const ReplicateTally& tally,
                                 const ReadReplicates& read);

/// What tables of replicates are made from.
struct ReplicateSummaries {
  std::shared_ptr<const ReplicateTally> tally;
  OrderStatistics ordered;  ///< refers to the tally
};

struct BootstrapRows {
  std::vector<TidyRow> tidy;       ///< per term, per interval type
  std::vector<std::string> notes;  ///< on what is extreme, undefined or not to be had
};

/// Summarises replicates: one row per term and interval type with the original estimate,
/// bias, bootstrap standard error and interval; where the fit has a p-value (of 0), so has the
/// bootstrap. Failed replicates are left out, boundary ones (τ̂ = 0) are estimates like others.
///
/// @param original  the fit's rows whose columns are stored, in column order: p `fixed` rows,
///                  then sd__(Intercept) and sd__Observation; then rows of the quantities
/// @param tally     of all replicates
/// @param ordered   of the same, for the ranks_needed by the request
BootstrapRows summarize_replicates(const SummaryRequest& request,
                                   std::span<const TidyRow> original,
                                   const ReplicateTally& tally,
                                   OrderStatistics& ordered);

}  // namespace merit
