// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "engine/fit/glm_family.hpp"
#include "engine/model/packed_rows.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

struct GlmmOptions {
  int num_nodes = 7;       ///< K; 1 is Laplace
  bool automatic = false;  ///< raise K until it makes no difference
  int max_evaluations = 500;
};

/// A generalised model on its data.
struct GlmmModel {
  PackedRows rows;
  GlmFamily family;
  Outcome response;
  /// The first column of X is the constant 1, and `rows.origin` undone moves it alone; in an
  /// ordinal model the thresholds take that part.
  bool has_intercept = true;
  Eigen::VectorXd spread;  ///< P: sd of each column, 1 for parameters without

  Eigen::Index num_parameters() const { return rows.num_fixed + family.num_extra + 1; }
};

/// Puts the parts together.
GlmmModel glmm_model(PackedRows rows, const GlmFamily& family, bool has_intercept);

/// A fit, and what a bootstrap starts from.
struct GlmmFit {
  FitResult result;
  GroupModes modes;
  Eigen::VectorXd psi;                ///< P: β about the origin, the family's own, τ
  AlignedVector<double> start_modes;  ///< J, v̂_j
  int num_nodes = 7;
  /// Estimates that ran to infinity: rows of result.beta, and τ as the one behind them. Their
  /// values are ±∞, the others' standard errors are conditional on them.
  std::vector<Eigen::Index> diverging;
};

/// @throws DataError if there are fewer than two groups, or all have one row with a binary or
///         ordinal response
void require_a_fit_to_exist(const GlmmModel& model);

/// Maximum likelihood by adaptive Gauss–Hermite quadrature (engine/fit/quadrature.hpp) with K
/// points, Laplace's approximation for K = 1.
///
/// First the model without intercepts' variation, τ = 0; then from there all parameters. τ̂ = 0
/// if the likelihood falls from there and no other maximum is higher. Standard errors are
/// from the observed information of all parameters, by central differences of the exact
/// gradient. K is checked against 2K + 1 points. With sampling
/// weights standard errors are those of the sandwich, groups being the clusters.
///
/// @throws DataError if there are fewer than two groups, or no variation to fit
GlmmFit fit_glmm(const GlmmModel& model, const GlmmOptions& options = {});

/// Estimates in the units of the data, in the order of the report (ordinal: thresholds, then
/// β; negative binomial: β, then θ), from ψ; and d(estimates)/dψ.
Eigen::VectorXd reported_estimates(const GlmmModel& model, const Eigen::VectorXd& psi);
Eigen::MatrixXd reported_jacobian(const GlmmModel& model, const Eigen::VectorXd& psi);

/// The other way: ψ of the estimates in their order (P − 1) and τ.
Eigen::VectorXd parameters_of(const GlmmModel& model,
                              const Eigen::VectorXd& reported,
                              double tau);

}  // namespace merit
