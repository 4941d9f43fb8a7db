// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/fit/rotated_form.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// Up to this many groups the model is rotated (O(J³) once, O(J) per replicate); beyond,
/// group means and within-group products are drawn and fitted as they are.
inline constexpr Eigen::Index kMostGroupsToRotate = 1000;

/// Parametric bootstrap: y* = Xβ̂ + Zb* + ε*, b*_j ~ N(0, τ̂²), ε* ~ N(0, σ̂²I), refitted by
/// the criterion of the fit. No row is ever made: what the fit needs of y* is drawn from
/// its exact distribution, r + p normals and one χ², whatever n is.
///
/// @param stats  the model's X and groups; y is not looked at
/// @param fit    the model drawn from
/// The rotated form is explained in engine/fit/rotated_form.hpp.
std::unique_ptr<Scheme> parametric_bootstrap(const GroupedStats& stats,
                                             const FitResult& fit,
                                             const SchemeOptions& options);

/// Parametric bootstraps of many models on the same X and groups; what they have in common
/// is computed once.
class ParametricBootstraps {
 public:
  /// @param stats  must outlive this
  ParametricBootstraps(const GroupedStats& stats, const SchemeOptions& options);

  /// @param fit  the model drawn from: β, τ and σ are looked at
  std::unique_ptr<Scheme> from(const FitResult& fit, std::uint64_t seed) const;

 private:
  const GroupedStats& stats_;
  SchemeOptions options_;
  std::optional<RotatedForm> form_;  ///< of not too many groups
};

/// The same for any number of groups, in grouped form: with β = 0 (the estimates are
/// equivariant), group means of y* are N(0, τ̂² + σ̂²/n_j); with W_xx = RRᵀ of rank k,
///
///     W_xy = σ̂ R z,    W_yy = σ̂²(‖z‖² + χ²(n − J − k)),    z ~ N(0, I_k).
///
/// Cost O(Jp²) per evaluation of the likelihood.
std::unique_ptr<Scheme> grouped_parametric_bootstrap(const GroupedStats& stats,
                                                     const FitResult& fit,
                                                     const SchemeOptions& options);

}  // namespace merit
