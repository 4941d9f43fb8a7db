// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "engine/study/conclusions.hpp"

namespace merit {

/// What leaving out groups does to the base, for every fit that does: with β̂ and its covariance
/// V of the base, and β̂₍₋₎ of the fit without them, p coefficients,
///
///     DFBETAS = (β̂ − β̂₍₋₎)/se(β̂₍₋₎)     Cook's D = (β̂ − β̂₍₋₎)ᵀ V⁻¹ (β̂ − β̂₍₋₎)/p
///
/// (Nieuwenhuis, te Grotenhuis & Pelzer 2012, The R Journal 4(2): influence.ME). Where a fit has
/// other coefficients than the base there is no D.
void add_influence(std::span<const Analysis> analyses, std::span<AnalysisResult> results);

/// Beyond these a group is worth a look: 2/√J and 4/J of the base's J groups.
double dfbetas_cutoff(std::int64_t num_groups);
double cooks_cutoff(std::int64_t num_groups);

}  // namespace merit
