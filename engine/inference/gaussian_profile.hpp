// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/inference/profile_interval.hpp"
#include "engine/model/grouped_stats.hpp"

namespace merit {

/// Profile likelihood of all parameters of the Gaussian model: p coefficients in the order of
/// the columns, sd__(Intercept) and sd__Observation (terms are left empty).
///
/// The likelihood is that of ML, also after a REML fit, as in lme4's profile(). At a given λ
/// with L(λ), rss, β̂(λ) and log|V| of fit/profile.hpp the deviance is known in closed form
/// whichever parameter is held at v,
///
///     β_k = v:  n(1 + log(2π/n · (rss + (v − β̂_k)²/a_kk))) + log|V|,   a = (XᵀV⁻¹X)⁻¹
///     σ = v:    n log(2πv²) + log|V| + rss/v²
///     τ = v:    the same with v²/λ in the place of v²
///
/// so that all that is left is a minimum over λ ≥ 0: on a grid that all parameters share, then
/// by Brent's method in log(λ + 1/n̄) about its lowest point.
///
/// Cost: O(J p²) for each of some hundred λ per parameter.
/// @throws DataError where fit_gaussian does
std::vector<ProfiledParameter> profile_gaussian(const GroupedStats& stats, double level);

}  // namespace merit
