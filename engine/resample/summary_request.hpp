// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/fit/fit_result.hpp"
#include "engine/resample/delete_one.hpp"
#include "engine/resample/replicate_summary.hpp"

/// What intervals take of a fit besides its replicates, put into a SummaryRequest.
namespace merit {

/// β̂, τ̂ and, if the family has one, σ̂: as a row of replicates.
std::vector<double> estimates_of(const FitResult& fit);

/// Of every estimate, and nothing more.
SummaryRequest summary_request(const FitResult& fit,
                               std::span<const IntervalType> types,
                               double level);

/// stud: what has a standard error, coefficients as they are, standard deviations on the scale of
/// their logarithm. @param sds  those of the replicates' standard deviations are kept
void add_studentised(const FitResult& fit, bool sds, SummaryRequest& request);

/// bca: of every estimate and quantity, from the fits without one group each.
/// @param stratum  of each group, as Strata; empty: one of all
void add_accelerations(const DeleteOneFits& fits,
                       std::span<const std::int32_t> stratum,
                       SummaryRequest& request);

/// The summary of each estimate, in their order, from replicates that are all in memory.
std::vector<BootstrapSummary> summarize_in_memory(const SummaryRequest& request,
                                                  const ReplicateRows& rows);

}  // namespace merit
