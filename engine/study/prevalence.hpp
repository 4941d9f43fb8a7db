// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "engine/study/study.hpp"

namespace merit {

/// Most points of the grid that averages over covariates.
inline constexpr double kMostPrevalencePoints = 4e6;

/// Points that intercept_for() needs: 41 for the normal part, 31 for each normal and 2 for each
/// binary covariate that stands in a product, 2 for each other binary one, and the rows of
/// snapshots.
double prevalence_points(const Study& study);

/// The intercept β₀ at which the mean response over all rows that could be drawn is `mean`, a
/// prevalence or a mean count:
///
///     E g⁻¹(β₀ + Σ_k β_k x_k + b) = mean
///
/// by bisection, of counts β₀ = log mean − log E e^(Σ_k β_k x_k + b). Normal covariates that stand alone and b add up to one normal variable; the
/// others are averaged over a product of Gauss–Hermite rules and of the two values of binary
/// ones. Uses all of the cell but its intercept.
double intercept_for(const Study& study, const StudyCell& cell, double mean);

}  // namespace merit
