// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace merit {

/// k → the k-th smallest of R replicates.
using OrderStatistic = std::function<double(std::int64_t k)>;

/// The replicates' quantile t₍q₎, as R's boot takes it: the order statistic at (R+1) q,
/// between two of them interpolated on the scale of normal quantiles; beyond the first or
/// last it is that one (Davison & Hinkley 1997, Bootstrap Methods and their Application,
/// eq. 5.8).
struct ReplicateQuantile {
  double value = 0.0;
  /// 1/(R f) with f the density there, from the order statistics one binomial standard
  /// deviation, √(R q (1 − q)), below and above: by how much the quantile moves if one more
  /// replicate falls below it. Its Monte-Carlo standard error is √(R q (1 − q)) of these.
  double spacing = 0.0;
  /// The first or the last replicate, or nearly so: R is too small for q. boot's warning
  /// "extreme order statistics used as endpoints".
  bool extreme = false;
};

/// @param R  ≥ 2  @param q  in [0, 1]
ReplicateQuantile replicate_quantile(std::int64_t R,
                                     double q,
                                     const OrderStatistic& order_statistic);

/// Adds the k that replicate_quantile(R, q, …) asks for.
void add_ranks(std::int64_t R, double q, std::vector<std::int64_t>& ranks);

}  // namespace merit
