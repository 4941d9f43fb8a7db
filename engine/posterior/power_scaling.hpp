// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

namespace merit {

/// How far a posterior moves if its prior or its likelihood counts a little more or less.
///
/// *Power-scaling* (Kallioinen, Paananen, Bürkner & Vehtari 2023, Statistics and Computing 34):
/// the component π (prior or likelihood) becomes π^α. Draws of the posterior, weighted by
/// π^(α−1), are draws of the scaled one; α = 0.99 and 1.01 are near enough that weights hardly
/// vary, and they are Pareto-smoothed (pareto.hpp).
///
/// *Distance* of a parameter's distribution functions P and Q (weighted): the cumulative
/// Jensen–Shannon distance,
///
///     D² = ∫ P log₂(P/M) + Q log₂(Q/M) dx / ∫ P + Q dx,    M = (P + Q)/2,
///
/// or that of −x if it is larger. *Sensitivity* is the mean of D/|log₂ α| of both α. All as
/// R's package priorsense computes it, which calls values from 0.05 on sensitive.
inline constexpr double kSensitive = 0.05;

/// The draws' weights under both scaled posteriors.
class PowerScaling {
 public:
  /// @param component  log prior or log-likelihood of every draw
  explicit PowerScaling(std::span<const double> component);

  /// Of one parameter's draws, in the same order; `order` sorts them. NaN for constant or
  /// non-finite draws; 0 if the component is the same for all draws (flat priors).
  double sensitivity(std::span<const double> draws,
                     std::span<const std::size_t> order) const;

  /// Pareto k of the worse weights; not below 0.7 the sensitivities mean little.
  double pareto_k() const { return pareto_k_; }

 private:
  std::vector<double> lower_, upper_;  ///< normalised weights; empty: all equal
  double pareto_k_ = 0.0;
};

/// The distance from equal weights. @param weights  with sum 1, of the draws as `order` sorts them
double cumulative_distance(std::span<const double> draws,
                           std::span<const std::size_t> order,
                           std::span<const double> weights);

/// What sorts draws; equal ones as they come.
std::vector<std::size_t> sorting_order(std::span<const double> draws);

}  // namespace merit
