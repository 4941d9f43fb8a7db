// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "engine/study/conclusions.hpp"

namespace merit {

/// One fit of m imputed data sets, by Rubin's rules. With q̄ and Ū the means over imputations of
/// estimates and their variances, B the estimates' variance,
///
///     T = Ū + (1 + 1/m)B,    λ = (1 + 1/m)B/T,    ν = 1/(1/ν_m + 1/ν_obs),
///     ν_m = (m − 1)/λ²,      ν_obs = (ν_c + 1)/(ν_c + 3) ν_c (1 − λ)
///
/// (Barnard & Rubin 1999, Biometrika 86, 948–955), ν_c the mean of the fits' own degrees of
/// freedom: infinite if they test by the normal distribution. Standard deviations are
/// averaged, and the coefficients' covariance matrix is T of theirs. `fmi` is (r + 2/(ν + 3))/(r + 1), r = (1 + 1/m)B/Ū (Rubin 1987, 3.1.10). The log-likelihood is left out.
///
/// A test that k coefficients are 0 is D₁ of Li, Raghunathan & Rubin (1991, JASA 86, 1065–1073), from
/// the k-vectors of estimates and their matrices:
///
///     r = (1 + 1/m) tr(B Ū⁻¹)/k,   F = q̄ᵀŪ⁻¹q̄/(k(1 + r))   with k and ν degrees of freedom,
///     ν = 4 + (t − 4)(1 + (1 − 2/t)/r)²,   t = k(m − 1);   of t ≤ 4: t(1 + 1/k)(1 + 1/r)²/2
///
/// (infinite for r = 0), which takes the complete data for large.
///
/// If a fit has failed the whole has, with its reason.
/// @param fits   one per imputation, of one model; a single one is returned as it is
/// @param level  of the confidence intervals
AnalysisResult pool(std::span<const AnalysisResult> fits, double level);

}  // namespace merit
