// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace merit {

/// Shape k of the generalised Pareto distribution fitted to the largest importance weights:
/// below 0.7 their averages can be relied upon. As R's package loo computes it (psis): the tail
/// is the ⌈min(S/5, 3√S)⌉ largest weights, fitted by Zhang & Stephens (2009), Technometrics
/// 51(3), with loo's weak prior k → (k n + 5)/(n + 10).
///
/// Infinity if there are fewer than five weights in the tail; the smallest k there is
/// (−∞) if they are all equal.
double pareto_k(std::vector<double> log_weights);

/// The fit itself, to exceedances in ascending order.
double fit_pareto_shape(const std::vector<double>& ascending);

}  // namespace merit
