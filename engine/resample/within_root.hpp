// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

namespace merit {

/// R with W = R Rᵀ, p × rank, of within-group products W of X's columns. Columns are scaled to
/// unit variation first, so that the units of X do not decide the rank; columns that are
/// constant within groups have none.
Eigen::MatrixXd within_root(const Eigen::MatrixXd& W);

}  // namespace merit
