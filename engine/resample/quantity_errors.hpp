// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <Eigen/Dense>

#include "engine/resample/quantity.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// Standard error √(gᵀCg) of a function of the parameters by the delta method, g its gradient at
/// the estimates: central differences over 10⁻⁴ standard errors, whose error is some 10⁻⁸ of g.
/// Parameters that the function does not move with need no variance.
/// @param estimates   a row: β̂, τ̂ and perhaps σ̂
/// @param covariance  C, of all of them; NaN where there is none
/// @returns NaN where it is undefined
double quantity_std_error(const Quantity& quantity,
                          std::span<const double> estimates,
                          const Eigen::MatrixXd& covariance);

/// The covariance matrix of a replicate's estimates; empty if there is none.
/// @param replicate   its number
/// @param estimates   its row, without NaN
/// @param std_errors  its row
using ReplicateCovariance =
    std::function<Eigen::MatrixXd(std::int64_t replicate,
                                  std::span<const double> estimates,
                                  std::span<const double> std_errors)>;

/// The same replicates with the standard errors of functions of the parameters behind those of the
/// estimates: what studentised intervals of them take. Cost: one covariance per replicate.
/// @param outer  keeps standard errors
std::unique_ptr<Scheme> with_quantity_errors(std::unique_ptr<Scheme> outer,
                                             ReplicateCovariance covariance,
                                             std::vector<Quantity> quantities);

}  // namespace merit
