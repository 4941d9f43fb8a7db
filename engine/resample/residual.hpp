// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/model/group_rows.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/resample/scheme.hpp"

/// Bootstraps that keep X and the groups and make new responses from residuals, Gaussian models:
///
///     y*_ij = x_ijᵀβ̂ + u*_j + e*_ij
///
/// All draw indices from Stream(seed, purpose, replicate); rows are in the order of GroupRows.
namespace merit {

/// Residual bootstrap with reflation. û_j are the modes, ê_ij = y_ij − x_ijᵀβ̂ − û_j. Shrunken
/// residuals vary too little, so both pools are centred and rescaled before drawing, to have the
/// mean squares τ̂² (of J) and σ̂² (of n) exactly. u*_j: J draws from the first, e*_ij: n from
/// the second. Source: Carpenter, Goldstein & Rasbash (2003), Appl. Statist. 52(4), § 3.
std::unique_ptr<Scheme> residual_bootstrap(const GroupedStats& stats,
                                           const GroupRows& rows,
                                           const FitResult& fit,
                                           const SchemeOptions& options);

/// What is done to the residuals of the random-effect block bootstrap before drawing.
enum class RebType {
  raw = 0,       ///< nothing
  scaled = 1,    ///< as the residual bootstrap: centred, mean squares τ̂² and σ̂²
  adjusted = 2,  ///< nothing; the replicates are adjusted afterwards (reb_adjustment.hpp)
};

/// Random-effect block bootstrap. With marginal residuals r_ij = y_ij − x_ijᵀβ̂: u*_j are J draws
/// from the group means r̄_h; for each group j a group h is drawn, and e*_ij are n_j draws from
/// the block r_hi − r̄_h of that one group, so that what is alike within groups stays together.
/// Source: Chambers & Chandra (2013), J. Comput. Graph. Statist. 22(2), § 2.
std::unique_ptr<Scheme> reb_bootstrap(const GroupedStats& stats,
                                      const GroupRows& rows,
                                      const FitResult& fit,
                                      RebType type,
                                      const SchemeOptions& options);

/// How leverage is made up for: r/√(1−h) or r/(1−h), h the diagonal of X(XᵀX)⁻¹Xᵀ.
enum class WildHc { hc2 = 2, hc3 = 3 };

/// A distribution with mean 0 and variance 1.
enum class WildWeights {
  rademacher,  ///< ±1
  mammen,      ///< (1 ∓ √5)/2, skewness 1: Mammen (1993)
  webb,        ///< ±√½, ±1, ±√1½: for few groups (Webb 2023)
};

/// Wild bootstrap: y*_j = X_jβ̂ + w_j ṽ_j, one weight per group, ṽ the marginal residuals made up
/// for leverage. What is alike within a group, its own variance included, stays as it is.
/// Source: Modugno & Giannerini (2015), Comm. Statist. Theory Methods 44(22).
std::unique_ptr<Scheme> wild_bootstrap(const GroupedStats& stats,
                                       const GroupRows& rows,
                                       const FitResult& fit,
                                       WildHc hc,
                                       WildWeights weights,
                                       const SchemeOptions& options);

}  // namespace merit
