// SPDX-License-Identifier: MIT
#include "engine/fit/within_fit.hpp"

#include <cmath>

#include "engine/fit/pivot_tolerance.hpp"

namespace merit {
namespace {

// Pivots below these fractions of their diagonal are rounding errors of zeros.
constexpr double kExactFit = 1e-13;

// Squares of the rounding errors of numbers, relative to their squares: variation this small
// within groups is none (a mean that was computed in different ways).
constexpr double kRoundingSquared = 1e-30;

/// Σ z² of each column, p + 1, as the data have them.
Eigen::VectorXd squares(const GroupedStats& stats) {
  return (stats.mean.colwise() + stats.origin).cwiseAbs2() * stats.size;
}

}  // namespace

std::vector<bool> varies_within(const GroupedStats& stats) {
  const Eigen::VectorXd square = squares(stats);
  std::vector<bool> varies;
  for (Eigen::Index k = 0; k < stats.num_fixed(); ++k)
    varies.push_back(stats.within(k, k) > kRoundingSquared * square[k]);
  return varies;
}

WithinFit fit_within(const GroupedStats& stats) {
  const Eigen::MatrixXd& W = stats.within;
  const Eigen::Index p = stats.num_fixed();
  const Eigen::VectorXd square = squares(stats);

  // Cholesky factorisation that passes over columns without a pivot.
  WithinFit fit;
  Eigen::MatrixXd L = Eigen::MatrixXd::Zero(p + 1, p + 1);
  for (Eigen::Index a = 0; a <= p; ++a) {
    const double pivot = W(a, a) - L.row(a).head(a).squaredNorm();
    const bool varies = W(a, a) > kRoundingSquared * square[a];
    if (a == p) {
      fit.rss = pivot;
      fit.exact = !(varies && pivot > kExactFit * W(p, p));
    } else if (varies && pivot > kPivotTolerance * W(a, a)) {
      ++fit.rank;
      L(a, a) = std::sqrt(pivot);
      for (Eigen::Index b = a + 1; b <= p; ++b) {
        L(b, a) = (W(b, a) - L.row(b).head(a).dot(L.row(a).head(a))) / L(a, a);
      }
    }
  }
  return fit;
}

}  // namespace merit
