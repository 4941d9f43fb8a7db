// SPDX-License-Identifier: MIT
#pragma once

// One group's share of the gradient, and of X′WX.

#include "engine/fit/quadrature_products.hpp"
#include "engine/fit/quadrature_work.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// X′r, X′WX and X′C of the chunk's rows.
template <class F>
MERIT_ONCE void flush_chunk(QuadratureWork<F>& q) {
  const std::int64_t size = q.chunk_end - q.chunk_begin;
  if (size > 0) {
    add_columns(q.x(q.chunk_begin), q.chunk, size, q.p, q.total_gradient(0));
    if (q.wants_information()) {
      add_weighted_products(
          q.x(q.chunk_begin), q.chunk + q.chunk_stride, size, q.p, q.total_products());
      for (int e = 0; e < q.e; ++e)
        add_columns(q.x(q.chunk_begin), q.cross(e, 0), size, q.p, q.total_cross(e, 0));
    }
  }
  q.chunk_begin = q.chunk_end;
}

/// The same for the family's own parameters.
template <class F>
MERIT_ONCE void add_extras(QuadratureWork<F>& q, double count, std::int64_t at) {
  const Shift to_mode = q.shift_to(q.v);
  const Lanes times = broadcast(count), none = broadcast(0.0);
  for (int e = 0; e < 2 * q.e; ++e)
    store(q.extra_slope(e), none);
  const auto add = [](double* to, Lanes value) { store(to, load(to) + value); };
  for (std::int64_t i = 0; i < q.size; ++i) {
    const typename F::State state = q.load_state(i);
    typename F::Extras mean;
    mean.clear();
    for (int k = 0; k < q.rule.num_nodes; ++k)
      mean.add(broadcast(q.weight()[k]), q.family.extras(state, q.shift(k)));
    const typename F::Extras here = q.family.extras(state, to_mode);
    for (int e = 0; e < q.e; ++e) {
      Lanes crossed = none;
      for (int s = 0; s < F::kSlots; ++s) {
        const IntLanes mine = q.family.slot(state, s, e);
        add(q.total_gradient(q.p + e), select(mine, mean.first[s], none) * times);
        crossed = crossed + select(mine, mean.mixed[s], none);
        add(q.extra_slope(e), select(mine, here.mixed[s], none));
        add(q.extra_slope(q.e + e), select(mine, here.mixed2[s], none));
        for (int f = 0; f <= e && q.wants_information(); ++f) {
          for (int t = 0; t < F::kSlots; ++t) {
            const IntLanes both = mine & q.family.slot(state, t, f);
            add(q.total_extra(e, f), -(select(both, mean.second[s][t], none) * times));
          }
        }
      }
      store(q.cross(e, at + i), -(crossed * times));
    }
  }
  for (int e = 0; e < q.e; ++e) {
    q.slope1()[q.p + e] = q.tau * sum_of(load(q.extra_slope(e)));
    q.slope2()[q.p + e] = q.tau * q.tau * sum_of(load(q.extra_slope(q.e + e)));
  }
}

/// Means over the nodes, row by row, into the chunk; sums over rows of the extras.
template <class F>
MERIT_ONCE void add_rows(QuadratureWork<F>& q, double count) {
  const int K = q.rule.num_nodes;
  const bool full = q.chunk_end - q.chunk_begin >= QuadratureScratch::kChunk;
  if (full || q.begin != q.chunk_end) flush_chunk(q);
  if (q.chunk_begin == q.chunk_end) q.chunk_begin = q.chunk_end = q.begin;
  const std::int64_t at = q.begin - q.chunk_begin;
  const Lanes times = broadcast(count);
  for (std::int64_t i = 0; i < q.size; ++i) {
    Lanes r = broadcast(0.0), w = broadcast(0.0);
    for (int k = 0; k < K; ++k) {
      const Lanes omega = broadcast(q.weight()[k]);
      const LogDensity d = q.at_node(i, k);
      r = fma(omega, d.first, r);
      w = fma(omega, d.second, w);
    }
    store(q.residual(at + i), r * times);
    store(q.curvature(at + i), -w * times);
  }
  if constexpr (F::kSlots > 0) add_extras(q, count, at);
  q.chunk_end = q.begin + q.size;
}

/// b1 = ∂f′(v̂)/∂ψ and b2 = ∂f″(v̂)/∂ψ; those of the extras are there already.
template <class F>
MERIT_ONCE void find_slopes(QuadratureWork<F>& q) {
  const double* columns = q.x(q.begin);
  const std::int64_t stride = std::int64_t{q.p} * kLanes;
  for (int a = 0; a < q.p; ++a) {
    Lanes u1 = broadcast(0.0), u2 = broadcast(0.0);
    for (std::int64_t i = 0; i < q.size; ++i) {
      const Lanes xa = load(columns + i * stride + std::int64_t{a} * kLanes);
      u1 = fma(xa, load(q.second(i)), u1);
      u2 = fma(xa, load(q.third(i)), u2);
    }
    q.slope1()[a] = q.tau * sum_of(u1);
    q.slope2()[a] = q.tau * q.tau * sum_of(u2);
  }
  q.slope1()[q.num_psi - 1] = q.s1 + q.tau * q.v * q.s2;
  q.slope2()[q.num_psi - 1] = 2.0 * q.tau * q.s2 + q.tau * q.tau * q.v * q.s3;
}

/// What moving the nodes adds to the gradient, and the part of τ.
template <class F>
MERIT_INLINE void add_gradient(QuadratureWork<F>& q, double count) {
  double a0 = 0.0, a1 = 0.0, of_tau = 0.0;
  for (int k = 0; k < q.rule.num_nodes; ++k) {
    const double v = q.value()[k], omega = q.weight()[k];
    const double slope = q.tau * q.score()[k] - v;  // f′(v_k)
    a0 = a0 + omega * slope;
    a1 = a1 + omega * slope * (v - q.v);
    of_tau = of_tau + omega * v * q.score()[k];
  }
  const double third = q.tau * q.tau * q.tau * q.s3;
  const double stretch = 0.5 * (1.0 + a1) / q.h;
  const double shift = a0 / q.h + stretch * third / q.h;
  for (int a = 0; a < q.num_psi; ++a) {
    q.sums.gradient[a] =
        q.sums.gradient[a] + count * (shift * q.slope1()[a] + stretch * q.slope2()[a]);
  }
  q.sums.gradient[q.num_psi - 1] = q.sums.gradient[q.num_psi - 1] + count * of_tau;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
