// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/inference/wald.hpp"

namespace merit {

/// Cluster-robust covariance matrices of β̂, the groups being the clusters, Gaussian models.
///
/// With e_j = y_j − X_jβ̂, working covariance σ²V_j, M = (XᵀV⁻¹X)⁻¹ and H_jj = X_jMX_jᵀV_j⁻¹
///
///     vcov = M (Σ_j E_j e_j e_jᵀ E_jᵀ) M,    E_j = X_jᵀ V_j⁻¹ A_j
///     CR0  A_j = I                   CR1  √(J/(J−1)) I
///     CR2  A_j = D_jᵀ G_j^(−1/2) D_j,  V_j = D_jᵀD_j,  G_j = D_j (I − H_jj) V_j D_jᵀ
///     CR3  A_j = (I − H_jj)⁻¹
///
/// CR2 is unbiased if the working model is right; CR3 is close to the jackknife. Where a group
/// has a direction to itself, I − H_jj is singular and the generalised inverse stands in.
/// The conventions are those of R's clubSandwich for lmer fits.
///
/// *Degrees of freedom* (`satterthwaite`): cᵀ vcov c is a quadratic form in y, whose mean and
/// variance under the working model match a scaled χ² on
///
///     df = (tr Ω)²/ΣΩ_ij²,   Ω_ij = Cov(g_iᵀe_i, g_jᵀe_j),  g_j = E_jᵀMc
///        Ω_ij = δ_ij g_jᵀV_jg_j − u_iᵀMu_j,   u_j = X_jᵀg_j
///
/// (Bell & McCaffrey 2002). The second term has rank p, so the sum over all pairs of groups is
/// one over groups: Σ_ij (u_iᵀMu_j)² = ‖M^½ (Σ u_ju_jᵀ) M^½‖²; no J × J matrix is formed.
/// A hypothesis of q rows is tested by Hotelling's T² with ν = q(q+1)/Σ_st Var(d_st), d the vcov
/// of the contrasts on the scale of its mean (Pustejovsky & Tipton's HTZ):
///
///     F = (ν − q + 1)/(νq) · Q   on (q, ν − q + 1)
///
/// All of a group is taken from its reduced rows (reduced_group.hpp), so that memory and time do
/// not depend on n: O(J p²), O(J p³). Sources: Bell & McCaffrey (2002), Survey Methodology 28(2);
/// Pustejovsky & Tipton (2018), J. Bus. Econ. Stat. 36(4).
///
/// @param stats   with `group_within`
/// @param method  not `model`
std::unique_ptr<WaldMethod> cluster_robust(const GroupedStats& stats,
                                           const FitResult& fit,
                                           VcovMethod method);

}  // namespace merit
