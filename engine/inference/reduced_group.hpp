// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/model/grouped_stats.hpp"

namespace merit {

/// One group's rows, rotated so that at most p + 1 of them matter.
///
/// Take an orthonormal basis of the group's rows whose first vector is 1/√n_j and whose next k
/// span the deviations of X from the group means. In it X and y are
///
///     [ √n_j x̄ᵀ   √n_j ȳ ]            with RᵀR = the group's within products of X,
///     [    R       r_y   ]            k their rank, r_y what y has in these directions,
///
/// V_j = I + λ11ᵀ is diag(1 + n_jλ, 1, …, 1), and the other n_j − k − 1 rows are 0 in X. What
/// is computed from X_j, V_j and X_jᵀ(…) of the group's n_j rows can be computed from these.
struct ReducedGroup {
  Eigen::MatrixXd X;  ///< (k+1) × p, columns measured from the common origin
  Eigen::VectorXd y;  ///< k+1
};

/// @param stats  with `group_within`. Cost O(p³)
ReducedGroup reduce_group(const GroupedStats& stats, Eigen::Index group);

}  // namespace merit
