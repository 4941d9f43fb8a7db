// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/fit/quadrature.hpp"
#include "engine/posterior/variates.hpp"

namespace merit {

/// Exact draws of the group intercepts u_j = τ v_j of a generalised model, given its other
/// parameters ψ. Given them groups are independent, and v_j has the log-density
///
///     f(v) = Σ_i ℓ_i(η_i + τv) − v²/2 + constant,    f″ ≤ −1
///
/// Tangents of a concave f lie above it, chords below. Tangents at the mode v̂ and at v̂ ± √2
/// standard deviations h^(−½) make an envelope of four exponential pieces, which covers a normal
/// density with probability π^½/2 = 0.89 of acceptance (√2 is best for it); two chords
/// let two thirds of the proposals pass unseen (Gilks & Wild 1992, Appl. Statist. 41(2); with
/// points that stay, as there are no more than some trials). So a group costs two passes over
/// its rows, and there is no quadrature error in u.
///
/// @param at  evaluated at ψ: its modes and curvatures are used, its memory too
/// @param u   J
/// @return false where rounding leaves no envelope: parameters far from all that matter
bool draw_intercepts(QuadratureLikelihood& at,
                     const Eigen::VectorXd& psi,
                     Variates& random,
                     double* u);

}  // namespace merit
