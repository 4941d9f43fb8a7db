// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/inference/wald.hpp"

namespace merit {

/// Kenward & Roger's tests for REML fits: a covariance matrix of β̂ that allows for the
/// estimated variances, and F tests with matched scale and denominator.
///
/// With Σ = σ²I + τ²ZZᵀ, φ = (σ², τ²), Σ_i = ∂Σ/∂φ_i (no second derivatives: Σ is linear in
/// φ) and Φ = (XᵀΣ⁻¹X)⁻¹
///
///     P_i = −XᵀΣ⁻¹Σ_iΣ⁻¹X,    Q_ij = XᵀΣ⁻¹Σ_iΣ⁻¹Σ_jΣ⁻¹X
///     2 (W⁻¹)_ij = tr Σ⁻¹Σ_iΣ⁻¹Σ_j − tr(2ΦQ_ij − ΦP_iΦP_j)        expected information
///     Φ_A = Φ + 2 Φ {Σ_ij W_ij (Q_ij − P_iΦP_j)} Φ
///
/// Within a group Σ has eigenvalue σ² on deviations from the mean and d_j = σ² + n_jτ² on the
/// mean, and so have Σ_1 = I (1, 1) and Σ_2 (0, n_j). All sums over rows become sums over groups,
/// with W the pooled within-group products and x̄_j the means:
///
///     P_1 = −(W/σ⁴ + Σ n_j x̄x̄ᵀ/d_j²)                 P_2  = −Σ n_j² x̄x̄ᵀ/d_j²
///     Q_11 = W/σ⁶ + Σ n_j x̄x̄ᵀ/d_j³    Q_12 = Σ n_j² x̄x̄ᵀ/d_j³    Q_22 = Σ n_j³ x̄x̄ᵀ/d_j³
///     tr: (n−J)/σ⁴ + Σ 1/d_j²,          Σ n_j/d_j²,              Σ n_j²/d_j²
///
/// For L of q rows, Θ = Lᵀ(LΦLᵀ)⁻¹L:
///
///     A₁ = Σ_ij W_ij tr(ΘΦP_iΦ) tr(ΘΦP_jΦ),   A₂ = Σ_ij W_ij tr(ΘΦP_iΦΘΦP_jΦ)
///     B = (A₁ + 6A₂)/2q,   g = ((q+1)A₁ − (q+4)A₂)/((q+2)A₂),   k = 3q + 2(1−g)
///     c₁ = g/k,  c₂ = (q−g)/k,  c₃ = (q+2−g)/k,   E = 1/(1 − A₂/q)
///     V = (2/q)(1 + c₁B)/((1 − c₂B)²(1 − c₃B)),   ρ = V/2E²
///     m = 4 + (q+2)/(qρ − 1),   F = m/(E(m−2)) · (Lβ̂−v)ᵀ(LΦ_ALᵀ)⁻¹(Lβ̂−v)/q   on (q, m)
///
/// For one row m = 2/A₂ and the scale is 1. Where E(1 − c₂B) is 0/0 it is taken as 1, and a
/// denominator within 0.01 of 2 leaves F unscaled, as pbkrtest does. τ̂ = 0 is treated as any
/// other value, also as there.
///
/// Cost O(J p²); other software forms n × n matrices. Source: Kenward & Roger (1997),
/// Biometrics 53(3); Halekoh & Højsgaard (2014), J. Stat. Softw. 59(9).
std::unique_ptr<WaldMethod> kenward_roger(const GroupedStats& stats,
                                          const FitResult& fit);

}  // namespace merit
