// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "engine/model/grouped_stats.hpp"

namespace merit {

/// The deviance of the random-intercept model as a function of λ = θ² = τ²/σ² alone.
///
///     y_j = X_j β + 1 b_j + ε_j,    b_j ~ N(0, τ²),    ε_j ~ N(0, σ² I),    j = 1..J
///
/// Cov(y_j) = σ² V_j with V_j = I + λ 11ᵀ, which leaves deviations from the group mean alone
/// and shrinks the mean itself. For Z = [X y] and ω_j = n_j / (1 + n_j λ)
///
///     A(λ) = Zᵀ V⁻¹ Z = within + Σ_j ω_j z̄_j z̄_jᵀ = L Lᵀ,    log|V| = Σ_j log(1 + n_j λ).
///
/// The last pivot of L is √rss, rss = min_β (y − Xβ)ᵀ V⁻¹ (y − Xβ), the leading block gives
/// log|Xᵀ V⁻¹ X|, and σ̂² = rss/d with d = n − p (REML) or n (ML):
///
///     deviance(λ) = d (1 + log(2π rss/d)) + log|V| [+ log|Xᵀ V⁻¹ X| for REML].
///
/// Its derivatives need the same factor. dω_j/dλ = −ω_j², so with h_j = L⁻¹ z̄_j
///
///     L⁻¹ A′ L⁻ᵀ = −M,   M = Σ ω_j² h_j h_jᵀ;      L⁻¹ A″ L⁻ᵀ = 2Q,   Q = Σ ω_j³ h_j h_jᵀ,
///
/// and d log|A| = tr A⁻¹A′ gives, x standing for the leading p rows and y for the last one,
///
///     (log rss)′ = −M_yy                (log rss)″ = 2 Q_yy − M_yy² − 2 Σ_x M_yx²
///     (log|A_xx|)′ = −tr M_xx           (log|A_xx|)″ = 2 tr Q_xx − ‖M_xx‖²
///     (log|V|)′ = Σ ω_j                 (log|V|)″ = −Σ ω_j².
///
/// Cost O(J p²). Sources: Bates et al. (2015), J. Stat. Softw. 67(1), § 3, for the profile
/// with one scalar term; the derivatives are the identities above.
struct ProfilePoint {
  double lambda = 0.0;
  double deviance = 0.0;
  double first = 0.0;      ///< d deviance / dλ
  double second = 0.0;     ///< d² deviance / dλ²
  double rss_slope = 0.0;  ///< d log rss / dλ
};

/// The Cholesky factor L of A(λ), (p+1) × (p+1).
/// @throws DataError if [X y] has collinear columns, or the fixed effects and the groups
///         leave no residual variation
Eigen::MatrixXd profile_factor(const GroupedStats& stats, double lambda);

/// Deviance at λ ≥ 0; its derivatives stay 0.
ProfilePoint profile_value(const GroupedStats& stats, double lambda, Criterion criterion);

/// Deviance at λ ≥ 0 with both derivatives.
ProfilePoint profile_derivatives(const GroupedStats& stats,
                                 double lambda,
                                 Criterion criterion);

}  // namespace merit
