// SPDX-License-Identifier: MIT
#pragma once

#include "engine/fit/fit_result.hpp"
#include "engine/model/grouped_stats.hpp"

namespace merit {

struct FitOptions {
  Criterion criterion = Criterion::reml;
  /// Converged when a Newton step changes log(λ + 1/n̄) by less than this; steps converge
  /// quadratically, so the estimate is then right to about its square.
  double tolerance = 1e-9;
  int max_iterations = 200;  ///< Newton and bisection steps per local minimum
};

/// Maximum likelihood or REML fit of the Gaussian random-intercept model.
///
/// The profiled deviance (engine/fit/profile.hpp) is a function of λ = τ²/σ² alone. It can
/// have two minima, one of them at 0, so it is first evaluated at 0 and on a geometric grid
/// that spans all λ the data could tell apart; each local minimum of the grid is then
/// refined by Newton's method in log(λ + 1/n̄), kept inside its bracket by bisection, and
/// the lowest is taken. The boundary τ̂ = 0 is an answer (`on_boundary`).
///
/// *Standard errors of σ̂ and τ̂.* In log σ² and log λ the second derivatives of the deviance at
/// its minimum are d, −dλρ and λ²f″ + d(λρ)², with f the profiled deviance and ρ = (log rss)′.
/// Twice the inverse of that matrix has, with V = 2/(λ²f″),
///
///     Var log σ̂ = 1/(2d) + V(λρ)²/4,    Var log τ̂ = 1/(2d) + V(λρ + 1)²/4.
///
/// On the boundary λ is known to be 0, and Var log σ̂ = 1/(2d).
///
/// @throws DataError if no fit exists: one group, no group with two rows, a constant
///         response, no more rows than coefficients, collinear columns, an exact fit (the
///         likelihood has no bound), fixed effects that tell all groups apart (r = 0)
FitResult fit_gaussian(const GroupedStats& stats, const FitOptions& options = {});

/// The same without looking whether a fit exists: of statistics of data of which that is known.
FitResult maximise_profile(const GroupedStats& stats, const FitOptions& options);

/// β̂(λ) in the coordinates of the common origin.
Eigen::VectorXd centred_beta(const GroupedStats& stats, double lambda);

/// Everything but the search: the fit at a given λ = θ², e.g. a resumed or a known one;
/// without standard errors of σ̂ and τ̂.
FitResult fit_gaussian_at(const GroupedStats& stats, double lambda, Criterion criterion);

/// Conditional modes b̂_j = λ ω_j (ȳ_j − x̄_jᵀβ̂) and their sds σ̂ √(λ/(1 + n_j λ)).
GroupModes group_modes(const GroupedStats& stats, const FitResult& fit);

}  // namespace merit
