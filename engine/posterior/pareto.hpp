// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace merit {

/// The largest importance weights as a generalised Pareto distribution sees them. As R's package
/// loo computes it (psis; Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25): the tail is the
/// ⌈min(S/5, 3√(S/r))⌉ largest weights, r the draws' relative efficiency, fitted by Zhang & Stephens
/// (2009), Technometrics 51(3), with loo's weak prior k → (k n + 5)/(n + 10).
struct ParetoFit {
  double shape = 0.0;  ///< k
  double scale = 0.0;  ///< σ
};

/// Shape k of the tail of importance weights: below 0.7 their averages can be relied upon.
///
/// Infinity if there are fewer than five weights in the tail; the smallest k there is
/// (−∞) if they are all equal.
double pareto_k(std::vector<double> log_weights);

/// Pareto smoothing: the tail's weights become the quantiles (i − ½)/n of the distribution
/// fitted to them, at most the largest weight there was. What cannot be fitted is left as it is.
/// @return k, as pareto_k
double pareto_smooth(std::vector<double>& log_weights, double relative_efficiency = 1.0);

/// The fit itself, to exceedances in ascending order.
ParetoFit fit_pareto(const std::vector<double>& ascending);

}  // namespace merit
