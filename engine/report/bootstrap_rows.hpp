// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/report/report.hpp"
#include "engine/resample/intervals.hpp"

namespace merit {

/// @param status  one per replicate; codes that this version does not know count as
///                not converged
ReplicateCounts count_replicates(std::span<const std::uint8_t> status);

/// Hands out one column of the replicates: all rows, failed ones too, in the order of the
/// statuses. Called once per column, so that a file of any size needs one column of memory.
using ReadColumn = std::function<std::vector<double>(std::size_t column)>;

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
BootstrapRows summarize_replicates(std::span<const TidyRow> original,
                                   std::span<const std::uint8_t> status,
                                   const ReadColumn& read_column,
                                   std::span<const IntervalType> types,
                                   double level);

}  // namespace merit
