// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_rule.hpp"

#include <cassert>
#include <cmath>
#include <mutex>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

/// Values of the orthonormal Hermite polynomials at x, from the three-term recurrence
/// √(m+1) p_{m+1} = x p_m − √m p_{m−1}.
struct Hermite {
  double last = 0.0;         ///< p_K(x)
  double previous = 0.0;     ///< p_{K−1}(x)
  double sum_squares = 0.0;  ///< Σ_{m<K} p_m(x)²
};

Hermite hermite(int K, double x) {
  Hermite h{1.0, 0.0, 0.0};
  for (int m = 0; m < K; ++m) {
    h.sum_squares += h.last * h.last;
    const double next = (x * h.last - std::sqrt(m) * h.previous) / std::sqrt(m + 1.0);
    h.previous = h.last;
    h.last = next;
  }
  return h;
}

/// Zeros of p_K above x: eigenvalues of the Jacobi matrix, by Sturm's count.
int zeros_above(int K, double x) {
  int count = 0;
  double pivot = 1.0;
  for (int m = 0; m < K; ++m) {
    pivot = -x - (m == 0 ? 0.0 : m / pivot);
    if (pivot == 0.0) pivot = 1e-300;
    count += pivot > 0.0 ? 1 : 0;
  }
  return count;
}

}  // namespace

// Each zero is bracketed by bisection on Sturm's count and polished by Newton's method;
// weights are Christoffel's, 1/Σ p_m². All in basic arithmetic: the same bits everywhere.
GaussHermite GaussHermite::compute(int num_nodes) {
  const int K = num_nodes;
  const auto padded =
      static_cast<std::size_t>((K + kPackLanes - 1) / kPackLanes * kPackLanes);
  GaussHermite out;
  out.num_nodes_ = K;
  out.node_.assign(padded, 0.0);
  out.log_weight_.assign(padded, -1e300);
  out.weight_.assign(padded, 0.0);
  for (int k = 0; k < K; ++k) {
    const bool middle = 2 * k + 1 == K;
    double low = -2.0 * std::sqrt(K) - 1.0, high = -low;
    for (int i = 0; i < 60 && !middle; ++i) {
      const double half = 0.5 * (low + high);
      (zeros_above(K, half) >= K - k ? low : high) = half;
    }
    double x = middle ? 0.0 : 0.5 * (low + high);
    for (int i = 0; i < 3 && !middle; ++i) {
      const Hermite h = hermite(K, x);
      x -= h.last / (std::sqrt(K) * h.previous);  // p_K′ = √K p_{K−1}
    }
    const double weight = 1.0 / hermite(K, x).sum_squares;
    const auto at = static_cast<std::size_t>(k);
    out.node_[at] = x;
    out.weight_[at] = weight;
    out.log_weight_[at] = elementary::log(weight) + 0.5 * x * x;
  }
  return out;
}

GaussHermite::GaussHermite(int num_nodes) {
  assert(num_nodes >= 1 && num_nodes <= kMostNodes);
  static std::once_flag once[kMostNodes + 1];
  static GaussHermite known[kMostNodes + 1];
  const auto K = static_cast<std::size_t>(num_nodes);
  std::call_once(once[K], [&] { known[K] = compute(num_nodes); });
  *this = known[K];
}

QuadratureRule GaussHermite::rule(double mode_tolerance) const {
  return {num_nodes_,
          static_cast<int>(node_.size()),
          node_.data(),
          log_weight_.data(),
          mode_tolerance};
}

}  // namespace merit
