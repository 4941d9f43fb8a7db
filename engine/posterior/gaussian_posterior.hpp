// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <Eigen/Dense>

#include "engine/fit/rotated_form.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/posterior/gaussian_envelope.hpp"
#include "engine/posterior/prior_set.hpp"
#include "engine/posterior/variates.hpp"

namespace merit {

/// One draw from the posterior of a Gaussian model, and what belongs to it.
struct GaussianDraw {
  Eigen::VectorXd beta;  ///< p, in the units of the data
  double tau = 0.0;
  double sigma = 0.0;
  double log_prior = 0.0;       ///< of all parameters; flat ones count 0
  double log_likelihood = 0.0;  ///< the intercepts integrated out; all constants
  Eigen::VectorXd u;            ///< J, group intercepts, if asked for
};

/// Exact, independent draws of (β, σ, τ, u).
///
/// (σ, τ) come from GaussianEnvelope, under a flat prior on β. Given them, with
/// C_i and N of the rotated form and independent standard normal z,
///
///     β = β̂(λ) + σ [ L z + √λ (N^½ z′ + Σ_i C_i z″_i / √(1 + λμ_i)) ],    L Lᵀ = (XᵀX)⁻¹
///
/// has the posterior of β under a flat prior. Where coefficients have proper priors the draw is
/// accepted with probability Π π_k(β_k)/max π_k, else all begins anew: still exact, and fast
/// where priors are wider than the likelihood. Given β, σ and τ
///
///     u_j ~ N(λ ω_j (ȳ_j − x̄_jᵀβ), σ²λ/(1 + n_jλ)),    ω_j = n_j/(1 + n_jλ).
///
/// A draw is a pure function of (data, priors, seed, its number).
class GaussianPosterior {
 public:
  static constexpr double kLeastAccepted = 0.01;

  /// @throws DataError, UsageError if there is no (proper) posterior
  GaussianPosterior(const GroupedStats& stats, const PriorSet& priors);
  GaussianPosterior(const GaussianPosterior&) = delete;
  GaussianPosterior& operator=(const GaussianPosterior&) = delete;

  std::int64_t num_fixed() const { return stats_.num_fixed(); }
  std::int64_t num_groups() const { return stats_.num_groups(); }

  /// Thread-safe. @param with_groups  draw u too
  void draw(std::uint64_t seed,
            std::int64_t number,
            bool with_groups,
            GaussianDraw& out) const;

  /// Share of proposals of (σ, τ, β) that are accepted, from a fixed pilot.
  double acceptance() const { return acceptance_; }
  /// Whether draws are worth their time. Where priors contradict the data they are not, and
  /// may never come: GaussianTarget is for samplers that do not mind.
  bool is_practical() const { return acceptance_ >= kLeastAccepted; }

  double log_prior(const Eigen::VectorXd& beta, double sigma, double tau) const;

 private:
  /// β's prior is on cᵀβ.
  struct LinearPrior {
    Eigen::VectorXd c;
    Prior prior;
  };
  void run_pilot();
  bool propose(Variates& random,
               std::int64_t& tries,
               VariancePoint& at,
               Eigen::VectorXd& centred,
               Eigen::VectorXd& beta) const;
  bool accept_beta(const Eigen::VectorXd& beta, Variates& random) const;
  /// From coordinates about the common origin to those of the data.
  void undo_origin(Eigen::VectorXd& beta) const;

  GroupedStats stats_;
  RotatedForm form_;  // about the origin
  ScalePriors scales_;
  GaussianEnvelope envelope_;
  Eigen::MatrixXd ols_factor_, null_factor_;
  std::vector<LinearPrior> linear_;
  double acceptance_ = 1.0;
};

}  // namespace merit
