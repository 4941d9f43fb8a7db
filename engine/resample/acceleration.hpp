// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace merit {

/// The acceleration of BCa intervals from estimates that each leave out one group,
///
///     a = Σ d_j³ / (6 (Σ d_j²)^1.5),    d_j = mean − θ̂₍₋ⱼ₎
///
/// (Efron & Tibshirani 1993, eq. 14.15). NaNs, groups without which the model cannot be fitted,
/// are left out. NaN if fewer than two are left, or they do not differ.
double acceleration(std::span<const double> delete_one);

}  // namespace merit
