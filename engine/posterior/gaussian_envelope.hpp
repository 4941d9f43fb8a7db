// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/fit/rotated_form.hpp"
#include "engine/posterior/prior.hpp"
#include "engine/posterior/variates.hpp"

namespace merit {

/// Priors of the two standard deviations of a Gaussian model.
struct ScalePriors {
  Prior tau;
  Prior sigma;
  bool tau_is_ratio = false;  ///< `tau` is the prior of θ = τ/σ (rstanarm)
};

/// A draw of (λ, σ), λ = τ²/σ².
struct VariancePoint {
  double lambda = 0.0;
  double sigma = 0.0;
};

/// Independent, exact draws from the posterior of (σ, τ) of the Gaussian model under a flat
/// prior on β, by accept–reject under a proven envelope.
///
/// With D(λ) = Σ log(1 + λμ_i) and S(λ) of the rotated form (engine/fit/rotated_form.hpp)
///
///     p(σ, θ | y) ∝ π_σ(σ) π_τ(σθ) σ · σ^(−(n−p)) e^(−D/2) e^(−S/(2σ²)),    λ = θ²
///
/// *Priors.* Every prior here is log-concave in the logarithm of its parameter, so a tangent
/// bounds it: π_τ(τ) ≤ e^α τ^κ, π_σ(σ) ≤ e^α′ σ^κ′, close to the point of touch. The bound is
/// conjugate: under it σ² = S(λ)/χ²_ν with ν = n − p − 2 − κ − κ′ (a prior on θ: n − p − 1 − κ′)
/// and λ has density ∝ Γ(ν/2) 2^(ν/2) e^h,
///
///     h(λ) = −½ D(λ) − (ν/2) log S(λ) + q log λ,    q = (κ − 1)/2.
///
/// *λ.* The half-line is cut into cells with tangents of their own. D is concave in λ, so −½D
/// lies below its chord; S is a sum of log-convex functions, so log S is convex and
/// −(ν/2) log S lies below its tangent; q log λ below its tangent (q ≥ 0) or chord (q < 0).
/// Each cell's bound is thus one exponential function of λ, second-order close. In the first
/// cell, from 0, the bound is λ^q; in the last, to ∞, D is convex in log λ and S falls to S₀,
/// which gives a power of λ (integrable if the posterior is proper).
///
/// Cells are split where most is wasted, until about 97% of the proposals are accepted. The
/// cells depend on data and priors alone. Cost of a draw: O(r).
class GaussianEnvelope {
 public:
  /// @param form  must live as long as this object
  /// @throws UsageError if the posterior is improper: too few rows or groups for such priors
  GaussianEnvelope(const RotatedForm& form, const ScalePriors& priors);

  /// One draw; `tries` counts the proposals it took. Not to be asked for where next to none is
  /// accepted.
  VariancePoint draw(Variates& random, std::int64_t& tries) const;

  /// Share of proposals that are accepted, from a fixed pilot.
  double acceptance() const { return acceptance_; }

 private:
  enum class Shape : std::uint8_t { from_zero, between, to_infinity };
  struct Cell {
    Shape shape = Shape::between;
    double low = 0.0, high = 0.0;    // of λ
    double level = 0.0, rate = 0.0;  // bound: e^(level + rate λ), or λ^rate for the ends
    LogTangent tau, sigma;           // value: α, slope: κ
    double nu = 0.0, q = 0.0;
    double log_mass = 0.0;  // all constants included
    double loss = 0.0;      // about the share of proposals in it that fail
  };

  Cell make_cell(Shape shape, double low, double high) const;
  double likely_log_sigma(double lambda, double S) const;
  double waste(const Cell& cell, double top) const;
  double log_ratio(const Cell& cell, double lambda, double sigma) const;
  double sum_of_logs(double lambda) const;     // D
  double sum_of_squares(double lambda) const;  // S

  void run_pilot();
  bool propose(Variates& random, VariancePoint& out) const;

  const RotatedForm* form_;
  ScalePriors priors_;
  double df_;  // n − p
  std::vector<Cell> cells_;
  std::vector<double> cumulative_;  // of the cells' masses; the last is 1
  double acceptance_ = 1.0;
};

}  // namespace merit
