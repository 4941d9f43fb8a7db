// SPDX-License-Identifier: MIT
#pragma once

#include "engine/fit/fit_result.hpp"
#include "engine/model/group_rows.hpp"
#include "engine/model/grouped_stats.hpp"

/// Gaussian models with sampling weights, by maximum pseudo-likelihood: with weights w_i of rows
/// (scaled) and v_j of groups,
///
///     log L = Σ_j v_j log ∫ exp(Σ_i w_i log f(y_ij | b)) φ(b; τ) db
///           = −½ Σ_j v_j (N_j log(2πσ²) + log(1 + N_jλ) + Q_j/σ²),
///     N_j = Σ_i w_i,    Q_j = [Σ_i w_i (r_ij − r̄_j)²] + N_j r̄_j²/(1 + N_jλ)
///
/// with means weighted by w: the profile of engine/fit/profile.hpp, whose n_j need not be whole, and
/// groups that count v_j times. Standard errors are those of the sandwich
///
///     H⁻¹ (J/(J − 1) Σ_j v_j² s_j s_jᵀ) H⁻¹,    s_j, H: scores of groups, observed information
///
/// of all parameters, groups being the clusters (Rabe-Hesketh & Skrondal 2006, § 3.3); they do not
/// change if all v_j are multiplied by a number. τ̂ = 0 is on the boundary: then it is held there.
namespace merit {

/// Weighted statistics of all rows. @param rows   with weights
/// @param group_weight  J @param origin  p + 1, near the rows (GroupedStats::origin)
GroupedStats weighted_stats(const GroupRows& rows,
                            const Eigen::VectorXd& group_weight,
                            const Eigen::VectorXd& origin,
                            bool has_intercept);

/// @param stats       weighted_stats
/// @param unweighted  of the same rows: whether a fit exists is a matter of these
/// @throws DataError as fit_gaussian
FitResult fit_weighted(const GroupedStats& stats, const GroupedStats& unweighted);

}  // namespace merit
