// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/model/group_rows.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// Transformation bootstrap, Gaussian models: residuals are made uncorrelated, drawn, and made
/// to correlate again. With V̂_j = σ̂²I + τ̂²11ᵀ = L_jL_jᵀ (Cholesky),
///
///     z_j = L_j⁻¹(y_j − X_jβ̂),    y*_j = X_jβ̂ + L_j z*_j,
///
/// z* n draws from the z of all groups together, which are first centred and rescaled to the
/// mean square 1 that they would have if β̂ were β.
/// Source: van der Leeden, Meijer & Busing (2008), Handbook of Multilevel Analysis, ch. 11.
///
/// *The factor has a closed form.* What the first k rows leave of V̂_j is σ̂²I + a_k 11ᵀ with
/// a_k = τ̂²σ̂²/(σ̂² + kτ̂²). So below the diagonal all entries of column k are the same,
///
///     L_kk = √(σ̂² + a_k),    L_ik = a_k/L_kk (i > k),    k = 0, 1, …,
///
/// and L z or L⁻¹r costs O(n_j) with one running sum. Which row is first matters to z: rows
/// have the order of the snapshot.
std::unique_ptr<Scheme> transformation_bootstrap(const GroupedStats& stats,
                                                 const GroupRows& rows,
                                                 const FitResult& fit,
                                                 const SchemeOptions& options);

}  // namespace merit
