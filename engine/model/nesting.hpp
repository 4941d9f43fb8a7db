// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include <Eigen/Dense>

#include "engine/model/grouped_stats.hpp"

namespace merit {

/// How the columns of a nested model are made of those of a model: X₀ = X A.
///
/// The nested model says Lβ = 0 of the model's coefficients, with L the q = p − p₀ rows that are
/// orthogonal to all columns of A: what Kenward and Roger's F tests (pbkrtest's
/// model2restriction_matrix).
struct Nesting {
  Eigen::MatrixXd A;  ///< p × p₀
  Eigen::MatrixXd L;  ///< q × p, of full row rank
  /// Nested columns that are no combinations of the model's, as positions in `nested`. If there
  /// are any, the models are not nested, and A and L are empty.
  std::vector<Eigen::Index> outside = {};
};

/// @param stats   of the model's p independent columns, other columns of nested models, and a
///                response, with the model's origin
/// @param nested  p₀ columns of `stats`, independent of each other
///
/// A column is a combination if less than 10⁻¹³ of its sum of squares is left when it is regressed
/// on the model's (collinear.hpp). Where all nested columns are the model's own, L has a row
/// for each coefficient that is left out.
Nesting nesting(const GroupedStats& stats,
                Eigen::Index p,
                std::span<const Eigen::Index> nested);

}  // namespace merit
