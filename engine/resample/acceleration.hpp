// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace merit {

/// The acceleration of BCa intervals from estimates that each leave out one group,
///
///     a = Σ d_j³ / (6 (Σ d_j²)^1.5),    d_j = mean − θ̂₍₋ⱼ₎
///
/// (Efron & Tibshirani 1993, eq. 14.15). NaNs, groups without which the model cannot be fitted,
/// are left out. NaN if fewer than two are left, or they do not differ.
///
/// Where groups are drawn within strata the estimate's skewness is the sum of what independent
/// strata contribute: d_j = (J_s − 1)/J_s (mean of stratum s − θ̂₍₋ⱼ₎), with the J_s groups of
/// its stratum that are left. A stratum of one group is never without it, and contributes nothing.
/// (Davison & Hinkley 1997, § 5.3.2, with several samples; R's boot leaves the factor out.)
/// @param stratum  of each group, as Strata; empty: one of all
double acceleration(std::span<const double> delete_one,
                    std::span<const std::int32_t> stratum = {});

}  // namespace merit
