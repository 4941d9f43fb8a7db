// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/inference/wald.hpp"

namespace merit {

/// Satterthwaite's degrees of freedom for contrasts of β̂, Gaussian models: t with the same
/// mean and variance of the squared standard error f = cᵀΦ̂c, Φ̂ = σ̂²(XᵀV⁻¹X)⁻¹.
///
///     df = 2 f² / (∇fᵀ C ∇f),   C = 2 H⁻¹
///
/// with H the Hessian of the deviance (of REML or ML, as fitted) in the variance parameters.
/// The ratio does not depend on how these are written; in (λ, log σ²) it collapses. With
/// A = XᵀV⁻¹X, d = n − p (ML: n), and M_yy and S = (profiled deviance)″ of fit/profile.hpp:
///
///     ∂f/∂ log σ² = f,    ∂f/∂λ = −σ²cᵀA⁻¹A′A⁻¹c = σ² Σ ω_j² (x̄_jᵀA⁻¹c)²
///     1/df = 1/d + (f_λ/f − M_yy)² / S
///
/// (M_yy is what the deviance's mixed derivative divided by d comes to). On the boundary λ
/// is no parameter, θ = √λ has no slope there, and df = d, which is what lmerTest's numerical
/// derivatives in θ give.
///
/// A hypothesis of q rows: Lβ̂ is rotated to q uncorrelated contrasts with df ν_i; its F has
/// the denominator 2E/(E − q), E = Σ ν_i/(ν_i − 2), which matches the mean of F; if all ν_i
/// are equal, that; if one is no more than 2, 2.
///
/// Cost O(J p²), then O(J p) per contrast. Sources: Giesbrecht & Burns (1985), Biometrics 41;
/// Fai & Cornelius (1996), J. Stat. Comput. Simul. 54, for several rows; conventions of
/// Kuznetsova, Brockhoff & Christensen (2017), J. Stat. Softw. 82(13) (lmerTest).
std::unique_ptr<WaldMethod> satterthwaite(const GroupedStats& stats,
                                          const FitResult& fit);

/// Denominator for F from the df of q uncorrelated contrasts.
double pooled_denominator(const Eigen::VectorXd& df);

}  // namespace merit
