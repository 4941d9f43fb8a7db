// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/report/report.hpp"
#include "engine/resample/intervals.hpp"
#include "engine/resample/replicate_tally.hpp"

namespace merit {

ReplicateCounts count_replicates(const ReplicateTally& tally);

/// Takes stored replicates [first, first + status.size()): rows of estimates, row by row.
using UseReplicates = std::function<void(std::int64_t first,
                                         std::span<const double> estimates,
                                         std::span<const std::uint8_t> status)>;

/// Hands all of them to `use`, block by block.
using ReadReplicates = std::function<void(const UseReplicates& use)>;

/// The first pass over stored replicates (ReplicateTally).
ReplicateTally tally_replicates(std::span<const TidyRow> original,
                                const ReadReplicates& read);

/// The second pass, where an interval rests on quantiles.
/// @param tally  of all replicates that `read` hands out; must outlive the result
OrderStatistics order_replicates(const ReplicateTally& tally,
                                 const ReadReplicates& read,
                                 std::span<const IntervalType> types,
                                 double level);

/// What tables of replicates are made from.
struct ReplicateSummaries {
  std::shared_ptr<const ReplicateTally> tally;
  OrderStatistics ordered;  ///< refers to the tally
};

struct BootstrapRows {
  std::vector<TidyRow> tidy;       ///< per term, per interval type
  std::vector<std::string> notes;  ///< intervals that rest on the extreme replicates
};

/// Summarises replicates: one row per term and interval type with the original estimate,
/// bias, bootstrap standard error and interval. Failed replicates are left out, boundary ones
/// (τ̂ = 0) are estimates like others.
///
/// @param original  the fit's rows whose columns are stored, in column order: p `fixed` rows,
///                  then sd__(Intercept) and sd__Observation
/// @param tally     of all replicates
/// @param ordered   of the same, for the ranks_needed by types and level
BootstrapRows summarize_replicates(std::span<const TidyRow> original,
                                   const ReplicateTally& tally,
                                   OrderStatistics& ordered,
                                   std::span<const IntervalType> types,
                                   double level);

/// t₀ of each column: the origin of its tally.
std::vector<double> original_estimates(std::span<const TidyRow> original);

}  // namespace merit
