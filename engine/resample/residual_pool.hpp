// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <Eigen/Dense>

namespace merit {

/// Residuals before they are drawn: centred, and with this root mean square. Zeros stay zeros.
inline void rescale_pool(Eigen::VectorXd& pool, double root_mean_square) {
  pool.array() -= pool.mean();
  const double now = std::sqrt(pool.squaredNorm() / static_cast<double>(pool.size()));
  pool *= now > 0.0 ? root_mean_square / now : 0.0;
}

}  // namespace merit
